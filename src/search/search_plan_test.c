/* search_plan_test.c - modes, and plans of several questions. */
#include <math.h>

#include "db/fixture_test.h"
#include "search/search_int.h"
#include "search/world_test.h"

Test(search_plan, modes_have_names)
{
    static const struct {
        const char *name;
        int mode; /* -1: none */
    } cases[] = { { "", SEARCH_HYBRID },
                  { "basic", SEARCH_HYBRID },
                  { "hybrid", SEARCH_HYBRID },
                  { "keyword", SEARCH_KEYWORD },
                  { "private", SEARCH_PRIVATE },
                  { "semantic", SEARCH_SEMANTIC },
                  { "deepest", -1 },
                  { "Hybrid", -1 } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        SearchMode mode;
        Error err = { 0 };
        bool ok = search_mode_named(str(cases[i].name), &mode, &err);
        cr_expect_eq(ok, cases[i].mode >= 0, "%s", cases[i].name);
        cr_expect(ok ? (int)mode == cases[i].mode
                     : str_find(str(err.message), S("creative or uncensored")) > 0 &&
                           str_find(str(err.message), S("(also called basic)")) > 0);
    }
}

Test(search_plan, a_mode_that_lacks_something_says_so_by_name)
{
    Error err = { 0 };
    cr_expect(search_mode_check(SEARCH_SEMANTIC, true, &err));
    cr_expect(search_mode_check(SEARCH_HYBRID, false, &err));
    cr_expect(!search_mode_check(SEARCH_SEMANTIC, false, &err));
    cr_expect(err.code == ERROR_UNSUPPORTED && str_find(str(err.message), S("mode semantic")) > 0);
}

static IndexHit hit(uint64_t key, float score)
{
    return (IndexHit){ .key = key, .score = score, .shares[SHARE_KEYWORD] = score };
}

Test(search_plan, a_passage_counts_as_where_it_is_better)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    IndexHit hits[4];
    const IndexHit first[] = { hit(1, 1), hit(2, 0.5f), hit(3, 0.1f) };
    const IndexHit second[] = { hit(3, 1), hit(4, 0.9f), hit(1, 0.2f) };
    size_t count = search_fuse(arena, hits, 0, first, 3, 1, 4);
    cr_assert_eq(count, 3);
    count = search_fuse(arena, hits, count, second, 3, 0.8f, 4);
    static const struct {
        uint64_t key;
        float score;
    } expected[] = { { 1, 1 }, { 3, 0.8f }, { 4, 0.72f }, { 2, 0.5f } };
    cr_assert_eq(count, COUNT(expected));
    for (size_t i = 0; i < count; i++) {
        cr_expect(hits[i].key == expected[i].key &&
                  fabsf(hits[i].score - expected[i].score) < 1e-6f);
        cr_expect(fabsf(hits[i].shares[SHARE_KEYWORD] - hits[i].score) < 1e-6f);
    }
    cr_expect_eq(search_fuse(arena, hits, 3, second, 3, 1, 2), 2, "no more than there is room for");
}

typedef struct Watched {
    size_t steps, stop_after;
} Watched;

static void count_step(void *self, const SearchStep *step)
{
    (void)step;
    ((Watched *)self)->steps++;
}

static bool is_enough(void *self)
{
    const Watched *watched = self;
    return watched->steps >= watched->stop_after;
}

static const SearchLeg questions[] = {
    { .words = S_INIT("violin strings"), .looks_for = FOR_WORDS },
    { .words = S_INIT("deep valleys"), .looks_for = FOR_BOTH, .weight = 0.9 },
    { .words = S_INIT("nothing of the kind"), .looks_for = FOR_WORDS, .weight = 0.5 },
};

TEST_BOTH(search_plan, three_questions_are_one_search)
{
    World w;
    world_open(&w, url);
    Watched watched = { .stop_after = 100 };
    SearchResults results =
        world_search(&w, (SearchRequest){ .query = S("music in the mountains"),
                                          .legs = questions,
                                          .leg_count = COUNT(questions),
                                          .watch = { count_step, is_enough, &watched } });
    cr_expect_eq(world_rank(&results, w.ids[2]), 1, "the violin: best of the first question");
    cr_expect_eq(world_rank(&results, w.ids[1]), 2, "deep valleys: best of the second, at 0.9");
    cr_expect(fabs(results.at[1].score - 0.9) < 1e-6);
    cr_expect(results.at[0].match_count == 2 && results.at[1].match_count == 2,
              "snippets show the words of the questions");
    cr_assert(results.step_count == 4 && watched.steps == 4);
    cr_expect(results.steps[0].found == 1 && results.steps[2].found == 0);
    cr_expect(str_is(results.steps[1].query, "deep valleys"));
    cr_expect(strcmp(results.steps[3].name, "results") == 0 &&
              results.steps[3].found == (int64_t)results.count);
    world_close(&w);
}

