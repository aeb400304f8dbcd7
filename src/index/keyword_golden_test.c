/* keyword_golden_test.c - counts, lengths and rarities against scores of another program: the
 * golden values have k1 = 1.2, so the formula's last step is done here. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/file.h"
#include "base/json.h"
#include "index/keyword.h"
#include "index/keyword_segment.h"

#define GOLDEN "../shared/peers/search/golden/bm25.json"
#define GOLDEN_K1 1.2

static Str joined(Arena *arena, const json_t *tokens)
{
    Buf text = buf_new(arena, KB(64));
    for (size_t i = 0; i < json_array_size(tokens); i++)
        buf_addf(&text, "%s ", json_string_value(json_array_get(tokens, i)));
    return buf_str(&text);
}

static KeywordIndex *index_of(Arena *arena, Words *words, const json_t *documents, uint32_t title)
{
    KeywordIndex *index = keyword_new("/nonexistent", 1);
    for (size_t i = 0; i < json_array_size(documents); i++) {
        const json_t *from = json_array_get(documents, i);
        KeywordDocument document = { strtoul(json_string_value(json_object_get(from, "id")), NULL,
                                             10),
                                     LANGUAGE_OTHER,
                                     { { joined(arena, json_object_get(from, "title")), title },
                                       { joined(arena, json_object_get(from, "body")), 1 } } };
        keyword_add(index, words, &document);
    }
    keyword_publish(index);
    return index;
}

static void expect_scores(Arena *arena, KeywordIndex *index, const json_t *golden, double average)
{
    Query query = { 0 };
    const char *word;
    json_t *times, *terms = json_object_get(golden, "terms");
    json_object_foreach(terms, word, times) * vec_push(arena, &query.terms) =
        (QueryTerm){ .text = str(word), .weight = (float)json_integer_value(times) };
    const json_t *top = json_object_get(golden, "top");
    for (size_t i = 0; i < json_array_size(top); i++) {
        const json_t *row = json_array_get(top, i);
        uint64_t key = strtoul(json_string_value(json_array_get(row, 0)), NULL, 10);
        double expected = json_number_value(json_array_get(row, 1)), score = 0;
        KeywordExplanation why = keyword_explain(index, &query, key, arena);
        cr_expect(fabs(why.average_length - average) < 1e-9);
        double damping = GOLDEN_K1 * (0.25 + 0.75 * why.length / why.average_length);
        for (size_t t = 0; t < why.term_count; t++)
            score += why.terms[t].weight * why.terms[t].rarity * why.terms[t].frequency /
                     (why.terms[t].frequency + damping);
        cr_expect(fabs(score - expected) < 1e-4, "%" PRIu64 ": %g, not %g", key, score, expected);
    }
}

Test(index, scores_are_those_of_the_golden_values)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Error err = { 0 };
    Str bytes;
    AUTO_JSON json_t *golden = NULL;
    if (!file_exists(GOLDEN)) {
        puts("skipped: needs ../shared");
        return;
    }
    cr_assert(file_read(arena, GOLDEN, MB(16), &bytes, &err) &&
                  json_parse(bytes, MB(16), &golden, &err),
              "%s", err.message);
    const json_t *small = json_object_get(golden, "small");
    Words *words = words_new();
    for (uint32_t title = 1; title <= 2; title++) {
        const json_t *set = json_object_get(small, title == 1 ? "title_x1" : "title_x2");
        const json_t *queries = json_object_get(set, "queries");
        KeywordIndex *index = index_of(arena, words, json_object_get(small, "docs"), title);
        cr_assert_gt(json_array_size(queries), 0);
        for (size_t i = 0; i < json_array_size(queries); i++)
            expect_scores(arena, index, json_array_get(queries, i),
                          json_number_value(json_object_get(set, "avglen")));
        keyword_free(index);
    }
    words_free(words);
}
