/* library_check.c - whether rows and originals agree. */
#include "base/map.h"
#include "library/follower.h"
#include "library/library_int.h"
#include "library/vector_follower.h"
#include "store/client_files_store.h"
#include "store/document_versions_store.h"
#include "store/settings_store.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"

typedef struct Checking {
    Library *library;
    Arena *arena;
    Map wanted; /* "workspace/sha256" that a row names; number: 1 when it was seen */
    WorkspaceList workspaces;
    Scope scope;
    Slice slice;
    DocumentList page;
    LibraryCheck found;
} Checking;

static bool list_workspaces(DbTx *tx, void *argument, Error *err)
{
    Checking *check = argument;
    return workspace_list(tx, &check->library->system, check->arena, &check->workspaces, err);
}

static Str key_of(Arena *arena, Str workspace, Str sha256)
{
    return str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(workspace), STR_ARG(sha256));
}

/* Every version of each document of the page keeps its original. */
static bool want_page(DbTx *tx, void *argument, Error *err)
{
    Checking *check = argument;
    DocumentFilter filter = { .trash = TRASH_EITHER };
    if (!document_list(tx, &check->scope, check->arena, &filter, DOCUMENT_BY_CREATED, false,
                       &check->slice, &check->page, err))
        return false;
    for (size_t i = 0; i < check->page.count; i++) {
        DocumentVersionList versions;
        if (!document_version_list(tx, &check->scope, check->arena, check->page.at[i].id, &versions,
                                   err))
            return false;
        for (size_t j = 0; j < versions.count; j++)
            (void)map_add(&check->wanted,
                          key_of(check->arena, check->scope.workspace, versions.at[j].blob), NULL);
    }
    return true;
}

static void want(Checking *check, const StrList *blobs)
{
    for (size_t i = 0; i < blobs->count; i++)
        (void)map_add(&check->wanted, key_of(check->arena, check->scope.workspace, blobs->at[i]),
                      NULL);
}

static bool want_files(DbTx *tx, void *argument, Error *err)
{
    Checking *check = argument;
    StrList files, parts;
    if (!client_file_blobs(tx, &check->scope, check->arena, &files, err) ||
        !file_upload_blobs(tx, &check->scope, check->arena, &parts, err))
        return false;
    want(check, &files);
    want(check, &parts);
    return true;
}

static bool want_all(Checking *check, Error *err)
{
    for (size_t i = 0; i < check->workspaces.count; i++) {
        check->scope = (Scope){ .workspace = check->workspaces.at[i].id, .role = ROLE_OWNER };
        check->slice = (Slice){ .limit = SLICE_MAX };
        if (!store_read(check->library->db, &check->scope, want_files, check, err))
            return false;
        do {
            if (!store_read(check->library->db, &check->scope, want_page, check, err))
                return false;
            check->slice.after = check->page.next;
        } while (check->page.next.length);
    }
    return true;
}

static bool see_blob(void *self, const BlobFound *found, Error *err)
{
    Checking *check = self;
    MapEntry *entry =
        map_find(&check->wanted, key_of(check->arena, found->workspace, found->sha256));
    (void)err;
    check->found.originals++;
    if (entry)
        entry->number = 1;
    else
        check->found.spare++;
    return true;
}

/* Of the model that the workspace's index serves. */
static bool check_vectors_of(Checking *check, Str workspace, Error *err)
{
    Library *library = check->library;
    VectorSpace space = { .workspace = workspace };
    VectorDrift drift;
    Index *index = follower_borrow(library->follower, workspace, &space.dims, &space.model);
    space.model = str_copy(check->arena, space.model);
    follower_release(library->follower, index);
    if (!space.dims)
        return true;
    if (!vector_drift_find(library->db, library->options.vectors, &space, &drift, err))
        return false;
    check->found.vectors += drift.rows;
    check->found.vectors_lacking += drift.lacking;
    check->found.vectors_different += drift.different;
    check->found.vectors_spare += drift.too_many;
    return true;
}

