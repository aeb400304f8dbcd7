/* document_match_test.c - filters in memory let through what filters in the database do. */
#include "search/document_match.h"

#include "db/fixture_test.h"
#include "search/many_test.h"
#include "search/search_int.h"

#define WAIT_MS 20000

static void draw_condition(Many *many, DocumentCondition *condition)
{
    Arena *arena = many->w->arena;
    *condition = (DocumentCondition){ .test = (DocumentTest)many_draw(many, TEST_FACT + 1),
                                      .is_negated = many_draw(many, 3) == 0 };
    condition->from = (int64_t)many_draw(many, 1000);
    condition->to = condition->from + (int64_t)many_draw(many, 600);
    Str *text = arena_new_array(arena, Str, 2);
    StrList two = { text, 2 };
    switch (condition->test) {
    case TEST_NAME: two = (StrList){ text, 1 }, text[0] = S("LETTER"); break;
    case TEST_WITHIN: two = (StrList){ text, 1 }, text[0] = S("8 report"); break;
    case TEST_FORMAT: text[0] = S("pdf"), text[1] = S("html"); break;
    case TEST_TAG: text[0] = S("rock"), text[1] = S("nowhere"); break;
    case TEST_COLLECTION: text[0] = S("shelf 2"), text[1] = S("none"); break;
    case TEST_LANGUAGE: text[0] = S("de"), text[1] = S("fr"); break;
    default: break;
    }
    condition->texts = two;
    if (condition->test == TEST_ADDED)
        condition->from = 0, condition->to = INT64_MAX;
    condition->fact = many_fact(many);
}

static SearchRequest draw_request(Many *many)
{
    Arena *arena = many->w->arena;
    SearchRequest request = { .query = S("words"), .limit = 10 };
    size_t count = many_draw(many, 4);
    DocumentClause *clauses = arena_new_array(arena, DocumentClause, count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t conditions = 1 + many_draw(many, 2);
        DocumentCondition *at = arena_new_array(arena, DocumentCondition, conditions);
        for (size_t n = 0; n < conditions; n++)
            draw_condition(many, &at[n]);
        clauses[i] = (DocumentClause){ at, conditions };
    }
    request.clauses = clauses;
    request.clause_count = count;
    if (many_draw(many, 4) == 0)
        request.tags = many_tags(many, 2);
    if (many_draw(many, 4) == 0)
        request.formats = many_formats(many, 2);
    if (many_draw(many, 4) == 0)
        request.collections = (StrList){ many->collections, 1 };
    if (many_draw(many, 4) == 0)
        request.after_ms = 300, request.before_ms = many_draw(many, 2) ? 800 : 0;
    if (many_draw(many, 6) == 0)
        request.name = S("ette");
    if (!search_has_conditions(&request))
        request.name = S("rep");
    return request;
}

static void expect_same(Many *many, const SearchRequest *request, int round)
{
    World *w = many->w;
    Error err = { 0 };
    ChunkBits rows, table;
    cr_assert(search_allow_by_rows(w->searcher, &w->scope, w->arena, request, &rows, &err), "%s",
              err.message);
    cr_assert(search_allow(w->searcher, &w->scope, w->arena, request, &table, &err), "%s",
              err.message);
    for (uint64_t i = 0; i < MAX(rows.bit_count, table.bit_count); i++) {
        NumberRange one = { (int64_t)i, 1 };
        cr_assert_eq(chunk_bits_meet(&rows, &one), chunk_bits_meet(&table, &one),
                     "round %d, chunk %" PRIu64, round, i);
    }
}

/* The newest of them, in the same order. */
static void expect_same_order(Many *many, const SearchRequest *request, int round)
{
    World *w = many->w;
    SearchRequest list = *request, by_rows;
    list.query = STR_NONE;
    Str all[DOCUMENTS + COUNT(w->ids)];
    memcpy(all, many->ids, sizeof many->ids);
    memcpy(all + DOCUMENTS, w->ids, sizeof w->ids);
    by_rows = list;
    by_rows.documents = (StrList){ all, COUNT(all) }; /* are asked for in the database */
    SearchResults table = world_search(w, list), rows = world_search(w, by_rows);
    cr_assert(table.count == rows.count && table.total == rows.total, "round %d", round);
    for (size_t i = 0; i < rows.count; i++)
        cr_assert_eq(table.at[i].row.chunk.number, rows.at[i].row.chunk.number, "round %d: %zu",
                     round, i);
}

/* Each change is committed right before the filter is asked. */
TEST_BOTH(search, filters_in_memory_say_at_once_what_the_database_says)
{
    World w;
    Error err = { 0 };
    world_open(&w, url);
    Many many = { .w = &w, .random = 7 };
    cr_assert(many_add(&many, &err), "%s", err.message);
    cr_assert(document_tables_wait(w.searcher->tables, &w.scope, WAIT_MS));
    for (int round = 0; round < DOCUMENTS; round++) {
        SearchRequest request = draw_request(&many);
        cr_assert(round % 3 == 1 || many_change(&many, round, &err), "%s", err.message);
        expect_same(&many, &request, round);
        expect_same_order(&many, &request, round);
    }
    world_close(&w);
}

TEST_BOTH(search, a_table_is_another_workspaces_never)
{
    World w;
    Error err = { 0 };
    ChunkBits allowed;
    SearchRequest request = { .query = S("words"), .formats = { (Str[]){ S("text") }, 1 } };
    world_open(&w, url);
    Scope other = w.scope;
    cr_assert(document_tables_wait(w.searcher->tables, &w.scope, WAIT_MS));
    other.workspace = S("other");
    NumberRange all = { 0, 1000 };
    cr_assert(search_allow(w.searcher, &w.scope, w.arena, &request, &allowed, &err));
    cr_expect(chunk_bits_meet(&allowed, &all));
    cr_assert(search_allow(w.searcher, &other, w.arena, &request, &allowed, &err));
    cr_expect(!chunk_bits_meet(&allowed, &all));
    world_close(&w);
}
