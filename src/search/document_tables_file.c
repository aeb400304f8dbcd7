/* document_tables_file.c - the files of the tables of large workspaces, beside their indexes.
 *
 *     start       a file, and the changes since its generation, are the table (else all rows are)
 *     change      counted; one that erases takes the file away before anybody hears that it is done
 *     index saved a file that lacks many changes is written anew; one that lacks none has the
 *                 generation of the index from now on; the log keeps what a file lacks */
#include "base/file.h"
#include "base/log.h"
#include "search/document_table_file.h"
#include "search/document_tables_int.h"

#define FILE_NAME "documents"
/* A file may lack one change of so many documents, */
#define LACKS_OF 100
#define LACKS_MIN 1000
/* and its generation may be so far behind, since the log keeps all changes of all workspaces. */
#define BEHIND_MAX 100000
#define BEHIND_MIN 1000
/* More are not caught up on: all rows take hardly longer. */
#define CATCH_UP_MAX 50000

/* False: there is no place for one yet. */
static bool file_of(DocumentTables *tables, Arena *arena, Str workspace, LibraryFiles *files_r,
                    const char **path_r)
{
    if (!library_files(tables->library, arena, workspace, files_r))
        return false;
    *path_r = path_join(arena, str(files_r->folder), S(FILE_NAME));
    return true;
}

/* --- The beginning --- */

typedef struct Lacking {
    int64_t generation;
    bool are_many;
    Changed changed;
} Lacking;

static bool lacking_work(DbTx *tx, void *argument, Error *err)
{
    Lacking *work = argument;
    Changed *changed = &work->changed;
    IndexChangeList list;
    changed->notes.count = 0;
    if (!index_change_list_documents(tx, &changed->scope, changed->arena, work->generation,
                                     CATCH_UP_MAX + 1, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        *vec_push(changed->arena, &changed->notes) =
            (Note){ list.at[i].operation, list.at[i].document };
    work->are_many = list.count > CATCH_UP_MAX;
    return work->are_many || changed_read(tx, changed, err);
}

/* What was forgotten of the log after the changes were read was not forgotten before. */
static bool catch_up(Slot *slot, DocumentTable *table, int64_t generation, bool *is_there_r,
                     size_t *lacked_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    DocumentTables *tables = slot->tables;
    Lacking work = { .generation = generation };
    work.changed.arena = arena;
    work.changed.scope = (Scope){ .workspace = slot->workspace, .role = ROLE_OWNER };
    if (!store_read(tables->db, &work.changed.scope, lacking_work, &work, err) ||
        !library_has_changes(tables->library, generation, is_there_r, err))
        return false;
    *is_there_r = *is_there_r && !work.are_many;
    *lacked_r = work.changed.notes.count;
    if (*is_there_r && work.changed.notes.count)
        changed_apply(&work.changed, table);
    return true;
}

/* What was told since the start may be among what it lacks. */
static void adopt_file(Slot *slot, int64_t generation, size_t lacks)
{
    pthread_mutex_lock(&slot->tables->lock);
    slot->file.is_there = true;
    slot->file.generation = generation;
    slot->file.told += lacks;
    slot->file.told_in_file = 0;
    pthread_mutex_unlock(&slot->tables->lock);
}

DocumentTable *table_from_file(Slot *slot)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    LibraryFiles files;
    const char *path;
    DocumentTable *table;
    int64_t generation;
    bool is_there = false;
    size_t lacked;
    Error err = { 0 };
    if (!file_of(slot->tables, arena, slot->workspace, &files, &path) || !file_exists(path))
        return NULL;
    if (!document_table_file_read(path, files.database, &table, &generation, &err)) {
        log_warn("search", "%s", err.message);
        return NULL;
    }
    if (!catch_up(slot, table, generation, &is_there, &lacked, &err)) {
        log_warn("search", "%s could not be caught up: %s", path, err.message);
        is_there = false;
    }
    if (is_there) {
        adopt_file(slot, generation, lacked);
        return table;
    }
    document_table_free(table);
    return NULL;
}

/* --- Writing --- */

typedef struct Writing {
    Slot *slot;
    const char *path;
    Str database;
    size_t told, erased; /* when it began */
    int64_t generation;
} Writing;

/* The table has all that was told before, and what is read of it has all up to the generation. */
static bool write_table(Writing *work, Error *err)
{
    Slot *slot = work->slot;
    bool is_fresh = false, ok = true;
    if (!library_followed(slot->tables->library, slot->workspace, &work->generation) ||
        !refresh_table(slot, INT32_MAX, &is_fresh, err))
        return false;
    pthread_rwlock_rdlock(&slot->use);
    if (is_fresh && slot->table)
        ok = document_table_file_write(slot->table, work->path, work->database, work->generation,
                                       err);
    else
        is_fresh = false;
    pthread_rwlock_unlock(&slot->use);
    return ok && is_fresh && document_table_file_sync(work->path, err);
}

/* Nothing was erased since it began, or the file has it. */
static bool place_file(const Writing *work, Error *err)
{
    Slot *slot = work->slot;
    pthread_mutex_lock(&slot->tables->lock);
    bool ok = work->erased == slot->file.erased && document_table_file_place(work->path, err);
    pthread_mutex_unlock(&slot->tables->lock);
    return ok;
}

static void write_file(void *argument)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Slot *slot = argument;
    DocumentTables *tables = slot->tables;
    LibraryFiles files;
    Writing work = { .slot = slot };
    Error err = { 0 };
    pthread_mutex_lock(&tables->lock);
    work.told = slot->file.told;
    work.erased = slot->file.erased;
    pthread_mutex_unlock(&tables->lock);
    bool ok = !tables->is_stopping && file_of(tables, arena, slot->workspace, &files, &work.path) &&
              files.may_write;
    if (ok) {
        work.database = files.database;
        ok = folder_make(files.folder, 0700, &err) && write_table(&work, &err) &&
             place_file(&work, &err) && folder_sync(files.folder, &err);
    }
    pthread_mutex_lock(&tables->lock);
    bool was_erased = work.erased != slot->file.erased;
    slot->file.is_writing = false;
    if (ok && !was_erased) {
        slot->file.is_there = true;
        slot->file.generation = work.generation;
        slot->file.told_in_file = work.told;
    }
    pthread_mutex_unlock(&tables->lock);
    if (!ok && !was_erased && err.code != ERROR_NONE)
        log_warn("search", "the next start reads all rows for its lists: %s", err.message);
    release_slot(slot);
}

