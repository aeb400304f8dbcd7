#include <criterion/criterion.h>
#include <math.h>

#include "encode/encoder.h"
#include "encode/model.h"
#include "encode/tiny_model.h"

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(64)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(encode_model, .init = open_arena, .fini = close_arena);

static const Kernels *const sets[] = { &kernels_avx512, &kernels_avx2, &kernels_plain };

static const char *const texts[] = {
    "the water pump must be inspected every six months",
    "",
    "by a person who has read this manual.",
    "pumps, pumps, pumps, pumps and checked pumping inspected by a person who has read the manual, "
    "every six months the water pump must be checked by a person who has read this manual, the the "
    "the the the the the the the the the the the the the the the the the the the the the the",
    "unknown zebra",
    "the",
};
enum { TEXTS = COUNT(texts) };

static Encoder *open_tiny(const char *folder, const Kernels *kernels)
{
    Encoder *encoder = NULL;
    Error err = { 0 };
    EncoderOptions options = { .kernels = kernels };
    cr_assert(encoder_open(folder, &options, &encoder, &err), "%s", err.message);
    return encoder;
}

static void embed(Encoder *encoder, const Str *some, size_t count, float *out)
{
    Error err = { 0 };
    cr_assert(encoder_embed(encoder, some, count, 0, out, &err), "%s", err.message);
}

Test(encode_model, vectors_have_length_one_and_agree_between_kernels)
{
    const char *folder = tiny_model_write(arena, NULL);
    float expected[TEXTS][TINY_WIDTH], out[TEXTS][TINY_WIDTH];
    Str all[TEXTS];
    for (size_t i = 0; i < TEXTS; i++)
        all[i] = str(texts[i]);
    for (size_t s = COUNT(sets); s-- > 0;) {
        if (!kernels_supported(sets[s]))
            continue;
        Encoder *encoder = open_tiny(folder, sets[s]);
        cr_assert_eq(encoder_dims(encoder), TINY_WIDTH);
        embed(encoder, all, TEXTS, s == COUNT(sets) - 1 ? expected[0] : out[0]);
        encoder_free(encoder);
        for (size_t i = 0; s + 1 < COUNT(sets) && i < TEXTS; i++)
            for (size_t k = 0; k < TINY_WIDTH; k++)
                cr_assert_float_eq(out[i][k], expected[i][k], 1e-5, "%s", sets[s]->name);
    }
    for (size_t i = 0; i < TEXTS; i++) {
        double square = 0;
        for (size_t k = 0; k < TINY_WIDTH; k++)
            square += (double)expected[i][k] * expected[i][k];
        cr_assert_float_eq(square, 1, 1e-5);
    }
    tiny_model_remove(folder);
}

Test(encode_model, a_vector_has_the_same_bytes_in_any_batch)
{
    const char *folder = tiny_model_write(arena, NULL);
    enum { MANY = 60 };
    for (size_t s = 0; s < COUNT(sets); s++) {
        float alone[TEXTS][TINY_WIDTH], batch[MANY][TINY_WIDTH];
        Str many[MANY];
        if (!kernels_supported(sets[s]))
            continue;
        Encoder *encoder = open_tiny(folder, sets[s]);
        for (size_t i = 0; i < TEXTS; i++) {
            Str one = str(texts[i]);
            embed(encoder, &one, 1, alone[i]);
        }
        for (size_t i = 0; i < MANY; i++)
            many[i] = str(texts[i * 5 % 7 % TEXTS]);
        embed(encoder, many, MANY, batch[0]);
        for (size_t i = 0; i < MANY; i++)
            cr_assert_arr_eq(batch[i], alone[i * 5 % 7 % TEXTS], sizeof batch[i], "%s: text %zu",
                             sets[s]->name, i);
        encoder_free(encoder);
    }
    tiny_model_remove(folder);
}

