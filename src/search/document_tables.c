/* document_tables.c - see document_tables.h. */
#include "search/document_tables.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "store/index_changes_store.h"

#define ROWS_AT_ONCE 1000
#define PAGE_ROWS 5000
/* So many changes are read for a search; of more a thread takes care, and the database answers. */
#define CHANGES_MAX 2000
/* So many wait for a search; then a thread takes care, and above the second it begins anew. */
#define NOTES_MANY 2000
#define NOTES_MAX 50000
#define NOTES_ROOM MB(64)
#define RETRY_MS 600000
#define WAIT_MS 5

typedef struct Note {
    IndexOperation operation;
    Str subject;
} Note;
typedef VEC(Note) Notes;

typedef enum TableState { TABLE_NONE, TABLE_COMING, TABLE_READY } TableState;

/* What the lock of all guards is said; `table` changes under the write side of `use`, by whoever
 * holds `refreshing`. */
typedef struct Slot {
    struct Slot *next;
    struct DocumentTables *tables;
    char *name;
    Str workspace; /* the name */
    pthread_mutex_t refreshing;
    pthread_rwlock_t use;
    DocumentTable *table;
    /* Under the lock of all: */
    TableState state;
    size_t users, bytes, documents;
    uint64_t used;
    int64_t retry_ms;    /* monotonic: not made before */
    bool is_catching_up; /* a thread takes care of the notes */
    bool is_lost;        /* of too many changes to note: begins anew */
    Arena *note_arena;   /* NULL: there are none */
    Notes notes;         /* changes that the table lacks */
    int64_t making;      /* how often it was begun: notes are of this one */
} Slot;

struct DocumentTables {
    Db *db;
    Library *library;
    Pool *pool;
    pthread_mutex_t lock;
    uint64_t uses;
    Slot *slots; /* grows at its head */
    atomic_bool is_stopping;
};

/* --- Slots and notes --- */

static Slot *find_slot(const DocumentTables *tables, Str workspace)
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

static void release_slot(Slot *slot)
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
        if (total <= DOCUMENT_TABLES_BYTES)
            return true;
        if (!least)
            return false;
        document_table_free(least->table);
        least->table = NULL;
        least->bytes = 0;
        least->state = TABLE_NONE;
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
        if (document_table_bytes(table) > DOCUMENT_TABLES_BYTES)
            return fail(err, ERROR_TOO_LARGE, "it takes more than %zu MB",
                        DOCUMENT_TABLES_BYTES / MB(1));
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
    if (!table) {
        slot->retry_ms = monotonic_ms() + RETRY_MS;
        forget_notes(slot);
    }
    pthread_mutex_unlock(&tables->lock);
    pthread_rwlock_unlock(&slot->use);
}

