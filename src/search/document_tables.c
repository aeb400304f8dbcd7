/* document_tables.c - see document_tables.h. */
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "search/document_tables_int.h"
#include "store/document_access.h"

#define ROWS_AT_ONCE 1000
#define PAGE_ROWS 5000
/* So many changes are read for a search; of more a thread takes care, and the database answers. */
#define CHANGES_MAX 2000
/* So many wait for a search; then a thread takes care, and above the second it begins anew. */
#define NOTES_MANY 2000
#define NOTES_MAX 50000
#define NOTES_ROOM MB(64)
#define RETRY_MS 600000
#define FILED_FROM 5000
#define WAIT_MS 5

/* --- Slots and notes --- */

Slot *find_slot(const DocumentTables *tables, Str workspace)
{
    for (Slot *slot = tables->slots; slot; slot = slot->next)
        if (str_equal(slot->workspace, workspace))
            return slot;
    return NULL;
}

static Slot *need_slot(DocumentTables *tables, Str workspace)
{
    Slot *slot = find_slot(tables, workspace);
    if (slot)
        return slot;
    slot = heap_alloc(sizeof *slot);
    slot->name = heap_alloc(workspace.length + 1);
    memcpy(slot->name, workspace.at, workspace.length);
    slot->workspace = (Str){ slot->name, workspace.length };
    slot->tables = tables;
    pthread_mutex_init(&slot->refreshing, NULL);
    pthread_rwlock_init(&slot->use, NULL);
    slot->next = tables->slots;
    return tables->slots = slot;
}

static void forget_notes(Slot *slot)
{
    arena_free(slot->note_arena);
    slot->note_arena = NULL;
    slot->notes = (Notes){ 0 };
}

static void add_note(Slot *slot, Note note)
{
    if (!slot->note_arena)
        slot->note_arena = arena_new(NOTES_ROOM);
    note.subject = str_copy(slot->note_arena, note.subject);
    *vec_push(slot->note_arena, &slot->notes) = note;
}

/* The first `count` are in the table. The others move, so that the arena of these goes. */
static void take_notes(Slot *slot, size_t count)
{
    AUTO_ARENA Arena *old = slot->note_arena;
    Notes notes = slot->notes;
    slot->note_arena = NULL;
    slot->notes = (Notes){ 0 };
    for (size_t i = count; i < notes.count; i++)
        add_note(slot, notes.at[i]);
}

static void catch_up(void *argument);

static void begin_catching_up(Slot *slot)
{
    if (slot->is_catching_up || !pool_add(slot->tables->pool, catch_up, slot))
        return;
    slot->is_catching_up = true;
    slot->users++;
}

static void on_change(void *argument, const IndexChange *change)
{
    DocumentTables *tables = argument;
    if (change->operation == INDEX_VECTORS)
        return;
    note_for_file(tables, change);
    pthread_mutex_lock(&tables->lock);
    Slot *slot = find_slot(tables, change->workspace);
    if (slot && slot->state != TABLE_NONE && !slot->is_lost) {
        add_note(slot, (Note){ change->operation, change->document });
        slot->is_lost = slot->notes.count == NOTES_MAX;
        if (slot->state == TABLE_READY && slot->notes.count >= NOTES_MANY)
            begin_catching_up(slot);
    }
    pthread_mutex_unlock(&tables->lock);
}

void release_slot(Slot *slot)
{
    pthread_mutex_lock(&slot->tables->lock);
    slot->users--;
    pthread_mutex_unlock(&slot->tables->lock);
}

/* --- Room --- */

/* Takes the least used tables that nobody uses until there is room; never that of `for_whom`. */
static bool make_room(DocumentTables *tables, const Slot *for_whom, size_t bytes)
{
    while (true) {
        size_t total = bytes;
        Slot *least = NULL;
        for (Slot *slot = tables->slots; slot; slot = slot->next) {
            if (slot == for_whom || !slot->bytes)
                continue;
            total += slot->bytes;
            if (!slot->users && (!least || slot->used < least->used))
                least = slot;
        }
        if (total <= tables->bytes_max)
            return true;
        if (!least)
            return false;
        document_table_free(least->table);
        least->table = NULL;
        least->bytes = 0;
        least->state = TABLE_NONE;
        least->file.is_there = false; /* it falls behind */
        forget_notes(least);
    }
}

