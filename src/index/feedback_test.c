/* feedback_test.c - words of the best results join a query. */
#include <criterion/criterion.h>
#include <math.h>

#include "index/feedback.h"

static float weight_of(const Query *query, const char *text)
{
    float weight = 0;
    for (size_t i = 0; i < query->terms.count; i++)
        if (str_is(query->terms.at[i].text, text))
            weight += query->terms.at[i].weight;
    return weight;
}

static float weight_of_all(const Query *query)
{
    float weight = 0;
    for (size_t i = 0; i < query->terms.count; i++)
        weight += query->terms.at[i].weight;
    return weight;
}

/* Sixty chunks: "common" is in all, "glacier" in two. */
static Index *make_index(Arena *arena)
{
    IndexOptions options = { .folder = "/nonexistent", .identity = S("test") };
    Index *index = index_new(&options);
    for (uint64_t i = 0; i < 60; i++) {
        Str body = i < 2 ? S("common glacier moraine moraine")
                         : str_format(arena, "common other%d", (int)i);
        IndexChunk chunk = { .key = i, .body = body, .language = LANGUAGE_ENGLISH };
        index_add_chunk(index, &chunk);
    }
    index_publish(index);
    return index;
}

Test(index, words_of_the_best_results_join_the_query)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Index *index = make_index(arena);
    const FeedbackText texts[] = {
        { S("common glacier moraine moraine"), LANGUAGE_ENGLISH, 1 },
        { S("the common glacier moraine moraine"), LANGUAGE_ENGLISH, 0.5f },
    };
    Query query = index_query(index, arena, S("glacier")), before = query;
    Query fed = index_feed_back(index, arena, texts, COUNT(texts), &query);
    cr_expect_eq(query.terms.count, 1, "the query itself stays");
    cr_expect(memcmp(&before, &query, sizeof query) == 0);
    cr_expect(fabsf(weight_of_all(&fed) - 1) < 1e-5f, "the query weighs what it weighed");
    cr_expect(fabsf(weight_of(&fed, "glacier") - (0.5f + 0.5f / 3)) < 1e-5f);
    cr_expect(fabsf(weight_of(&fed, "morain") - 1.0f / 3) < 1e-5f);
    cr_expect(weight_of(&fed, "common") <= 0 && weight_of(&fed, "the") <= 0, "nearly everywhere");
    fed = index_feed_back(index, arena, NULL, 0, &query);
    cr_expect(fed.terms.count == 1 && weight_of_all(&fed) >= 1, "no results: the query");
    index_free(index);
}
