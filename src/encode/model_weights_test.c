#include <criterion/criterion.h>
#include <unistd.h>

#include "base/file.h"
#include "encode/encoder.h"
#include "encode/model.h"
#include "encode/tiny_model.h"

static Arena *arena;
static const char *folder;

static void open_all(void)
{
    arena = arena_new(MB(64));
    folder = tiny_model_write(arena, NULL);
}

static void close_all(void)
{
    tiny_model_remove(folder);
    arena_free(arena);
}
TestSuite(encode_weights, .init = open_all, .fini = close_all);

static void put_file(const char *name, Str bytes)
{
    Error err = { 0 };
    cr_assert(file_write(path_join(arena, str(folder), str(name)), bytes, 0600, &err), "%s",
              err.message);
}

/* --- A folder in several files ---------------------------------------------------------- */

#define PARTS 3

static const char *part_name(size_t part)
{
    return str_format(arena, "model-%05zu-of-%05d.safetensors", part + 1, PARTS).at;
}

/* Every third tensor, as a file of its own. */
static Str make_part(const Safetensors *all, size_t part)
{
    Buf header = buf_new(arena, KB(64)), data = buf_new(arena, MB(1)), file = buf_new(arena, MB(1));
    JsonWriter json = put_begin(&header);
    for (size_t i = part; i < all->count; i += PARTS) {
        const Tensor *tensor = &all->tensors[i];
        put_object(&json, tensor->name.at);
        put_text(&json, "dtype", S("F32"));
        put_array(&json, "shape");
        for (size_t k = 0; k < tensor->dim_count; k++)
            put_int(&json, NULL, (int64_t)tensor->dims[k]);
        put_end(&json);
        put_array(&json, "data_offsets");
        put_int(&json, NULL, (int64_t)data.length);
        buf_add(&data, tensor->bytes);
        put_int(&json, NULL, (int64_t)data.length);
        put_end(&json);
        put_end(&json);
    }
    put_end(&json);
    uint64_t length = header.length;
    buf_add_bytes(&file, &length, sizeof length);
    buf_add(&file, buf_str(&header));
    buf_add(&file, buf_str(&data));
    return buf_str(&file);
}

/* model.safetensors in PARTS files and an index; the one file goes. */
static void divide(void)
{
    Error err = { 0 };
    ModelWeights whole;
    Buf index = buf_new(arena, KB(64));
    JsonWriter json = put_begin(&index);
    cr_assert(model_weights_open(folder, arena, &whole, &err), "%s", err.message);
    put_object(&json, "weight_map");
    for (size_t i = 0; i < whole.tensors.count; i++)
        put_text(&json, whole.tensors.tensors[i].name.at, str(part_name(i % PARTS)));
    put_end(&json);
    put_end(&json);
    for (size_t part = 0; part < PARTS; part++)
        put_file(part_name(part), make_part(&whole.tensors, part));
    put_file(WEIGHTS_INDEX, buf_str(&index));
    model_weights_close(&whole);
    cr_assert_eq(unlink(path_join(arena, str(folder), S(WEIGHTS_FILE))), 0);
}

static void embed(const char *cache, float vector[TINY_WIDTH])
{
    Encoder *encoder;
    Error err = { 0 };
    EncoderOptions options = { .precision = PRECISION_FP32, .cache = cache };
    Str text = S("the water pump must be inspected");
    cr_assert(encoder_open(folder, &options, &encoder, &err), "%s", err.message);
    cr_assert(encoder_embed(encoder, &text, 1, 0, vector, &err));
    encoder_free(encoder);
}

Test(encode_weights, several_files_give_the_same_vector_as_one)
{
    float one[TINY_WIDTH], several[TINY_WIDTH], cached[TINY_WIDTH];
    const char *cache = path_join(arena, str(folder), S("cache"));
    embed(NULL, one);
    divide();
    embed(cache, several);
    embed(cache, cached);
    cr_assert_arr_eq(one, several, sizeof one);
    cr_assert_arr_eq(one, cached, sizeof one);
}

