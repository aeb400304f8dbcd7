/* facet_tables_test.c - counting documents by value without the database. */
#include "search/facet_tables.h"

#include <pthread.h>
#include <time.h>

#include "db/fixture_test.h"
#include "search/world_test.h"

static bool has(const FacetList *list, const char *value, int64_t count)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_is(list->at[i].value, value))
            return list->at[i].count == count;
    return count == 0;
}

static SearchFacets facets_of(World *w, SearchRequest request)
{
    const bool wanted[FACET_COUNT] = { true, true, true, true, true, true };
    Error err = { 0 };
    SearchFacets facets;
    request.wants_matching = true;
    SearchResults results = world_search(w, request);
    cr_assert(
        search_facets(w->searcher, &w->scope, w->arena, &request, &results, wanted, &facets, &err),
        "%s", err.message);
    return facets;
}

typedef struct Tagging {
    World *w;
    StrList tags;
} Tagging;

static bool tag_first(DbTx *tx, void *argument, Error *err)
{
    const Tagging *in = argument;
    return document_set_tags(tx, &in->w->scope, in->w->ids[0], in->tags, err);
}

TEST_BOTH(search, facets_count_all_documents_that_match)
{
    World w;
    world_open(&w, url);
    SearchFacets facets = facets_of(&w, (SearchRequest){ .query = S("glaciers"), .limit = 1 });
    cr_expect_eq(facets.documents, 2);
    cr_expect(has(&facets.lists[FACET_type], "text", 2) && facets.lists[FACET_tag].count == 0);
    facets = facets_of(&w, (SearchRequest){ .query = S("strings slowly") });
    cr_expect_eq(facets.documents, 2, "any of the words");
    facets = facets_of(&w, (SearchRequest){ .query = S("glaciers -slowly") });
    cr_expect_eq(facets.documents, 1);
    facets = facets_of(&w, (SearchRequest){ .query = S("glaciers"), .name = S("short") });
    cr_expect_eq(facets.documents, 1, "conditions hold");
    facets = facets_of(&w, (SearchRequest){ .query = S(" "), .words = S(" "), .name = S("t") });
    cr_expect(facets.documents == -1 && has(&facets.lists[FACET_type], "text", 3));
    world_close(&w);
}

TEST_BOTH(search, facets_follow_what_is_changed)
{
    World w;
    Error err = { 0 };
    Str tags[] = { S("ice"), S("rock") };
    Tagging tagging = { &w, { tags, 2 } };
    world_open(&w, url);
    (void)facets_of(&w, (SearchRequest){ .query = S("glaciers") });
    cr_assert(store_write(w.db, &w.scope, tag_first, &tagging, &err), "%s", err.message);
    struct timespec pause = { FACET_FRESH_MS / 1000, 100 * 1000 * 1000 };
    (void)nanosleep(&pause, NULL);
    SearchFacets facets = facets_of(&w, (SearchRequest){ .query = S("glaciers") });
    cr_expect(has(&facets.lists[FACET_tag], "ice", 1) && has(&facets.lists[FACET_tag], "rock", 1));
    facets = facets_of(&w, (SearchRequest){ .query = S("violin") });
    cr_expect(facets.documents == 1 && has(&facets.lists[FACET_tag], "ice", 0));
    world_close(&w);
}

/* One more workspace than there is room for, each twice. */
TEST_BOTH(search, tables_of_many_workspaces_make_room_for_each_other)
{
    World w;
    Error err = { 0 };
    FacetCounts counts;
    world_open(&w, url);
    FacetTables *tables = facet_tables_new(w.db);
    uint64_t bits[64];
    memset(bits, 0xFF, sizeof bits);
    ChunkBits all = { bits, sizeof bits * 8 };
    for (int i = 0; i < 2 * (FACET_TABLES_MAX + 1); i++) {
        Scope other = w.scope;
        other.workspace = str_format(w.arena, "w%d", i % (FACET_TABLES_MAX + 1));
        cr_assert(facet_tables_count(tables, &other, w.arena, &all, &counts, &err));
        cr_expect_eq(counts.documents, 0);
    }
    cr_assert(facet_tables_count(tables, &w.scope, w.arena, &all, &counts, &err));
    cr_expect_eq(counts.documents, 3);
    facet_tables_free(tables);
    world_close(&w);
}

typedef struct Counter {
    World *w;
    FacetTables *tables;
    int first;
    bool is_right;
} Counter;

/* Workspaces by turns, ours among them. */
static void *count_many(void *argument)
{
    Counter *counter = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    uint64_t bits[64];
    memset(bits, 0xFF, sizeof bits);
    ChunkBits all = { bits, sizeof bits * 8 };
    counter->is_right = true;
    for (int i = 0; i < 3 * FACET_TABLES_MAX; i++) {
        Error err;
        FacetCounts counts;
        Scope scope = counter->w->scope;
        int number = (counter->first + i) % (FACET_TABLES_MAX + 3);
        if (number)
            scope.workspace = str_format(arena, "w%d", number);
        counter->is_right &=
            facet_tables_count(counter->tables, &scope, arena, &all, &counts, &err) &&
            counts.documents == (number ? 0 : 3);
    }
    return NULL;
}

TEST_BOTH(search, tables_are_used_by_several_threads)
{
    World w;
    world_open(&w, url);
    Counter counters[4];
    pthread_t threads[4];
    FacetTables *tables = facet_tables_new(w.db);
    for (int i = 0; i < 4; i++) {
        counters[i] = (Counter){ .w = &w, .tables = tables, .first = i * 7 };
        cr_assert_eq(pthread_create(&threads[i], NULL, count_many, &counters[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        cr_expect(counters[i].is_right);
    }
    facet_tables_free(tables);
    world_close(&w);
}