static bool check_vectors(Checking *check, Error *err)
{
    const VectorStore *store = check->library->options.vectors;
    if (!store)
        return true;
    check->found.vector_store = store->name;
    for (size_t i = 0; i < check->workspaces.count; i++)
        if (!check_vectors_of(check, check->workspaces.at[i].id, err))
            return false;
    return true;
}

/* --- How many vectors --- */

typedef struct VectorCounting {
    Library *library;
    Arena *arena;
    WorkspaceList workspaces;
    Str model;
    LibraryVectorCount found;
} VectorCounting;

static bool count_rows(DbTx *tx, void *argument, Error *err)
{
    VectorCounting *counting = argument;
    const Scope *system = &counting->library->system;
    return workspace_list(tx, system, counting->arena, &counting->workspaces, err) &&
           vector_count(tx, system, counting->model, &counting->found.rows, err);
}

static bool count_stored(VectorCounting *counting, VectorStore *store, Str workspace, Error *err)
{
    Library *library = counting->library;
    VectorSpace space = { .workspace = workspace };
    int64_t count = 0;
    Index *index = follower_borrow(library->follower, workspace, &space.dims, &space.model);
    space.model = str_copy(counting->arena, space.model);
    follower_release(library->follower, index);
    if (space.dims && !store->count(store, &space, &count, err))
        return false;
    counting->found.stored += count;
    return true;
}

bool library_count_vectors(Library *library, LibraryVectorCount *vectors_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    char model[FOLLOWER_MODEL_SIZE];
    VectorStore *store = library->options.vectors;
    VectorCounting counting = { .library = library,
                                .arena = arena,
                                .found.store = store ? store->name : "embedded" };
    follower_model(library->follower, model);
    counting.model = str(model);
    if (!store_read(library->db, &library->system, count_rows, &counting, err) ||
        (store && store->answers && !store->answers(store, err)))
        return false;
    for (size_t i = 0; store && i < counting.workspaces.count; i++)
        if (!count_stored(&counting, store, counting.workspaces.at[i].id, err))
            return fail_in(err, "counting the vectors of %s", store->name);
    if (!store)
        counting.found.stored = library_index_state(library).vectors;
    *vectors_r = counting.found;
    return true;
}

int64_t library_vectors_missing(Library *library, const LibraryVectorCount *vectors)
{
    IndexState index = library_index_state(library);
    bool is_level = index.is_ready && !index.waiting_changes && !index.building.is_going_on;
    return is_level ? MAX(vectors->rows - vectors->stored, 0) : 0;
}

typedef struct Note {
    const Scope *system;
    Str name, value;
} Note;

static bool note_work(DbTx *tx, void *argument, Error *err)
{
    const Note *note = argument;
    return setting_set(tx, note->system, note->name, note->value, err);
}

/* For alerts about the server: a setting of the whole of it. */
static bool note(Library *library, const char *name, Str value, Error *err)
{
    Note kept = { &library->system, str(name), value };
    return store_write(library->db, &library->system, note_work, &kept, err);
}

bool library_check(Library *library, LibraryCheck *check_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(4));
    Checking check = { .library = library, .arena = arena, .wanted = map_new(arena) };
    if (!store_read(library->db, &library->system, list_workspaces, &check, err) ||
        !want_all(&check, err) || !blob_list(library->blobs, see_blob, &check, err) ||
        !check_vectors(&check, err))
        return false;
    for (size_t i = 0; i < check.wanted.capacity; i++)
        check.found.missing += check.wanted.slots[i].key.at && !check.wanted.slots[i].number;
    *check_r = check.found;
    return true;
}

bool library_backup(Library *library, const char *path, BackupCounts *counts_r, Error *err)
{
    return backup_write(library->db, library->blobs, path, counts_r, err) &&
           note(library, "last_backup", S("{}"), err);
}
