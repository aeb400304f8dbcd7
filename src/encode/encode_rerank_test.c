#include "encode/encode_rerank.h"

#include <criterion/criterion.h>
#include <math.h>

#include "encode/tiny_model.h"

static const Str query = S_INIT("the water pump");
static const Str passages[] = {
    S_INIT("the pump must be inspected every six months by a person who has read this manual."),
    S_INIT("water"),
    S_INIT("check the manual, check the pumps"),
    S_INIT("nobody knows"),
};

static void open_tiny(Arena *arena, bool scores_pairs, const char **folder_r, Reranker **reranker_r)
{
    EncoderOptions options = { .precision = PRECISION_FP32 };
    *folder_r = tiny_model_write(arena, &(TinyDamage){ .scores_pairs = scores_pairs });
    *reranker_r = reranker_new(*folder_r, &options);
}

static void close_tiny(const char *folder, Reranker *reranker)
{
    reranker_free(reranker);
    tiny_model_remove(folder);
}

/* The expected values are those of transformers' BertForSequenceClassification with the same
 * weights and ids. */
Test(encode_rerank, scores_are_those_of_the_reference_alone_and_together)
{
    static const float expected[COUNT(passages)] = { 0.4534558f, 0.4548770f, 0.4168172f,
                                                     0.4641219f };
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Reranker *reranker;
    const char *folder;
    float scores[COUNT(passages)], alone;
    size_t scored;
    Error err = { 0 };
    open_tiny(arena, true, &folder, &reranker);
    RerankCall call = { .query = query,
                        .passages = passages,
                        .count = COUNT(passages),
                        .tokens_max = 64,
                        .scores = scores };
    cr_assert(encode_rerank(reranker, &call, &scored, &err), "%s", err.message);
    cr_assert_eq(scored, COUNT(passages));
    for (size_t i = 0; i < COUNT(passages); i++) {
        RerankCall one = call;
        one.passages = &passages[i];
        one.count = 1;
        one.scores = &alone;
        cr_assert(encode_rerank(reranker, &one, &scored, &err), "%s", err.message);
        cr_assert_eq(alone, scores[i], "passage %zu", i);
        cr_assert_float_eq(scores[i], expected[i], 1e-5, "passage %zu: %.7f", i, (double)scores[i]);
    }
    close_tiny(folder, reranker);
}

Test(encode_rerank, ends_when_its_tokens_or_time_are_used_up)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    static Str many[400];
    static float scores[COUNT(many)];
    Reranker *reranker;
    const char *folder;
    size_t scored;
    Error err = { 0 };
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = passages[0];
    open_tiny(arena, true, &folder, &reranker);
    RerankCall call = { .query = query,
                        .passages = many,
                        .count = COUNT(many),
                        .tokens_max = 64,
                        .tokens_all = 200,
                        .scores = scores };
    cr_assert(encode_rerank(reranker, &call, &scored, &err), "%s", err.message);
    cr_assert_gt(scored, 0);
    cr_assert_leq(scored, 200 / 16 + 8);
    call.tokens_all = 0;
    call.time_ms = 1;
    cr_assert(encode_rerank(reranker, &call, &scored, &err), "%s", err.message);
    cr_assert_lt(scored, COUNT(many));
    close_tiny(folder, reranker);
}

Test(encode_rerank, a_model_of_vectors_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Reranker *reranker;
    const char *folder;
    float score;
    size_t scored;
    Error err = { 0 };
    open_tiny(arena, false, &folder, &reranker);
    RerankCall call = { .query = query, .passages = passages, .count = 1, .scores = &score };
    cr_assert(!encode_rerank(reranker, &call, &scored, &err));
    cr_assert_geq(str_find(str(err.message), S("scores pairs")), 0, "%s", err.message);
    close_tiny(folder, reranker);
}