/* --- Making a table --- */

typedef struct Reading {
    DocumentTables *tables;
    Scope scope;
    Arena *arena;
    Str after;
    StrList ids; /* no text: those behind `after` */
    DocumentColumnsList list;
} Reading;

static bool read_work(DbTx *tx, void *argument, Error *err)
{
    Reading *reading = argument;
    return document_columns_after(tx, &reading->scope, reading->arena, reading->after, PAGE_ROWS,
                                  &reading->list, err);
}

static bool too_large(const Slot *slot, Error *err)
{
    return fail(err, ERROR_TOO_LARGE, "the columns of its documents take more than %zu MB",
                slot->tables->bytes_max / MB(1));
}

static bool fill(Slot *slot, DocumentTable *table, Error *err)
{
    char last[256] = "";
    size_t count = PAGE_ROWS;
    while (count == PAGE_ROWS) {
        AUTO_ARENA Arena *arena = arena_new(GB(1));
        Reading reading = { .tables = slot->tables, .arena = arena, .after = str(last) };
        reading.scope = (Scope){ .workspace = slot->workspace, .role = ROLE_OWNER };
        if (slot->tables->is_stopping)
            return fail(err, ERROR_CANCELLED, "the program ends");
        if (!store_read(slot->tables->db, &reading.scope, read_work, &reading, err))
            return false;
        count = reading.list.count;
        for (size_t i = 0; i < count; i++)
            document_table_put(table, &reading.list.at[i]);
        if (count)
            snprintf(last, sizeof last, STR_FMT, STR_ARG(reading.list.at[count - 1].id));
        if (document_table_bytes(table) > slot->tables->bytes_max)
            return too_large(slot, err);
    }
    document_table_settle(table);
    return true;
}

/* Whoever holds `refreshing` puts it in place; `table` NULL: there is none. */
static void replace(Slot *slot, DocumentTable *table)
{
    DocumentTables *tables = slot->tables;
    size_t bytes = table ? document_table_bytes(table) : 0;
    pthread_rwlock_wrlock(&slot->use);
    pthread_mutex_lock(&tables->lock);
    document_table_free(slot->table);
    slot->table = table;
    slot->bytes = bytes;
    slot->documents = table ? document_table_count(table) : 0;
    slot->state = table ? TABLE_READY : TABLE_NONE;
    slot->is_making = false;
    if (!table) {
        slot->retry_ms = monotonic_ms() + RETRY_MS;
        forget_notes(slot);
    }
    pthread_mutex_unlock(&tables->lock);
    pthread_rwlock_unlock(&slot->use);
}

static void make(Slot *slot)
{
    DocumentTables *tables = slot->tables;
    Error err = { 0 };
    DocumentTable *table = table_from_file(slot);
    bool ok = true, is_from_file = table;
    if (!table) {
        table = document_table_new();
        ok = fill(slot, table, &err);
    }
    pthread_mutex_lock(&tables->lock);
    slot->is_too_large = !ok && err.code == ERROR_TOO_LARGE;
    if (ok && !make_room(tables, slot, document_table_bytes(table)))
        ok = fail(&err, ERROR_TOO_LARGE, "those of other workspaces are in use");
    pthread_mutex_unlock(&tables->lock);
    if (!ok) {
        if (err.code != ERROR_CANCELLED)
            log_warn("search", "filters are read from the database, which takes longer: %s",
                     err.message);
        document_table_free(table);
        table = NULL;
    }
    pthread_mutex_lock(&slot->refreshing);
    replace(slot, table);
    pthread_mutex_unlock(&slot->refreshing);
    if (table && !is_from_file)
        want_file(slot);
    release_slot(slot);
}

/* Whoever it is told makes it, with a user more. */
static bool claim(Slot *slot)
{
    pthread_mutex_lock(&slot->tables->lock);
    bool is_ours = slot->state == TABLE_COMING && !slot->is_making;
    if (is_ours) {
        slot->is_making = true;
        slot->users++;
    }
    pthread_mutex_unlock(&slot->tables->lock);
    return is_ours;
}

/* Unless somebody who needs it has made it by now. */
static void make_in_turn(void *argument)
{
    if (claim(argument))
        make(argument);
    release_slot(argument);
}

