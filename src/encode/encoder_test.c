#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

#include "encode/encoder.h"
#include "encode/model.h"
#include "encode/tiny_model.h"

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(64)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(encode_model, .init = open_arena, .fini = close_arena);

/* Every set in both precisions; the last is the reference of the others. */
enum { WAYS = 12 };

static const KernelSet *set_of(size_t way) { return &kernel_sets[way / 2]; }
static Precision precision_of(size_t way) { return way % 2 ? PRECISION_INT8 : PRECISION_FP32; }

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

static Encoder *open_tiny(const char *folder, const KernelSet *set, Precision precision)
{
    Encoder *encoder = NULL;
    Error err = { 0 };
    EncoderOptions options = { .set = set, .precision = precision };
    cr_assert(encoder_open(folder, &options, &encoder, &err), "%s", err.message);
    return encoder;
}

static void embed(Encoder *encoder, const Str *some, size_t count, float *out)
{
    Error err = { 0 };
    cr_assert(encoder_embed(encoder, some, count, 0, out, &err), "%s", err.message);
}

Test(encode_model, every_set_is_tried)
{
    cr_assert_eq(2 * kernel_set_count, WAYS);
    cr_assert_str_eq(set_of(WAYS - 1)->name, "plain");
}

/* Also a check that a set did what its name says. */
static void check_length(const float *vector)
{
    double square = 0;
    for (size_t k = 0; k < TINY_WIDTH; k++)
        square += (double)vector[k] * vector[k];
    cr_assert_float_eq(square, 1, 1e-5);
}

Test(encode_model, vectors_have_length_one_and_agree_between_kernels)
{
    const char *folder = tiny_model_write(arena, NULL);
    float expected[2][TEXTS][TINY_WIDTH], out[TEXTS][TINY_WIDTH];
    Str all[TEXTS];
    for (size_t i = 0; i < TEXTS; i++)
        all[i] = str(texts[i]);
    for (size_t way = WAYS; way-- > 0;) {
        bool is_reference = way >= WAYS - 2;
        /* The steps of int8 are coarse: another order of a sum may be a step of a byte. */
        double near = precision_of(way) == PRECISION_FP32 ? 1e-5 : 1e-2;
        if (!kernel_set_supported(set_of(way)))
            continue;
        Encoder *encoder = open_tiny(folder, set_of(way), precision_of(way));
        cr_assert_eq(encoder_dims(encoder), TINY_WIDTH);
        embed(encoder, all, TEXTS, is_reference ? expected[way % 2][0] : out[0]);
        for (size_t i = 0; i < TEXTS && !is_reference; i++)
            for (size_t k = 0; k < TINY_WIDTH; k++)
                cr_assert_float_eq(out[i][k], expected[way % 2][i][k], near, "%s text %zu: %g %g",
                                   encoder_kernels(encoder), i, out[i][k], expected[way % 2][i][k]);
        encoder_free(encoder);
    }
    for (size_t i = 0; i < TEXTS; i++) {
        double dot = 0;
        check_length(expected[0][i]);
        check_length(expected[1][i]);
        for (size_t k = 0; k < TINY_WIDTH; k++)
            dot += (double)expected[0][i][k] * expected[1][i][k];
        cr_assert(dot > 0.99 && dot < 1, "text %zu: cosine of int8 and fp32 %g", i, dot);
    }
    tiny_model_remove(folder);
}

Test(encode_model, a_vector_has_the_same_bytes_in_any_batch)
{
    const char *folder = tiny_model_write(arena, NULL);
    enum { MANY = 60 };
    for (size_t way = 0; way < WAYS; way++) {
        float alone[TEXTS][TINY_WIDTH], batch[MANY][TINY_WIDTH];
        Str many[MANY];
        if (!kernel_set_supported(set_of(way)))
            continue;
        Encoder *encoder = open_tiny(folder, set_of(way), precision_of(way));
        for (size_t i = 0; i < TEXTS; i++) {
            Str one = str(texts[i]);
            embed(encoder, &one, 1, alone[i]);
        }
        for (size_t i = 0; i < MANY; i++)
            many[i] = str(texts[i * 5 % 7 % TEXTS]);
        embed(encoder, many, MANY, batch[0]);
        for (size_t i = 0; i < MANY; i++)
            cr_assert_arr_eq(batch[i], alone[i * 5 % 7 % TEXTS], sizeof batch[i], "%s: text %zu",
                             encoder_kernels(encoder), i);
        encoder_free(encoder);
    }
    tiny_model_remove(folder);
}