Test(encode_model, the_limit_of_tokens_is_checked_and_kept)
{
    const char *folder = tiny_model_write(arena, NULL);
    Encoder *encoder = open_tiny(folder, NULL);
    float cut[TINY_WIDTH], short_one[TINY_WIDTH];
    Str text = S("the water pump must be"), start = S("the water");
    Error err = { 0 };
    cr_assert(encoder_embed(encoder, &text, 1, 4, cut, &err));
    cr_assert(encoder_embed(encoder, &start, 1, 4, short_one, &err));
    cr_assert_arr_eq(cut, short_one, sizeof cut);
    cr_assert(!encoder_embed(encoder, &text, 1, 1, cut, &err));
    cr_assert(!encoder_embed(encoder, &text, 1, TINY_POSITIONS + 1, cut, &err));
    cr_assert_eq(err.code, ERROR_INVALID);
    encoder_free(encoder);
    tiny_model_remove(folder);
}

Test(encode_model, damaged_models_are_refused_with_a_reason)
{
    static const struct {
        TinyDamage damage;
        const char *reason;
    } cases[] = {
        { { .leave_out = "encoder.layer.1.output.dense.bias" }, "output.dense.bias' is missing" },
        { { .reshape = "encoder.layer.0.intermediate.dense.weight" }, "shape 80 x 32" },
        { { .reshape = "embeddings.word_embeddings.weight" }, "not 32 wide" },
        { { .not_a_number = "encoder.layer.1.attention.self.key.weight" }, "not a number" },
        { { .cut_bytes = 1 }, "outside" },
        { { .cut_bytes = 50000 }, "outside" },
        { { .extra_words = 100 }, "vocab.txt has 128 entries" },
        { { .config = "{\"hidden_act\":\"relu\"}" }, "hidden_act" },
        { { .config = "{\"model_type\":\"gpt2\"}" }, "model_type" },
        { { .config = "{\"num_hidden_layers\":1000000}" }, "num_hidden_layers" },
        { { .config = "{\"hidden_size\":100,\"num_attention_heads\":3}" }, "multiple" },
        { { .config = "{\"hidden_size\":NaN}" }, "JSON" },
        { { .config = "{}" }, "shape" }, /* then the sizes are MiniLM's */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *folder = tiny_model_write(arena, &cases[i].damage);
        Encoder *encoder = NULL;
        Error err = { 0 };
        cr_assert(!encoder_open(folder, NULL, &encoder, &err), "case %zu", i);
        cr_assert_null(encoder);
        cr_assert(strstr(err.message, cases[i].reason), "case %zu: %s", i, err.message);
        tiny_model_remove(folder);
    }
}

Test(encode_model, a_damaged_word_table_gives_zeros_not_nonsense)
{
    const char *folder = tiny_model_write(
        arena, &(TinyDamage){ .not_a_number = "embeddings.word_embeddings.weight" });
    Encoder *encoder = open_tiny(folder, NULL);
    Str pad = S("[PAD]");
    float out[TINY_WIDTH];
    embed(encoder, &pad, 1, out);
    for (size_t i = 0; i < TINY_WIDTH; i++)
        cr_assert_eq(out[i], 0);
    encoder_free(encoder);
    tiny_model_remove(folder);
}

Test(encode_model, the_name_is_that_of_folder_and_bytes)
{
    const char *folder = tiny_model_write(arena, NULL);
    char name[MODEL_NAME_MAX], again[MODEL_NAME_MAX];
    Error err = { 0 };
    cr_assert(model_identify(folder, name, &err), "%s", err.message);
    cr_assert_not_null(strstr(name, "lectern-tiny-"));
    cr_assert_eq(strlen(strchr(name, '/') + 1), 8);
    cr_assert(model_identify(str_format(arena, "%s/", folder).at, again, &err));
    cr_assert_str_eq(name, again);
    tiny_model_remove(folder);
    cr_assert(!model_identify(folder, name, &err));
}