/* The caller holds the lock of all. From here on changes are noted. */
static void begin_making(Slot *slot)
{
    int64_t followed;
    if (!library_followed(slot->tables->library, slot->workspace, &followed) ||
        monotonic_ms() < slot->retry_ms)
        return;
    forget_notes(slot);
    slot->is_lost = false;
    slot->making++;
    if (pool_add(slot->tables->pool, make_in_turn, slot)) {
        slot->state = TABLE_COMING;
        slot->users++;
    }
}

/* Reading the rows of one that is large takes too long for whoever asks first. */
static void on_follow(void *argument, Str workspace, size_t chunks)
{
    DocumentTables *tables = argument;
    if (chunks < DOCUMENT_TABLES_EARLY)
        return;
    pthread_mutex_lock(&tables->lock);
    Slot *slot = need_slot(tables, workspace);
    if (slot->state == TABLE_NONE)
        begin_making(slot);
    pthread_mutex_unlock(&tables->lock);
}

/* --- Keeping it in step --- */

/* Not as the changes say, which are in no order, but as it is now. */
static bool read_guards(DbTx *tx, Changed *changed, Error *err)
{
    changed->guards = arena_new_array(changed->arena, Str, changed->guarded.count + 1);
    return access_guards(tx, &changed->scope, changed->arena,
                         (StrList){ changed->guarded.at, changed->guarded.count }, changed->guards,
                         err);
}

bool changed_read(DbTx *tx, Changed *changed, Error *err)
{
    Str ids[ROWS_AT_ONCE];
    size_t count = 0;
    changed->rows.count = changed->guarded.count = 0;
    for (size_t i = 0; i < changed->notes.count; i++) {
        const Note *note = &changed->notes.at[i];
        if (note->operation == INDEX_GUARD)
            *vec_push(changed->arena, &changed->guarded) = note->subject;
        else if (note->operation != INDEX_NO_COLLECTION)
            ids[count++] = note->subject;
        if (!count || (count < ROWS_AT_ONCE && i + 1 < changed->notes.count))
            continue;
        DocumentColumnsList list;
        if (!document_columns_of(tx, &changed->scope, changed->arena, (StrList){ ids, count },
                                 &list, err))
            return false;
        for (size_t n = 0; n < list.count; n++)
            *vec_push(changed->arena, &changed->rows) = list.at[n];
        count = 0;
    }
    return read_guards(tx, changed, err);
}

void changed_apply(const Changed *changed, DocumentTable *table)
{
    for (size_t i = 0; i < changed->notes.count; i++) {
        const Note *note = &changed->notes.at[i];
        if (note->operation == INDEX_NO_COLLECTION)
            document_table_empty_collection(table, note->subject);
        else if (note->operation != INDEX_GUARD)
            document_table_drop(table, note->subject);
    }
    for (size_t i = 0; i < changed->guarded.count; i++)
        document_table_guard_collection(table, changed->guarded.at[i], changed->guards[i]);
    for (size_t i = 0; i < changed->rows.count; i++)
        document_table_put(table, &changed->rows.at[i]);
    document_table_settle(table);
}

typedef struct Refreshing {
    Slot *slot;
    size_t noted;   /* before the transaction began: these are in what it reads */
    int64_t making; /* of the notes */
    int64_t changes_max;
    bool is_behind; /* there are more changes than changes_max */
    Changed changed;
} Refreshing;

/* What the follower told of, and what it has not come to. It may come to that meanwhile, so what it
 * told is looked at last. */
