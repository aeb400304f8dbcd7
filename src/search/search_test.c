/* search_test.c - a small library, searched. */
#include <math.h>

#include "db/fixture_test.h"
#include "search/choose.h"
#include "search/world_test.h"

TEST_BOTH(search, one_long_document_does_not_crowd_others_out)
{
    World w;
    world_open(&w, url);
    SearchResults results = world_search(&w, (SearchRequest){ .query = S("glaciers") });
    cr_expect_eq(results.count, 10, "what was put off fills the rest");
    cr_expect_leq(world_rank(&results, w.ids[1]), SEARCH_SAME_DOCUMENT + 1);
    results = world_search(&w, (SearchRequest){ .query = S("glaciers"), .limit = 13 });
    cr_expect_eq(results.count, 13, "nothing is lost");
    results =
        world_search(&w, (SearchRequest){ .query = S("glaciers"), .documents = { w.ids, 2 } });
    cr_expect_eq(world_rank(&results, w.ids[1]), 0, "a filter that names documents: as they score");
    world_close(&w);
}

TEST_BOTH(search, copies_are_folded_and_documents_grouped_where_asked)
{
    World w;
    world_open(&w, url);
    SearchResults results =
        world_search(&w, (SearchRequest){ .query = S("glaciers"), .folds_copies = true });
    cr_assert_eq(results.count, 2, "one of long.txt, one of short.txt");
    const SearchHit *folded = &results.at[world_rank(&results, w.ids[0]) - 1];
    cr_expect_eq(folded->copy_count, 11);
    cr_expect(str_equal(folded->copies[0]->chunk.document, w.ids[0]));
    results = world_search(&w, (SearchRequest){ .query = S("glaciers"), .by_document = true });
    cr_assert_eq(results.count, 2);
    cr_expect_eq(results.at[world_rank(&results, w.ids[0]) - 1].passage_count, CHOSEN_PASSAGES_MAX);
    cr_expect_eq(results.at[world_rank(&results, w.ids[1]) - 1].passage_count, 0);
    world_close(&w);
}

/* A leg's share is the product of what is said of it, and its terms add up to the keyword leg. */
static void expect_legs_multiply(const SearchExplanation *explanation)
{
    cr_assert(explanation->leg_count > 0);
    for (size_t i = 0; i < explanation->leg_count; i++) {
        const SearchLegShare *leg = &explanation->legs[i];
        double terms = 0, score = 0;
        cr_expect(fabs(leg->kept * leg->weight * leg->normal - leg->value) < 1e-5);
        if (strcmp(leg->name, "keyword") != 0)
            continue;
        cr_assert(explanation->term_count > 0);
        for (size_t n = 0; n < explanation->term_count; n++) {
            cr_expect(explanation->terms[n].word.length > 0);
            terms += explanation->terms[n].value;
            score += explanation->terms[n].how.score;
        }
        cr_expect(fabs(terms - leg->value) < 1e-5 && fabs(score - leg->score) < 1e-3);
    }
}

TEST_BOTH(search, scores_are_the_sums_of_their_shares)
{
    World w;
    world_open(&w, url);
    static const double fresh[] = { 0, 0.5, 1 };
    for (size_t f = 0; f < COUNT(fresh); f++) {
        SearchResults results = world_search(&w, (SearchRequest){ .query = S("carve deep valleys"),
                                                                  .fresh = fresh[f],
                                                                  .explains = true });
        cr_assert(results.count > 0);
        for (size_t i = 0; i < results.count; i++) {
            double sum = 0, young = 0;
            const SearchExplanation *explanation = results.at[i].explanation;
            for (size_t n = 0; n < explanation->share_count; n++) {
                const SearchShare *share = &explanation->shares[n];
                sum += share->value;
                young += strcmp(share->name, "FRESH") == 0 ? share->value : 0;
            }
            cr_expect(fabs(sum - results.at[i].score) < 1e-5 && sum <= 1.0001);
            cr_expect(fabs(young - fresh[f]) < 0.01, "added just now");
            expect_legs_multiply(explanation);
        }
        cr_expect(fresh[f] == 1 || str_equal(results.at[0].row.chunk.document, w.ids[1]));
    }
    world_close(&w);
}