static void make(void *argument)
{
    Slot *slot = argument;
    DocumentTables *tables = slot->tables;
    Error err = { 0 };
    DocumentTable *table = document_table_new();
    bool ok = fill(slot, table, &err);
    pthread_mutex_lock(&tables->lock);
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
    release_slot(slot);
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
    if (pool_add(slot->tables->pool, make, slot)) {
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

typedef struct Refreshing {
    Slot *slot;
    Scope scope;
    Arena *arena;
    size_t noted;   /* before the transaction began: these are in what it reads */
    int64_t making; /* of the notes */
    int64_t changes_max;
    bool is_behind; /* there are more changes than changes_max */
    Notes changes;
    VEC(DocumentColumns) rows;
} Refreshing;

static void note_change(Refreshing *work, const Note *note)
{
    *vec_push(work->arena, &work->changes) = *note;
}

/* What the follower told of, and what it has not come to. It may come to that meanwhile, so what it
 * told is looked at last. */
static bool read_changes(DbTx *tx, Refreshing *work, int64_t followed, Error *err)
{
    Slot *slot = work->slot;
    IndexChangeList list;
    if (!index_change_list_documents(tx, &work->scope, work->arena, followed, work->changes_max + 1,
                                     &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        note_change(work, &(Note){ list.at[i].operation, list.at[i].document });
    pthread_mutex_lock(&slot->tables->lock);
    for (size_t i = 0; i < slot->notes.count; i++)
        note_change(work, &(Note){ slot->notes.at[i].operation,
                                   str_copy(work->arena, slot->notes.at[i].subject) });
    pthread_mutex_unlock(&slot->tables->lock);
    work->is_behind = (int64_t)work->changes.count > work->changes_max;
    return true;
}

static bool read_rows(DbTx *tx, Refreshing *work, Error *err)
{
    Str ids[ROWS_AT_ONCE];
    size_t count = 0;
    for (size_t i = 0; i < work->changes.count; i++) {
        if (work->changes.at[i].operation != INDEX_NO_COLLECTION)
            ids[count++] = work->changes.at[i].subject;
        if (!count || (count < ROWS_AT_ONCE && i + 1 < work->changes.count))
            continue;
        DocumentColumnsList list;
        if (!document_columns_of(tx, &work->scope, work->arena, (StrList){ ids, count }, &list,
                                 err))
            return false;
        for (size_t n = 0; n < list.count; n++)
            *vec_push(work->arena, &work->rows) = list.at[n];
        count = 0;
    }
    return true;
}

static bool refresh_work(DbTx *tx, void *argument, Error *err)
{
    Refreshing *work = argument;
    int64_t followed;
    work->changes.count = work->rows.count = 0;
    work->is_behind =
        !library_followed(work->slot->tables->library, work->scope.workspace, &followed);
    return work->is_behind ||
           (read_changes(tx, work, followed, err) && (work->is_behind || read_rows(tx, work, err)));
}

static void apply(const Refreshing *work)
{
    Slot *slot = work->slot;
    pthread_rwlock_wrlock(&slot->use);
    for (size_t i = 0; i < work->changes.count; i++)
        if (work->changes.at[i].operation == INDEX_NO_COLLECTION)
            document_table_empty_collection(slot->table, work->changes.at[i].subject);
        else
            document_table_drop(slot->table, work->changes.at[i].subject);
    for (size_t i = 0; i < work->rows.count; i++)
        document_table_put(slot->table, &work->rows.at[i]);
    document_table_settle(slot->table);
    size_t bytes = document_table_bytes(slot->table), count = document_table_count(slot->table);
    pthread_rwlock_unlock(&slot->use);
    pthread_mutex_lock(&slot->tables->lock);
    slot->bytes = bytes;
    slot->documents = count;
    if (slot->making == work->making)
        take_notes(slot, work->noted);
    slot->is_lost |= bytes > DOCUMENT_TABLES_BYTES;
    pthread_mutex_unlock(&slot->tables->lock);
}

/* One at a time: what is read later is newer. */
static bool refresh(Slot *slot, int64_t changes_max, bool *is_fresh_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Refreshing work = { .slot = slot, .arena = arena, .changes_max = changes_max };
    work.scope = (Scope){ .workspace = slot->workspace, .role = ROLE_OWNER };
    pthread_mutex_lock(&slot->refreshing);
    pthread_mutex_lock(&slot->tables->lock);
    work.noted = slot->notes.count;
    work.making = slot->making;
    bool is_there = slot->state == TABLE_READY && !slot->is_lost;
    pthread_mutex_unlock(&slot->tables->lock);
    bool ok = !is_there || store_read(slot->tables->db, &work.scope, refresh_work, &work, err);
    *is_fresh_r = ok && is_there && !work.is_behind;
    if (*is_fresh_r && work.changes.count)
        apply(&work);
    pthread_mutex_unlock(&slot->refreshing);
    return ok;
}

static void catch_up(void *argument)
{
    Slot *slot = argument;
    bool is_fresh;
    Error err;
    if (!refresh(slot, INT32_MAX, &is_fresh, &err))
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

bool document_tables_borrow(DocumentTables *tables, const Scope *scope,
                            const DocumentTable **table_r, Error *err)
{
    Slot *slot = take_slot(tables, scope->workspace);
    bool is_fresh;
    *table_r = NULL;
    if (!slot)
        return true;
    if (!refresh(slot, CHANGES_MAX, &is_fresh, err)) {
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

void document_tables_release(DocumentTables *tables, const DocumentTable *table)
{
    pthread_mutex_lock(&tables->lock);
    for (Slot *slot = tables->slots; slot; slot = slot->next)
        if (slot->table == table) {
            pthread_rwlock_unlock(&slot->use);
            slot->users--;
            break;
        }
    pthread_mutex_unlock(&tables->lock);
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
    tables->pool = pool_new("filters", 1, 1000);
    pthread_mutex_init(&tables->lock, NULL);
    library_watch(library, &(LibraryWatch){ on_change, on_follow, tables });
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
    free(tables);
}