static bool read_changes(DbTx *tx, Refreshing *work, int64_t followed, Error *err)
{
    Slot *slot = work->slot;
    Changed *changed = &work->changed;
    IndexChangeList list;
    if (!index_change_list_documents(tx, &changed->scope, changed->arena, followed,
                                     work->changes_max + 1, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        *vec_push(changed->arena, &changed->notes) =
            (Note){ list.at[i].operation, list.at[i].document };
    pthread_mutex_lock(&slot->tables->lock);
    for (size_t i = 0; i < slot->notes.count; i++)
        *vec_push(changed->arena, &changed->notes) =
            (Note){ slot->notes.at[i].operation,
                    str_copy(changed->arena, slot->notes.at[i].subject) };
    pthread_mutex_unlock(&slot->tables->lock);
    work->is_behind = (int64_t)changed->notes.count > work->changes_max;
    return true;
}

static bool refresh_work(DbTx *tx, void *argument, Error *err)
{
    Refreshing *work = argument;
    int64_t followed;
    work->changed.notes.count = work->changed.rows.count = 0;
    work->is_behind =
        !library_followed(work->slot->tables->library, work->changed.scope.workspace, &followed);
    return work->is_behind || (read_changes(tx, work, followed, err) &&
                               (work->is_behind || changed_read(tx, &work->changed, err)));
}

static void apply(const Refreshing *work)
{
    Slot *slot = work->slot;
    pthread_rwlock_wrlock(&slot->use);
    changed_apply(&work->changed, slot->table);
    size_t bytes = document_table_bytes(slot->table), count = document_table_count(slot->table);
    pthread_rwlock_unlock(&slot->use);
    pthread_mutex_lock(&slot->tables->lock);
    slot->bytes = bytes;
    slot->documents = count;
    if (slot->making == work->making)
        take_notes(slot, work->noted);
    slot->is_lost |= bytes > slot->tables->bytes_max;
    pthread_mutex_unlock(&slot->tables->lock);
}

/* What is read later is newer. */
bool refresh_table(Slot *slot, int64_t changes_max, bool *is_fresh_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Refreshing work = { .slot = slot, .changes_max = changes_max };
    work.changed.arena = arena;
    work.changed.scope = (Scope){ .workspace = slot->workspace, .role = ROLE_OWNER };
    pthread_mutex_lock(&slot->refreshing);
    pthread_mutex_lock(&slot->tables->lock);
    work.noted = slot->notes.count;
    work.making = slot->making;
    bool is_there = slot->state == TABLE_READY && !slot->is_lost;
    pthread_mutex_unlock(&slot->tables->lock);
    bool ok =
        !is_there || store_read(slot->tables->db, &work.changed.scope, refresh_work, &work, err);
    *is_fresh_r = ok && is_there && !work.is_behind;
    if (*is_fresh_r && work.changed.notes.count)
        apply(&work);
    pthread_mutex_unlock(&slot->refreshing);
    return ok;
}

static void catch_up(void *argument)
{
    Slot *slot = argument;
    bool is_fresh;
    Error err;
    if (!refresh_table(slot, INT32_MAX, &is_fresh, &err))
        log_warn("search", "filters wait for the database: %s", err.message);
    pthread_mutex_lock(&slot->tables->lock);
    slot->is_catching_up = false;
    pthread_mutex_unlock(&slot->tables->lock);
    release_slot(slot);
}

/* --- Borrowing --- */

/* With a user more; NULL: there is no table now. */
static Slot *take_slot(DocumentTables *tables, Str workspace)
{
    pthread_mutex_lock(&tables->lock);
    Slot *slot = need_slot(tables, workspace);
    slot->used = ++tables->uses;
    if (slot->state == TABLE_NONE || (slot->state == TABLE_READY && slot->is_lost))
        begin_making(slot);
    bool is_ready = slot->state == TABLE_READY && !slot->is_lost;
    slot->users += is_ready;
    pthread_mutex_unlock(&tables->lock);
    return is_ready ? slot : NULL;
}

bool document_tables_has(DocumentTables *tables, const Scope *scope, size_t documents)
{
    pthread_mutex_lock(&tables->lock);
    Slot *slot = find_slot(tables, scope->workspace);
    bool has = slot && slot->state == TABLE_READY && slot->documents >= documents;
    if (has && slot->is_lost)
        begin_making(slot);
    pthread_mutex_unlock(&tables->lock);
    return has;
}

static bool borrow(DocumentTables *tables, const Scope *scope, int64_t changes_max,
                   const DocumentTable **table_r, Error *err)
{
    Slot *slot = take_slot(tables, scope->workspace);
    bool is_fresh;
    *table_r = NULL;
    if (!slot)
        return true;
    if (!refresh_table(slot, changes_max, &is_fresh, err)) {
        release_slot(slot);
        return false;
    }
    if (!is_fresh) {
        pthread_mutex_lock(&tables->lock);
        if (slot->state == TABLE_READY)
            begin_catching_up(slot);
        pthread_mutex_unlock(&tables->lock);
        release_slot(slot);
        return true;
    }
    pthread_rwlock_rdlock(&slot->use);
    *table_r = slot->table;
    if (!slot->table) { /* it begins anew */
        pthread_rwlock_unlock(&slot->use);
        release_slot(slot);
    }
    return true;
}

bool document_tables_borrow(DocumentTables *tables, const Scope *scope,
                            const DocumentTable **table_r, Error *err)
{
    return borrow(tables, scope, CHANGES_MAX, table_r, err);
}

/* False: nobody makes one. */
static bool help_or_wait(DocumentTables *tables, Str workspace)
{
    const struct timespec pause = { 0, WAIT_MS * 1000000 };
    pthread_mutex_lock(&tables->lock);
    Slot *slot = find_slot(tables, workspace);
    bool is_coming = slot && slot->state == TABLE_COMING;
    pthread_mutex_unlock(&tables->lock);
    if (is_coming && claim(slot))
        make(slot);
    else if (is_coming)
        (void)nanosleep(&pause, NULL);
    return is_coming;
}

/* One at a time, until it is released. */
static bool make_own(DocumentTables *tables, Str workspace, const DocumentTable **table_r,
                     Error *err)
{
    pthread_mutex_lock(&tables->lock);
    Slot *slot = need_slot(tables, workspace);
    bool is_too_large = slot->is_too_large && monotonic_ms() < slot->retry_ms;
    pthread_mutex_unlock(&tables->lock);
    if (is_too_large)
        return too_large(slot, err);
    pthread_mutex_lock(&tables->owning);
    DocumentTable *table = document_table_new();
    if (!fill(slot, table, err)) {
        document_table_free(table);
        pthread_mutex_unlock(&tables->owning);
        return false;
    }
    *table_r = tables->own = table;
    return true;
}

bool document_tables_need(DocumentTables *tables, const Scope *scope, const DocumentTable **table_r,
                          Error *err)
{
    do {
        if (!borrow(tables, scope, INT32_MAX, table_r, err))
            return false;
    } while (!*table_r && help_or_wait(tables, scope->workspace));
    return *table_r || make_own(tables, scope->workspace, table_r, err);
}

void document_tables_release(DocumentTables *tables, const DocumentTable *table)
{
    bool is_kept = false;
    pthread_mutex_lock(&tables->lock);
    for (Slot *slot = tables->slots; slot && !is_kept; slot = slot->next)
        if ((is_kept = slot->table == table)) {
            pthread_rwlock_unlock(&slot->use);
            slot->users--;
        }
    pthread_mutex_unlock(&tables->lock);
    if (is_kept)
        return;
    document_table_free(tables->own);
    tables->own = NULL;
    pthread_mutex_unlock(&tables->owning);
}

bool document_tables_wait(DocumentTables *tables, const Scope *scope, int64_t timeout_ms)
{
    const struct timespec pause = { 0, WAIT_MS * 1000000 };
    int64_t end = monotonic_ms() + timeout_ms;
    Slot *slot;
    while (!(slot = take_slot(tables, scope->workspace)) && monotonic_ms() < end)
        (void)nanosleep(&pause, NULL);
    if (slot)
        release_slot(slot);
    return slot;
}

DocumentTables *document_tables_new(Db *db, Library *library)
{
    DocumentTables *tables = heap_alloc(sizeof *tables);
    tables->db = db;
    tables->library = library;
    tables->filed_from = FILED_FROM;
    tables->bytes_max = DOCUMENT_TABLES_BYTES;
    tables->pool = pool_new("filters", 1, 1000);
    pthread_mutex_init(&tables->lock, NULL);
    pthread_mutex_init(&tables->owning, NULL);
    library_watch(library, &(LibraryWatch){ on_change, on_follow, tables_on_save, tables });
    return tables;
}

void document_tables_free(DocumentTables *tables)
{
    if (!tables)
        return;
    library_watch(tables->library, NULL);
    tables->is_stopping = true;
    pool_free(tables->pool);
    for (Slot *slot = tables->slots, *next; slot; slot = next) {
        next = slot->next;
        document_table_free(slot->table);
        forget_notes(slot);
        pthread_mutex_destroy(&slot->refreshing);
        pthread_rwlock_destroy(&slot->use);
        free(slot->name);
        free(slot);
    }
    pthread_mutex_destroy(&tables->lock);
    pthread_mutex_destroy(&tables->owning);
    free(tables);
}
