/* document_facets_test.c - counting documents by value without the database. */
#include "search/document_facets.h"

#include "db/fixture_test.h"
#include "search/document_tables_int.h"
#include "search/many_test.h"
#include "search/search_int.h"
#include "store/document_columns_store.h"
#include "store/document_facets_store.h"

#define WAIT_MS 20000

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
    SearchFacets facets = facets_of(&w, (SearchRequest){ .query = S("glaciers") });
    cr_expect(has(&facets.lists[FACET_tag], "ice", 1) && has(&facets.lists[FACET_tag], "rock", 1));
    facets = facets_of(&w, (SearchRequest){ .query = S("violin") });
    cr_expect(facets.documents == 1 && has(&facets.lists[FACET_tag], "ice", 0));
    world_close(&w);
}

typedef struct Counting {
    Many *many;
    DocumentFilter filter;
    FacetList lists[FACET_COUNT];
} Counting;

static bool count_by_rows(DbTx *tx, void *argument, Error *err)
{
    Counting *in = argument;
    World *w = in->many->w;
    for (size_t f = 0; f < FACET_COUNT; f++)
        if (!document_facet(tx, &w->scope, w->arena, &in->filter, (Facet)f, &in->lists[f], err))
            return false;
    return true;
}

static void expect_same(const FacetList *rows, const FacetList *table, Facet facet, int round)
{
    cr_assert_eq(rows->count, table->count, "round %d, %s", round, facet_name(facet));
    for (size_t i = 0; i < rows->count; i++)
        cr_assert(rows->at[i].count == table->at[i].count &&
                      str_equal(rows->at[i].value, table->at[i].value) &&
                      str_equal(rows->at[i].title, table->at[i].title),
                  "round %d, %s: value %zu", round, facet_name(facet), i);
}

/* Each change is committed right before they are counted. */
TEST_BOTH(search, facets_of_conditions_are_at_once_those_of_the_database)
{
    World w;
    Error err = { 0 };
    world_open(&w, url);
    Many many = { .w = &w, .random = 3 };
    cr_assert(many_add(&many, &err), "%s", err.message);
    cr_assert(document_tables_wait(w.searcher->tables, &w.scope, WAIT_MS));
    for (int round = 0; round < DOCUMENTS; round++) {
        SearchRequest request = { .query = S(" "), .words = S(" ") };
        request.formats = many_formats(&many, 2);
        Counting in = { .many = &many, .filter = { .formats = request.formats } };
        cr_assert(many_change(&many, round, &err), "%s", err.message);
        cr_assert(store_read(w.db, &w.scope, count_by_rows, &in, &err), "%s", err.message);
        SearchFacets facets = facets_of(&w, request);
        for (size_t f = 0; f < FACET_COUNT; f++)
            expect_same(&in.lists[f], &facets.lists[f], (Facet)f, round);
    }
    world_close(&w);
}

Test(search, years_of_facets_are_those_of_the_calendar)
{
    static const struct {
        int64_t date_ms;
        const char *year;
    } cases[] = {
        { 0, "1970" },
        { -1, "1969" },
        { 951782400000, "2000" }, /* 29 February */
        { 978307199999, "2000" },
        { 978307200000, "2001" },
        { -2208988800001, "1899" },
        { -2208988800000, "1900" },
        { -62135596800000, "0001" },
        { 253402300799999, "9999" },
        { 253402300800000, NULL },
        { -62135596800001, NULL },
    };
    NumberRange range = { 0, 1 };
    uint64_t bits = 1;
    for (size_t i = 0; i < COUNT(cases); i++) {
        Arena *arena = arena_new(MB(16));
        DocumentTable *table = document_table_new();
        DocumentColumns document = { .id = S("019a0000-0000-7000-8000-000000000001"),
                                     .ranges = { &range, 1 },
                                     .date_ms = cases[i].date_ms };
        document_table_put(table, &document);
        document_table_settle(table);
        FacetCounts counts = document_facets_of_chunks(table, arena, &(ChunkBits){ &bits, 64 });
        const FacetList *years = &counts.lists[FACET_year];
        cr_expect_eq(counts.documents, 1);
        cr_expect_eq(years->count, cases[i].year != NULL, "case %zu", i);
        cr_expect(!years->count || str_is(years->at[0].value, cases[i].year), "case %zu", i);
        document_table_free(table);
        arena_free(arena);
    }
}

TEST_BOTH(search, facets_of_too_many_documents_for_memory_are_those_of_the_conditions)
{
    World w;
    world_open(&w, url);
    w.searcher->tables->bytes_max = 1;
    SearchFacets facets = facets_of(&w, (SearchRequest){ .query = S("glaciers"), .limit = 1 });
    cr_expect(facets.documents == -1 && has(&facets.lists[FACET_type], "text", 3));
    facets = facets_of(&w, (SearchRequest){ .query = S("glaciers"), .name = S("short") });
    cr_expect(facets.documents == -1 && has(&facets.lists[FACET_type], "text", 1));
    world_close(&w);
}