Test(encode_model, the_limit_of_tokens_is_checked_and_kept)
{
    const char *folder = tiny_model_write(arena, NULL);
    Encoder *encoder = open_tiny(folder, NULL, PRECISION_AUTO);
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
        { { .extra_words = 100 }, "the tokenizer has 128 entries" },
        { { .config = "{\"hidden_act\":\"relu\"}" }, "hidden_act" },
        { { .config = "{\"model_type\":\"gpt2\"}" }, "model_type" },
        { { .config = "{\"num_hidden_layers\":1000000}" }, "num_hidden_layers" },
        { { .config = "{\"hidden_size\":100,\"num_attention_heads\":3}" }, "multiple" },
        { { .config = "{\"hidden_size\":NaN}" }, "JSON" },
        { { .config = "{}" }, "384 wide" }, /* then the sizes are MiniLM's */
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
    Encoder *encoder = open_tiny(folder, NULL, PRECISION_AUTO);
    Str pad = S("[PAD]");
    float out[TINY_WIDTH];
    embed(encoder, &pad, 1, out);
    for (size_t i = 0; i < TINY_WIDTH; i++)
        cr_assert_eq(out[i], 0);
    encoder_free(encoder);
    tiny_model_remove(folder);
}

/* The name of the tiny model, freshly opened, once `file` has that text (NULL: as it is). */
static const char *name_with(const char *folder, const char *file, const char *text)
{
    Error err;
    if (text)
        cr_assert(file_write(path_join(arena, str(folder), str(file)), str(text), 0600, &err));
    Encoder *encoder = open_tiny(folder, NULL, PRECISION_FP32);
    const char *name = str_copy(arena, str(encoder_model(encoder))).at;
    encoder_free(encoder);
    return name;
}

Test(encode_model, the_name_is_that_of_folder_and_bytes)
{
    const char *folder = tiny_model_write(arena, NULL);
    const char *name = name_with(folder, NULL, NULL);
    Encoder *int8 = open_tiny(str_format(arena, "%s/", folder).at, NULL, PRECISION_INT8);
    cr_assert_not_null(strstr(name, "lectern-tiny-"));
    cr_assert_eq(strlen(strchr(name, '/') + 1), 8);
    cr_assert_str_eq(name, encoder_model(int8));
    encoder_free(int8);
    tiny_model_remove(folder);
}

Test(encode_model, whatever_shapes_a_vector_is_in_the_name)
{
    const char *folder = tiny_model_write(arena, NULL);
    const char *before = name_with(folder, NULL, NULL);
    cr_assert_str_eq(name_with(folder, "README.md", "A tiny model."), before);
    const char *cased = name_with(folder, "tokenizer_config.json", "{\"do_lower_case\":false}");
    cr_assert_str_neq(cased, before);
    const char *asked = name_with(folder, "config_sentence_transformers.json",
                                  "{\"prompts\":{\"query\":\"query: \"}}");
    cr_assert_str_neq(asked, cased);
    tiny_model_remove(folder);
}

/* --- What sentence-transformers puts behind the layers --- */

enum { DENSE_OUT = 4 };

static void put_module(const char *folder, const char *file, Str bytes)
{
    Error err = { 0 };
    cr_assert(file_write(path_join(arena, str(folder), str(file)), bytes, 0600, &err), "%s",
              err.message);
}

/* The pooling, and a Dense layer of these weights unless they are NULL. */
static void put_modules(const char *folder, const char *pooling, const float *dense,
                        const char *activation)
{
    Error err = { 0 };
    cr_assert(folder_make(path_join(arena, str(folder), S("1_Pooling")), 0700, &err) &&
              folder_make(path_join(arena, str(folder), S("2_Dense")), 0700, &err));
    put_module(
        folder, "modules.json",
        str_format(arena,
                   "[{\"path\":\"\",\"type\":\"sentence_transformers.models.Transformer\"},"
                   "{\"path\":\"1_Pooling\",\"type\":\"sentence_transformers.models.Pooling\"}"
                   "%s]",
                   dense ? ",{\"path\":\"2_Dense\",\"type\":"
                           "\"sentence_transformers.models.Dense\"}"
                         : ""));
    put_module(folder, "1_Pooling/config.json",
               str_format(arena, "{\"pooling_mode_cls_token\":%s,\"pooling_mode_mean_tokens\":%s}",
                          str_is(str(pooling), "cls") ? "true" : "false",
                          str_is(str(pooling), "mean") ? "true" : "false"));
    if (!dense)
        return;
    put_module(folder, "2_Dense/config.json",
               str_format(arena,
                          "{\"in_features\":%d,\"out_features\":%d,\"bias\":false,"
                          "\"activation_function\":\"torch.nn.modules.%s\"}",
                          TINY_WIDTH, DENSE_OUT, activation));
    Buf file = buf_new(arena, KB(64));
    size_t size = DENSE_OUT * TINY_WIDTH * sizeof(float);
    Str head = str_format(arena,
                          "{\"linear.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d],"
                          "\"data_offsets\":[0,%zu]}}",
                          DENSE_OUT, TINY_WIDTH, size);
    uint64_t head_size = head.length;
    buf_add_bytes(&file, &head_size, sizeof head_size);
    buf_add(&file, head);
    buf_add_bytes(&file, dense, size);
    put_module(folder, "2_Dense/model.safetensors", buf_str(&file));
}