TEST_BOTH(search_plan, a_question_may_have_conditions_of_its_own)
{
    World w;
    world_open(&w, url);
    Str name = S("other");
    DocumentCondition condition = { .test = TEST_NAME, .texts = { &name, 1 } };
    DocumentClause clause = { &condition, 1 };
    SearchLeg legs[] = { { .words = S("valleys strings"), .clauses = &clause, .clause_count = 1 },
                         { .words = S("slowly") } };
    SearchResults results = world_search(
        &w, (SearchRequest){ .query = S("x"), .legs = legs, .leg_count = COUNT(legs) });
    cr_expect_eq(results.count, 2);
    cr_expect(world_rank(&results, w.ids[2]) && world_rank(&results, w.ids[1]));
    world_close(&w);
}

TEST_BOTH(search_plan, a_search_stops_between_its_steps)
{
    World w;
    Error err = { 0 };
    SearchResults results;
    world_open(&w, url);
    Watched watched = { .stop_after = 2 };
    SearchRequest request = { .query = S("x"),
                              .legs = questions,
                              .leg_count = COUNT(questions),
                              .limit = 10,
                              .is_remembered = true,
                              .watch = { count_step, is_enough, &watched } };
    cr_expect(!search_run(w.searcher, &w.scope, w.arena, &request, &results, &err));
    cr_expect(err.code == ERROR_CANCELLED && watched.steps == 2);
    world_close(&w);
}

TEST_BOTH(search_plan, a_private_search_is_remembered_nowhere)
{
    World w;
    world_open(&w, url);
    SearchResults results = world_search(
        &w,
        (SearchRequest){ .query = S("valleys"), .mode = SEARCH_PRIVATE, .is_remembered = true });
    cr_expect(results.count > 0 && !results.search_id.length);
    cr_expect_eq(world_history(&w).count, 0);
    world_close(&w);
}

TEST_BOTH(search_plan, feedback_finds_what_the_best_results_speak_of)
{
    World w;
    world_open(&w, url);
    SearchRequest request = { .query = S("slowly"), .mode = SEARCH_KEYWORD };
    cr_expect_eq(world_search(&w, request).count, 1);
    request.feeds_back = true;
    SearchResults results = world_search(&w, request);
    cr_expect(world_rank(&results, w.ids[1]) == 1 && world_rank(&results, w.ids[2]) == 0);
    world_close(&w);
}

TEST_BOTH(search_plan, a_mode_with_a_plan_says_what_it_asked)
{
    World w;
    world_open(&w, url);
    static const Str parts[] = { S_INIT("violin strings"), S_INIT("deep valleys") };
    Watched watched = { .stop_after = 100 };
    SearchResults results =
        world_search(&w, (SearchRequest){ .query = S("strings and valleys"),
                                          .mode = SEARCH_SUPER_DEEP,
                                          .parts = { parts, 2 },
                                          .watch = { count_step, is_enough, &watched } });
    cr_assert_eq(results.plan.questions.count, 2);
    cr_expect(str_is(results.plan.made_by, "rules"));
    cr_assert(results.step_count >= 6 && watched.steps == results.step_count);
    cr_expect_str_eq(results.steps[0].name, "plan");
    cr_expect_str_eq(results.steps[1].name, "look");
    cr_expect(world_rank(&results, w.ids[2]) && world_rank(&results, w.ids[1]));
    results = world_search(&w, (SearchRequest){ .query = S("violin") });
    cr_expect_eq(results.plan.made_by.length, 0, "a mode without a plan has none");
    world_close(&w);
}

TEST_BOTH(search_plan, a_plan_can_be_stopped)
{
    World w;
    world_open(&w, url);
    Error err = { 0 };
    Watched watched = { .stop_after = 1 };
    SearchResults results;
    SearchRequest request = { .query = S("violin strings"),
                              .mode = SEARCH_DEEP,
                              .limit = 10,
                              .watch = { count_step, is_enough, &watched } };
    cr_expect(!search_run(w.searcher, &w.scope, w.arena, &request, &results, &err) &&
              err.code == ERROR_CANCELLED);
    cr_expect_eq(watched.steps, 1);
    world_close(&w);
}

static SearchHit passage_of(const char *document, const char *collection, double score)
{
    SearchHit hit = { .score = score };
    hit.row.chunk.document = str(document);
    hit.row.chunk.text = str(document);
    hit.row.collection = str(collection);
    return hit;
}

Test(search_plan, diverse_results_come_from_many_places)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    SearchHit hits[] = { passage_of("a", "x", 1), passage_of("a", "x", 0.99),
                         passage_of("b", "x", 0.9), passage_of("c", "y", 0.6) };
    SearchResults results = { .at = hits, .count = COUNT(hits) };
    Searcher searcher = { 0 };
    search_diversify(&searcher, arena, &results, 3);
    cr_assert_eq(results.count, 3);
    cr_expect(str_is(results.at[0].row.chunk.document, "a") && results.at[0].score == 1);
    cr_expect(str_is(results.at[1].row.chunk.document, "c"), "another collection comes next");
    cr_expect(str_is(results.at[2].row.chunk.document, "b"), "and then another document");
}
