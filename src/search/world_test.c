/* world_test.c - see world_test.h. */
#include "search/world_test.h"

#include "base/hash.h"
#include "db/fixture_test.h"
#include "store/migrate.h"
#include "store/people_store.h"
#include "store/workspaces_store.h"

#define CALL(call)                                                                                 \
    do {                                                                                           \
        if (!(call))                                                                               \
            return false;                                                                          \
    } while (0)

static bool add_people(DbTx *tx, void *argument, Error *err)
{
    World *w = argument;
    Workspace workspace = { .name = S("ours") };
    User user = { .email = S("a@example.org"), .name = S("a") };
    CALL(workspace_add(tx, &w->system, w->arena, &workspace, err));
    CALL(user_add(tx, &w->system, w->arena, &user, err));
    w->scope = (Scope){ .workspace = workspace.id, .user = user.id, .role = ROLE_OWNER };
    Scope inside = w->scope;
    inside.is_system = true;
    return membership_set(tx, &inside, user.id, ROLE_OWNER, err);
}

static bool add_document(DbTx *tx, World *w, size_t at, const char *name, const char *text,
                         size_t chunk_count, Error *err)
{
    bool is_new;
    Chunk chunks[16] = { 0 };
    Document given = { .name = str(name),
                       .media_type = S("text/plain"),
                       .format = S("text"),
                       .blob = sha256_hex(w->arena, str(name)),
                       .size_bytes = 1,
                       .source = S("upload") };
    CALL(document_add(tx, &w->scope, w->arena, &given, &given, &is_new, err));
    for (size_t i = 0; i < chunk_count; i++)
        chunks[i] = (Chunk){ .length = 1, .text = str(text), .place = S("line 1") };
    CALL(chunk_replace(tx, &w->scope, w->arena, given.id, 1, chunks, chunk_count, err));
    w->ids[at] = given.id;
    return document_advance(tx, &w->scope, given.id, 1u << DOCUMENT_QUEUED, DOCUMENT_READY, err);
}

static bool add_documents(DbTx *tx, void *argument, Error *err)
{
    World *w = argument;
    CALL(add_document(tx, w, 0, "long.txt", "glaciers carve valleys", 12, err));
    CALL(add_document(tx, w, 1, "short.txt", "glaciers carve deep valleys slowly", 1, err));
    return add_document(tx, w, 2, "other.txt", "a violin has four strings", 1, err);
}

void world_open(World *w, const char *url)
{
    Error err = { 0 };
    *w = (World){ .arena = arena_new(MB(256)), .system = scope_system() };
    cr_assert(db_open(url, NULL, &w->db, &err), "%s", err.message);
    cr_assert(migrate_up(w->db, &err), "%s", err.message);
    cr_assert(store_write(w->db, &w->system, add_people, w, &err), "%s", err.message);
    cr_assert(store_write(w->db, &w->scope, add_documents, w, &err), "%s", err.message);
    LibraryOptions options = { .db = w->db, .index_folder = test_folder(w->arena) };
    cr_assert(library_open(&options, &w->library, &err), "%s", err.message);
    cr_assert(library_wait_indexed(w->library, 20000));
    w->searcher = searcher_new(w->db, w->library);
}

void world_close(World *w)
{
    searcher_free(w->searcher);
    library_close(w->library);
    db_close(w->db);
    arena_free(w->arena);
}

SearchResults world_search(World *w, SearchRequest request)
{
    Error err = { 0 };
    SearchResults results;
    request.limit = request.limit ? request.limit : 10;
    cr_assert(search_run(w->searcher, &w->scope, w->arena, &request, &results, &err), "%s",
              err.message);
    return results;
}

size_t world_rank(const SearchResults *results, Str document)
{
    for (size_t i = 0; i < results->count; i++)
        if (str_equal(results->at[i].row.chunk.document, document))
            return i + 1;
    return 0;
}

typedef struct HistoryWork {
    World *w;
    SearchList list;
} HistoryWork;

static bool history_work(DbTx *tx, void *argument, Error *err)
{
    HistoryWork *work = argument;
    return search_list(tx, &work->w->scope, work->w->arena, STR_NONE, NULL, &work->list, err);
}

SearchList world_history(World *w)
{
    Error err = { 0 };
    HistoryWork work = { .w = w };
    if (w->searcher)
        searcher_flush_history(w->searcher);
    cr_assert(store_read(w->db, &w->scope, history_work, &work, &err), "%s", err.message);
    return work.list;
}