/* The vector of these tokens, of the tiny model with such modules; returns its length. */
static size_t vector_with(const char *pooling, const float *dense, const char *activation,
                          const uint32_t *ids, uint32_t length, float *out)
{
    const char *folder = tiny_model_write(arena, NULL);
    put_modules(folder, pooling, dense, activation);
    Encoder *encoder = open_tiny(folder, NULL, PRECISION_FP32);
    size_t dims = encoder_dims(encoder);
    encoder_run(encoder,
                &(EncoderPack){ .ids = ids, .lengths = &length, .count = 1, .outs = &out });
    encoder_free(encoder);
    tiny_model_remove(folder);
    return dims;
}

Test(encode_model, pooling_takes_the_first_state_or_the_mean_as_its_folder_says)
{
    static const uint32_t ids[] = { 2, 6, 7, 3 };
    float mean[TINY_WIDTH], first[TINY_WIDTH];
    for (uint32_t length = 1; length <= COUNT(ids); length += 3) {
        float apart = 0;
        cr_assert_eq(vector_with("mean", NULL, NULL, ids, length, mean), TINY_WIDTH);
        cr_assert_eq(vector_with("cls", NULL, NULL, ids, length, first), TINY_WIDTH);
        for (size_t k = 0; k < TINY_WIDTH; k++)
            apart = MAX(apart, fabsf(mean[k] - first[k]));
        cr_expect(length == 1 ? apart < 1e-6f : apart > 0.01f, "%u tokens: %g", length,
                  (double)apart);
    }
}

Test(encode_model, a_dense_layer_multiplies_what_was_pooled)
{
    static const uint32_t ids[] = { 2, 6, 7, 3 };
    float weights[DENSE_OUT * TINY_WIDTH], large[DENSE_OUT * TINY_WIDTH], pooled[TINY_WIDTH],
        expected[DENSE_OUT] = { 0 }, linear[TINY_WIDTH], tanh_of_large[TINY_WIDTH];
    uint64_t state = 9;
    double square = 0;
    for (size_t i = 0; i < COUNT(weights); i++) {
        weights[i] = tiny_random(&state);
        large[i] = 1e6f * weights[i];
    }
    vector_with("mean", NULL, NULL, ids, COUNT(ids), pooled);
    cr_assert_eq(vector_with("mean", weights, "linear.Identity", ids, COUNT(ids), linear),
                 DENSE_OUT);
    vector_with("mean", large, "activation.Tanh", ids, COUNT(ids), tanh_of_large);
    for (size_t i = 0; i < DENSE_OUT; i++) {
        for (size_t k = 0; k < TINY_WIDTH; k++)
            expected[i] += weights[i * TINY_WIDTH + k] * pooled[k];
        square += (double)expected[i] * expected[i];
    }
    for (size_t i = 0; i < DENSE_OUT; i++) {
        cr_expect_float_eq(linear[i], expected[i] / sqrt(square), 1e-5);
        cr_expect_float_eq(tanh_of_large[i], expected[i] > 0 ? 0.5 : -0.5, 1e-5,
                           "each is as far from 0 as it goes");
    }
}

/* --- Resting ---------------------------------------------------------------------------------- */

/* KB of the model's file that this process has in memory. */
static long mapped_kb(void)
{
    AUTO_FREE char *line = NULL;
    size_t room = 0;
    long sum = 0, kb;
    bool is_model = false;
    FILE *maps = fopen("/proc/self/smaps", "r");
    cr_assert(maps);
    while (getline(&line, &room, maps) > 0) {
        if (sscanf(line, "Rss: %ld", &kb) == 1)
            sum += is_model ? kb : 0;
        else if (strchr(line, '-') && strchr(line, '/'))
            is_model = strstr(line, "model.safetensors");
        else if (!strstr(line, ": "))
            is_model = false;
    }
    fclose(maps);
    return sum;
}

static void *rest_often(void *encoder)
{
    for (int i = 0; i < 200; i++)
        encoder_rest(encoder);
    return NULL;
}

Test(encode_model, what_rests_holds_no_words_and_gives_the_same_vectors_again)
{
    const char *folder = tiny_model_write(arena, NULL);
    Encoder *encoder = open_tiny(folder, NULL, PRECISION_FP32);
    Str some[TEXTS];
    float first[TEXTS * TINY_WIDTH], again[TEXTS * TINY_WIDTH];
    for (size_t i = 0; i < TEXTS; i++)
        some[i] = str(texts[i]);
    embed(encoder, some, TEXTS, first);
    long before = mapped_kb();
    cr_assert(before > 0);
    encoder_rest(encoder);
    cr_expect(mapped_kb() < before, "%ld of %ld KB", mapped_kb(), before);

    pthread_t thread;
    cr_assert(pthread_create(&thread, NULL, rest_often, encoder) == 0);
    for (int i = 0; i < 20; i++) {
        embed(encoder, some, TEXTS, again);
        cr_expect_arr_eq(first, again, sizeof first, "beside others that rest");
    }
    pthread_join(thread, NULL);
    encoder_free(encoder);
    tiny_model_remove(folder);
}