Test(encode_weights, another_part_is_another_model)
{
    Error err = { 0 };
    Model *model;
    uint8_t first[MODEL_DIGEST_SIZE];
    EncoderOptions options = { .cache = path_join(arena, str(folder), S("cache")) };
    Str bytes;
    divide();
    cr_assert(model_open(folder, &options, &model, &err), "%s", err.message);
    memcpy(first, model->digest, sizeof first);
    model_free(model);
    const char *path = path_join(arena, str(folder), str(part_name(1)));
    cr_assert(file_read(arena, path, MB(1), &bytes, &err));
    char *changed = str_c(arena, bytes);
    changed[bytes.length - 2] ^= 1;
    put_file(part_name(1), (Str){ changed, bytes.length });
    cr_assert(model_open(folder, &options, &model, &err), "%s", err.message);
    cr_assert_arr_neq(model->digest, first, sizeof first);
    model_free(model);
}

Test(encode_weights, a_missing_or_cut_part_is_named)
{
    Error err = { 0 };
    Str bytes;
    ModelWeights weights;
    divide();
    const char *path = path_join(arena, str(folder), str(part_name(2)));
    cr_assert(file_read(arena, path, MB(1), &bytes, &err));
    put_file(part_name(2), str_slice(bytes, 0, bytes.length - 4));
    cr_assert(!model_weights_open(folder, arena, &weights, &err));
    cr_assert(strstr(err.message, "model-00003-of-00003") && strstr(err.message, "outside"), "%s",
              err.message);
    cr_assert_eq(unlink(path), 0);
    cr_assert(!model_weights_open(folder, arena, &weights, &err));
    cr_assert(strstr(err.message, "model-00003-of-00003"), "%s", err.message);
}

/* --- Indexes ---------------------------------------------------------------------------- */

#define MAP(members) "{\"metadata\":{\"total_size\":8},\"weight_map\":{" members "}}"

Test(encode_weights, indexes_that_lie_are_refused_with_a_reason)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        { "", "JSON" },
        { "[]", "no weight_map" },
        { "{\"weight_map\":[]}", "no weight_map" },
        { MAP(""), "no weight_map" },
        { MAP("\"a\":7"), "not a text" },
        { MAP("\"a\":\"\""), "not the name" },
        { MAP("\"a\":\"../x.safetensors\""), "not the name" },
        { MAP("\"a\":\"x/y.safetensors\""), "not the name" },
        { MAP("\"a\":\".x.safetensors\""), "not the name" },
        { MAP("\"a\":\"x.bin\""), "not the name" },
        { MAP("\"a\":\"x.safetensors\",\"a\":\"y.safetensors\""), "JSON" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        WeightsIndex index = { 0 };
        Error err = { 0 };
        cr_assert(!weights_index_read(str(cases[i].text), arena, &index, &err), "%s",
                  cases[i].text);
        cr_assert(strstr(err.message, cases[i].reason), "%s: %s", cases[i].text, err.message);
        cr_assert_null(index.places);
    }
}

Test(encode_weights, tensors_have_to_be_where_the_index_says)
{
    static const struct {
        const char *about, *tensors[2][3], *reason; /* of the files x and y */
    } cases[] = {
        { "as it says", { { "a", "b" }, { "c" } }, NULL },
        { "another order", { { "b", "a" }, { "c" } }, NULL },
        { "in both", { { "a", "b", "c" }, { "c" } }, "'c' is in x.safetensors, the index says y" },
        { "in the other", { { "a" }, { "b", "c" } }, "'b' is in y.safetensors, the index says x" },
        { "missing", { { "a", "b" }, { NULL } }, "'c' is not in y.safetensors" },
        { "not named",
          { { "a", "b" }, { "c", "d" } },
          "'d' is in y.safetensors, the index says n" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        WeightsIndex index;
        Safetensors all, parts[2] = { 0 };
        Error err = { 0 };
        Str text =
            S(MAP("\"c\":\"y.safetensors\",\"a\":\"x.safetensors\",\"b\":\"x.safetensors\""));
        cr_assert(weights_index_read(text, arena, &index, &err), "%s", err.message);
        cr_assert_eq(index.files.count, 2);
        for (size_t file = 0; file < 2; file++) {
            parts[file].tensors = arena_new_array(arena, Tensor, 3);
            for (size_t k = 0; k < 3 && cases[i].tensors[file][k]; k++)
                parts[file].tensors[parts[file].count++].name = str(cases[i].tensors[file][k]);
        }
        bool good = weights_join(&index, parts, arena, &all, &err);
        cr_assert_eq(good, !cases[i].reason, "%s: %s", cases[i].about, err.message);
        if (good)
            cr_assert(all.count == 3 && safetensors_find(&all, S("c")));
        else
            cr_assert(strstr(err.message, cases[i].reason), "%s: %s", cases[i].about, err.message);
    }
}
