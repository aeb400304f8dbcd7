/* search_test.c - a small library, searched. */
#include "search/search.h"

#include <math.h>

#include "base/hash.h"
#include "db/fixture_test.h"
#include "search/choose.h"
#include "store/migrate.h"
#include "store/people_store.h"
#include "store/searches_store.h"
#include "store/workspaces_store.h"

typedef struct World {
    Arena *arena;
    Db *db;
    Scope system, scope;
    Library *library;
    Searcher *searcher;
    Str ids[3]; /* long, short, other */
    SearchList searches;
} World;

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

static void open_world(World *w, const char *url)
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

static void close_world(World *w)
{
    searcher_free(w->searcher);
    library_close(w->library);
    db_close(w->db);
    arena_free(w->arena);
}

static SearchResults search(World *w, SearchRequest request)
{
    Error err = { 0 };
    SearchResults results;
    request.limit = request.limit ? request.limit : 10;
    cr_assert(search_run(w->searcher, &w->scope, w->arena, &request, &results, &err), "%s",
              err.message);
    return results;
}

static size_t rank_of(const SearchResults *results, Str document)
{
    for (size_t i = 0; i < results->count; i++)
        if (str_equal(results->at[i].row.chunk.document, document))
            return i + 1;
    return 0;
}

TEST_BOTH(search, one_long_document_does_not_crowd_others_out)
{
    World w;
    open_world(&w, url);
    SearchResults results = search(&w, (SearchRequest){ .query = S("glaciers") });
    cr_expect_eq(results.count, 10, "what was put off fills the rest");
    cr_expect_leq(rank_of(&results, w.ids[1]), SEARCH_SAME_DOCUMENT + 1);
    results = search(&w, (SearchRequest){ .query = S("glaciers"), .limit = 13 });
    cr_expect_eq(results.count, 13, "nothing is lost");
    results = search(&w, (SearchRequest){ .query = S("glaciers"), .documents = { w.ids, 2 } });
    cr_expect_eq(rank_of(&results, w.ids[1]), 0, "a filter that names documents: as they score");
    close_world(&w);
}

TEST_BOTH(search, copies_are_folded_and_documents_grouped_where_asked)
{
    World w;
    open_world(&w, url);
    SearchResults results =
        search(&w, (SearchRequest){ .query = S("glaciers"), .folds_copies = true });
    cr_assert_eq(results.count, 2, "one of long.txt, one of short.txt");
    const SearchHit *folded = &results.at[rank_of(&results, w.ids[0]) - 1];
    cr_expect_eq(folded->copy_count, 11);
    cr_expect(str_equal(folded->copies[0]->chunk.document, w.ids[0]));
    results = search(&w, (SearchRequest){ .query = S("glaciers"), .by_document = true });
    cr_assert_eq(results.count, 2);
    cr_expect_eq(results.at[rank_of(&results, w.ids[0]) - 1].passage_count, CHOSEN_PASSAGES_MAX);
    cr_expect_eq(results.at[rank_of(&results, w.ids[1]) - 1].passage_count, 0);
    close_world(&w);
}

TEST_BOTH(search, scores_are_the_sums_of_their_shares)
{
    World w;
    open_world(&w, url);
    static const double fresh[] = { 0, 0.5, 1 };
    for (size_t f = 0; f < COUNT(fresh); f++) {
        SearchResults results =
            search(&w, (SearchRequest){
                           .query = S("carve deep valleys"), .fresh = fresh[f], .explains = true });
        cr_assert(results.count > 0);
        for (size_t i = 0; i < results.count; i++) {
            double sum = 0, young = 0;
            for (size_t n = 0; n < results.at[i].share_count; n++) {
                const SearchShare *share = &results.at[i].shares[n];
                sum += share->value;
                young += strcmp(share->name, "FRESH") == 0 ? share->value : 0;
            }
            cr_expect(fabs(sum - results.at[i].score) < 1e-5 && sum <= 1.0001);
            cr_expect(fabs(young - fresh[f]) < 0.01, "added just now");
        }
        cr_expect(fresh[f] == 1 || str_equal(results.at[0].row.chunk.document, w.ids[1]));
    }
    close_world(&w);
}

TEST_BOTH(search, filters_and_what_is_being_typed)
{
    World w;
    open_world(&w, url);
    SearchResults results =
        search(&w, (SearchRequest){ .query = S("valleys"), .name = S("short") });
    cr_expect(results.count == 1 && rank_of(&results, w.ids[1]) == 1);
    results = search(&w, (SearchRequest){ .query = S("valleys"), .name = S("nothing") });
    cr_expect_eq(results.count, 0);
    cr_expect_eq(search(&w, (SearchRequest){ .query = S("viol") }).count, 0);
    results = search(&w, (SearchRequest){ .query = S("viol"), .is_typing = true });
    cr_assert_eq(results.count, 1);
    cr_expect(results.at[0].match_count == 1 && results.at[0].matches[0][0] == 2 &&
              results.at[0].matches[0][1] == 8);
    close_world(&w);
}

static bool list_searches(DbTx *tx, void *argument, Error *err)
{
    World *w = argument;
    return search_list(tx, &w->scope, w->arena, STR_NONE, NULL, &w->searches, err);
}

TEST_BOTH(search, what_is_remembered_is_written_behind_the_search)
{
    World w;
    Error err = { 0 };
    open_world(&w, url);
    (void)search(&w, (SearchRequest){ .query = S("first"), .is_remembered = true });
    (void)search(&w,
                 (SearchRequest){ .query = S("sec"), .is_remembered = true, .is_typing = true });
    (void)search(&w, (SearchRequest){ .query = S("third") });
    searcher_flush_history(w.searcher);
    cr_assert(store_read(w.db, &w.scope, list_searches, &w, &err), "%s", err.message);
    cr_expect(w.searches.count == 1 && str_is(w.searches.at[0].query, "first"));
    (void)search(&w, (SearchRequest){ .query = S("last"), .is_remembered = true });
    searcher_free(w.searcher);
    w.searcher = NULL;
    cr_assert(store_read(w.db, &w.scope, list_searches, &w, &err), "%s", err.message);
    cr_expect_eq(w.searches.count, 2, "the end writes what waits");
    close_world(&w);
}