/* The caller holds the lock of all. */
static void begin_writing(Slot *slot, int64_t generation)
{
    if (slot->file.is_writing || !pool_add(slot->tables->pool, write_file, slot))
        return;
    slot->file.is_writing = true;
    slot->users++;
    if (!slot->file.is_there)
        slot->file.generation = generation; /* the log is needed from here on */
}

void want_file(Slot *slot)
{
    int64_t generation;
    if (!library_followed(slot->tables->library, slot->workspace, &generation))
        return;
    pthread_mutex_lock(&slot->tables->lock);
    if (slot->state == TABLE_READY && slot->documents >= slot->tables->filed_from)
        begin_writing(slot, generation);
    pthread_mutex_unlock(&slot->tables->lock);
}

/* --- In step with the index --- */

void note_for_file(DocumentTables *tables, const IndexChange *change)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    bool erases = change->operation == INDEX_ERASE;
    LibraryFiles files;
    const char *path;
    Error err = { 0 };
    pthread_mutex_lock(&tables->lock);
    Slot *slot = find_slot(tables, change->workspace);
    if (slot) {
        slot->file.told++;
        slot->file.erased += erases;
        slot->file.is_there = slot->file.is_there && !erases;
    }
    pthread_mutex_unlock(&tables->lock);
    if (erases && file_of(tables, arena, change->workspace, &files, &path) &&
        document_table_file_remove(path) && !folder_sync(files.folder, &err))
        log_warn("search", "%s", err.message);
}

static bool lacks_much(const Slot *slot, int64_t generation)
{
    size_t lacks = slot->file.told - slot->file.told_in_file;
    return !slot->file.is_there || lacks > MAX(slot->documents / LACKS_OF, (size_t)LACKS_MIN) ||
           (lacks && generation - slot->file.generation > BEHIND_MAX);
}

/* Only its generation is behind: that of other workspaces has grown. */
static bool may_advance(const Slot *slot, int64_t generation)
{
    return slot->file.is_there && !slot->file.is_writing &&
           slot->file.told == slot->file.told_in_file &&
           generation - slot->file.generation > BEHIND_MIN;
}

static void advance(DocumentTables *tables, Slot *slot, int64_t generation)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    LibraryFiles files;
    const char *path;
    Error err = { 0 };
    bool ok = file_of(tables, arena, slot->workspace, &files, &path) && files.may_write &&
              document_table_file_advance(path, generation, &err);
    if (err.code != ERROR_NONE)
        log_warn("search", "%s", err.message);
    pthread_mutex_lock(&tables->lock);
    if (ok)
        slot->file.generation = generation;
    else
        slot->file.is_there = false;
    pthread_mutex_unlock(&tables->lock);
}

int64_t tables_on_save(void *argument, Str workspace, int64_t generation)
{
    DocumentTables *tables = argument;
    pthread_mutex_lock(&tables->lock);
    Slot *slot = find_slot(tables, workspace);
    bool is_ready = slot && slot->state == TABLE_READY && slot->documents >= tables->filed_from;
    bool is_coming = slot && slot->state == TABLE_COMING;
    bool advances = is_ready && may_advance(slot, generation);
    if (is_ready && !advances && lacks_much(slot, generation))
        begin_writing(slot, generation);
    pthread_mutex_unlock(&tables->lock);
    if (advances)
        advance(tables, slot, generation);
    if (is_coming)
        return 0; /* it may come from a file */
    pthread_mutex_lock(&tables->lock);
    bool needs = slot && (slot->file.is_there || slot->file.is_writing);
    int64_t needed = needs ? slot->file.generation : INT64_MAX;
    pthread_mutex_unlock(&tables->lock);
    return needed;
}
