/* document_lists_test.c - lists that memory chooses are those that the database makes. */
#include "search/document_lists.h"

#include "db/fixture_test.h"
#include "search/many_test.h"
#include "search/search_int.h"
#include "store/collections_store.h"
#include "store/document_access.h"
#include "store/people_store.h"

#define WAIT_MS 20000
#define PARTS_MAX 100

static void add_within(Many *many, DocumentFilter *filter)
{
    static const char *const texts[] = { "8 report", "letter", "nowhere" };
    DocumentCondition *condition = arena_new_one(many->w->arena, DocumentCondition);
    DocumentClause *clause = arena_new_one(many->w->arena, DocumentClause);
    Str *text = arena_new_array(many->w->arena, Str, 2);
    text[0] = str(texts[many_draw(many, COUNT(texts))]);
    text[1] = many->ids[many_draw(many, DOCUMENTS)];
    *condition = (DocumentCondition){ .test = TEST_WITHIN,
                                      .texts = { text, 1 + many_draw(many, 2) },
                                      .is_negated = many_draw(many, 3) == 0 };
    *clause = (DocumentClause){ condition, 1 };
    filter->clauses = clause;
    filter->clause_count = 1;
}

static DocumentFilter draw_filter(Many *many)
{
    static const char *const texts[] = { "ice", "tree" };
    static const char *const parts[] = { "R", "_l", "zz", "another rep", "Letter", "7", "1_RE" };
    DocumentFilter filter = { 0 };
    if (many_draw(many, 3) == 0)
        filter.tag = str(texts[many_draw(many, COUNT(texts))]);
    if (many_draw(many, 3) == 0)
        filter.formats = many_formats(many, 2);
    if (many_draw(many, 4) == 0)
        filter.collection = many_draw(many, 3) ? many->collections[0] : S("none");
    if (many_draw(many, 3) == 0)
        filter.date_from_ms = 200, filter.date_to_ms = many_draw(many, 2) ? 800 : 0;
    if (many_draw(many, 5) == 0)
        filter.only_roots = true;
    if (many_draw(many, 3) == 0)
        filter.name_has = str(parts[many_draw(many, COUNT(parts))]);
    if (many_draw(many, 4) == 0) {
        FactCondition *fact = arena_new_one(many->w->arena, FactCondition);
        *fact = many_fact(many);
        filter.facts = fact;
        filter.fact_count = 1;
    }
    if (many_draw(many, 4) == 0)
        add_within(many, &filter);
    if (many_draw(many, 4) == 0)
        filter.states = 1u << (many_draw(many, 3) ? DOCUMENT_READY : DOCUMENT_INDEXING);
    return filter;
}

static DocumentViewList list_of(Many *many, const Scope *scope, const DocumentFilter *filter,
                                DocumentOrder order, bool descending, const Slice *slice,
                                bool by_rows)
{
    World *w = many->w;
    Error err = { 0 };
    DocumentViewList list;
    cr_assert(by_rows ? library_list(w->library, scope, w->arena, filter, order, descending, slice,
                                     &list, &err)
                      : search_documents(w->searcher, scope, w->arena, filter, order, descending,
                                         slice, &list, &err),
              "%s", err.message);
    return list;
}

/* No index gives a tag and a format in an order: memory chooses. */
static void expect_chosen(Many *many, const Scope *scope, const DocumentFilter *filter,
                          DocumentOrder order, bool descending, const Slice *slice)
{
    Error err = { 0 };
    DocumentChoice choice;
    bool is_chosen;
    cr_assert(search_choose_documents(many->w->searcher, scope, many->w->arena, filter, order,
                                      descending, slice, &choice, &is_chosen, &err),
              "%s", err.message);
    cr_assert(is_chosen || !(filter->tag.length && filter->formats.count), "%s",
              "a tag and a format are not quick by rows");
}