TEST_BOTH(search, filters_and_what_is_being_typed)
{
    World w;
    world_open(&w, url);
    SearchResults results =
        world_search(&w, (SearchRequest){ .query = S("valleys"), .name = S("short") });
    cr_expect(results.count == 1 && world_rank(&results, w.ids[1]) == 1);
    results = world_search(&w, (SearchRequest){ .query = S("valleys"), .name = S("nothing") });
    cr_expect_eq(results.count, 0);
    cr_expect_eq(world_search(&w, (SearchRequest){ .query = S("viol") }).count, 0);
    results = world_search(&w, (SearchRequest){ .query = S("viol"), .is_typing = true });
    cr_assert_eq(results.count, 1);
    cr_expect(results.at[0].match_count == 1 && results.at[0].matches[0][0] == 2 &&
              results.at[0].matches[0][1] == 8);
    world_close(&w);
}

TEST_BOTH(search, a_query_that_only_excludes_lists_the_documents_without_it)
{
    World w;
    world_open(&w, url);
    static const struct {
        const char *query, *name;
        bool shows[3]; /* World.ids */
    } cases[] = {
        { "-glaciers", "", { false, false, true } },
        { "-violin", "", { true, true, false } },
        { "-violin -deep", "", { true, false, false } },
        { "-\"carve valleys\"", "", { false, true, true } },
        { "-violin", "short", { false, true, false } },
        { "-nowhere", "", { true, true, true } },
        { "-violin -carve", "", { false, false, false } },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        SearchResults results = world_search(
            &w, (SearchRequest){ .query = str(cases[i].query), .name = str(cases[i].name) });
        size_t shown = 0;
        for (size_t d = 0; d < 3; d++) {
            shown += cases[i].shows[d];
            cr_expect_eq(world_rank(&results, w.ids[d]) > 0, cases[i].shows[d], "%s: %zu",
                         cases[i].query, d);
        }
        cr_expect(results.count == shown && results.total == (int64_t)shown, "%s", cases[i].query);
        SearchRequest rest = { .query = str(cases[i].query), .name = str(cases[i].name) };
        rest.offset = 1;
        cr_expect_eq(world_search(&w, rest).count, shown ? shown - 1 : 0, "%s", cases[i].query);
    }
    world_close(&w);
}

TEST_BOTH(search, what_is_new_of_a_query_that_only_excludes_is_counted)
{
    World w;
    world_open(&w, url);
    SearchRequest request = { .query = S("-violin"), .limit = 1 };
    int64_t count;
    Error err;
    cr_assert(search_count_new(w.searcher, &w.scope, w.arena, &request, 0, &count, &err));
    cr_expect_eq(count, 2);
    cr_assert(search_count_new(w.searcher, &w.scope, w.arena, &request, INT64_MAX, &count, &err));
    cr_expect_eq(count, 0);
    world_close(&w);
}

TEST_BOTH(search, a_number_that_is_nowhere_is_told)
{
    World w;
    world_open(&w, url);
    static const struct {
        const char *query, *missing;
    } cases[] = {
        { "glaciers", "" },
        { "XK-99213 glaciers", "XK-99213" },
        { "glaciers 4711", "4711" },
        { "(glaciers, KB5021233)?", "KB5021233" },
        { "unknown glaciers", "" },
        { "\"XK-99213\" glaciers", "" },
        { "glaciers -XK-99213", "" },
        { "glaciers 9", "" },
        { "glaciers state-of-the-art", "" },
        { "glaciers title:4711", "" },
        { "glaciers 4711~2", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        SearchResults results = world_search(&w, (SearchRequest){ .query = str(cases[i].query) });
        cr_expect(str_is(results.missing, cases[i].missing), "%s", cases[i].query);
    }
    world_close(&w);
}

TEST_BOTH(search, what_is_remembered_is_written_behind_the_search)
{
    World w;
    world_open(&w, url);
    (void)world_search(&w, (SearchRequest){ .query = S("first"), .is_remembered = true });
    (void)world_search(
        &w, (SearchRequest){ .query = S("sec"), .is_remembered = true, .is_typing = true });
    (void)world_search(&w, (SearchRequest){ .query = S("third") });
    SearchList searches = world_history(&w);
    cr_expect(searches.count == 1 && str_is(searches.at[0].query, "first"));
    (void)world_search(&w, (SearchRequest){ .query = S("last"), .is_remembered = true });
    searcher_free(w.searcher);
    w.searcher = NULL;
    cr_expect_eq(world_history(&w).count, 2, "the end writes what waits");
    world_close(&w);
}
