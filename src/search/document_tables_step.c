/* document_tables_step.c - keeping a table in step with the log of changes. */
#include "base/log.h"
#include "search/document_tables_int.h"
#include "store/document_access.h"

#define ROWS_AT_ONCE 1000
/* So many wait for a search; then a thread takes care, and above the second it begins anew. */
#define NOTES_MANY 2000
#define NOTES_MAX 50000
#define NOTES_ROOM MB(64)

/* --- Notes --- */

void forget_notes(Slot *slot)
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

/* --- Reading what changed --- */

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

void begin_catching_up(Slot *slot)
{
    if (slot->is_catching_up || !pool_add(slot->tables->pool, catch_up, slot))
        return;
    slot->is_catching_up = true;
    slot->users++;
}

void tables_on_change(void *argument, const IndexChange *change)
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