/* All parts, each way with the cursors of the other. */
static void expect_same_parts(Many *many, const Scope *scope, const DocumentFilter *filter,
                              int round)
{
    DocumentOrder order = (DocumentOrder)many_draw(many, DOCUMENT_BY_DATE + 1);
    bool descending = many_draw(many, 2);
    Slice slice = { .limit = 8 + (int64_t)many_draw(many, 30) };
    for (int part = 0; part < PARTS_MAX; part++) {
        DocumentViewList rows = list_of(many, scope, filter, order, descending, &slice, true);
        DocumentViewList table = list_of(many, scope, filter, order, descending, &slice, false);
        expect_chosen(many, scope, filter, order, descending, &slice);
        cr_assert(rows.count == table.count && rows.total == table.total,
                  "round %d, order %d: %zu of %" PRId64 ", not %zu of %" PRId64, round, order,
                  table.count, table.total, rows.count, rows.total);
        for (size_t i = 0; i < rows.count; i++)
            cr_assert(str_equal(rows.at[i].document.id, table.at[i].document.id),
                      "round %d, order %d, part %d: document %zu", round, order, part, i);
        cr_assert(str_equal(rows.next, table.next), "round %d, part %d", round, part);
        if (!rows.next.length)
            return;
        slice.after = part % 2 ? rows.next : table.next;
    }
    cr_assert_fail("a list without end");
}

/* Each change is committed right before the lists are made. */
TEST_BOTH(search, lists_from_memory_are_at_once_those_of_the_database)
{
    World w;
    Error err = { 0 };
    world_open(&w, url);
    Many many = { .w = &w, .random = 11 };
    search_set_listed_from(w.searcher, 0);
    cr_assert(many_add(&many, &err), "%s", err.message);
    cr_assert(document_tables_wait(w.searcher->tables, &w.scope, WAIT_MS));
    for (int round = 0; round < DOCUMENTS; round++) {
        DocumentFilter filter = draw_filter(&many);
        cr_assert(round % 3 == 1 || many_change(&many, round, &err), "%s", err.message);
        expect_same_parts(&many, &w.scope, &filter, round);
    }
    world_close(&w);
}

static bool restrict_some(DbTx *tx, void *argument, Error *err)
{
    const Many *many = argument;
    const Scope *scope = &many->w->scope;
    for (int i = 0; i < DOCUMENTS; i += 4)
        if (i % 10 != 9 &&
            !access_restrict(tx, scope, GUARDED_DOCUMENT, many->ids[i], NULL, 0, err))
            return false;
    return access_restrict(tx, scope, GUARDED_COLLECTION, many->collections[1], NULL, 0, err);
}

TEST_BOTH(search, lists_from_memory_have_what_the_person_or_key_sees_alone)
{
    World w;
    Error err = { 0 };
    world_open(&w, url);
    Many many = { .w = &w, .random = 5 };
    search_set_listed_from(w.searcher, 0);
    cr_assert(many_add(&many, &err), "%s", err.message);
    cr_assert(document_tables_wait(w.searcher->tables, &w.scope, WAIT_MS));
    cr_assert(store_write(w.db, &w.scope, restrict_some, &many, &err), "%s", err.message);
    Scope reader = w.scope, key = w.scope, auditor = w.scope;
    reader.user = S("somebody else");
    reader.role = ROLE_READER;
    auditor.user = S("an auditor");
    auditor.role = ROLE_AUDITOR;
    key.collections = str_format(w.arena, STR_FMT " " STR_FMT, STR_ARG(many.collections[0]),
                                 STR_ARG(many.collections[1]));
    const Scope *scopes[] = { &reader, &key, &auditor, &w.scope };
    for (int round = 0; round < DOCUMENTS / 2; round++) {
        DocumentFilter filter = draw_filter(&many);
        expect_same_parts(&many, scopes[round % (int)COUNT(scopes)], &filter, round);
    }
    world_close(&w);
}
