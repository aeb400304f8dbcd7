#include <criterion/criterion.h>
#include <sys/stat.h>

#include "base/file.h"
#include "encode/encoder.h"
#include "encode/model_cache.h"
#include "encode/tiny_model.h"

static Arena *arena;
static const char *folder, *cache;

static void open_all(void)
{
    arena = arena_new(MB(64));
    folder = tiny_model_write(arena, NULL);
    cache = path_join(arena, str(folder), S("cache"));
}

static void close_all(void)
{
    tiny_model_remove(folder);
    arena_free(arena);
}
TestSuite(encode_cache, .init = open_all, .fini = close_all);

static Model *open_model(Precision precision)
{
    Model *model;
    Error err = { 0 };
    EncoderOptions options = { .precision = precision, .cache = cache };
    cr_assert(model_open(folder, &options, &model, &err), "%s", err.message);
    return model;
}

static const char *cache_path(Precision precision)
{
    Model *model = open_model(precision);
    ModelCache found;
    model_cache_find(model, cache, &found);
    const char *path = str_c(arena, str(found.path));
    model_free(model);
    return path;
}

static ino_t inode_of(const char *path)
{
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    return status.st_ino;
}

Test(encode_cache, weights_are_packed_once_and_mapped)
{
    for (Precision precision = PRECISION_FP32; precision <= PRECISION_INT8; precision++) {
        const char *path = cache_path(precision);
        ino_t first = inode_of(path);
        Model *model = open_model(precision);
        cr_assert(model->packed.bytes.length > 0 && !model->memory);
        cr_assert_eq(inode_of(path), first);
        model_free(model);
    }
    cr_assert_str_neq(cache_path(PRECISION_FP32), cache_path(PRECISION_INT8));
}

Test(encode_cache, mapped_weights_give_the_same_bytes)
{
    EncoderOptions options = { .precision = PRECISION_INT8 };
    float vectors[3][TINY_WIDTH];
    Str text = S("the water pump must be inspected");
    for (int i = 0; i < 3; i++) { /* packed; packed and written; mapped */
        Encoder *encoder;
        Error err = { 0 };
        cr_assert(encoder_open(folder, &options, &encoder, &err), "%s", err.message);
        cr_assert(encoder_embed(encoder, &text, 1, 0, vectors[i], &err));
        encoder_free(encoder);
        options.cache = cache;
    }
    cr_assert_arr_eq(vectors[1], vectors[0], sizeof vectors[0]);
    cr_assert_arr_eq(vectors[2], vectors[0], sizeof vectors[0]);
}

Test(encode_cache, a_damaged_file_is_packed_again)
{
    static const long places[] = { 0, 20, 100, 4096, 5000, -1 };
    const char *path = cache_path(PRECISION_INT8);
    Str good, again;
    Error err = { 0 };
    cr_assert(file_read(arena, path, MB(8), &good, &err));
    for (size_t i = 0; i < COUNT(places); i++) {
        char *bytes = str_c(arena, good);
        size_t place = places[i] < 0 ? good.length - 1 : (size_t)places[i];
        bytes[place] ^= 4;
        cr_assert(file_write(path, (Str){ bytes, good.length }, 0600, &err));
        model_free(open_model(PRECISION_INT8));
        cr_assert(file_read(arena, path, MB(8), &again, &err));
        cr_assert(str_equal(good, again), "byte %zu", place);
    }
    cr_assert(file_write(path, str_slice(good, 0, good.length - 1), 0600, &err));
    model_free(open_model(PRECISION_INT8));
    cr_assert(file_read(arena, path, MB(8), &again, &err));
    cr_assert(str_equal(good, again));
}

Test(encode_cache, another_model_at_the_same_place_is_packed_anew)
{
    Error err = { 0 };
    Str model, old, now;
    const char *path = cache_path(PRECISION_INT8);
    const char *source = path_join(arena, str(folder), S("model.safetensors"));
    cr_assert(file_read(arena, path, MB(8), &old, &err));
    cr_assert(file_read(arena, source, MB(8), &model, &err));
    char *bytes = str_c(arena, model);
    bytes[model.length - 2] ^= 1; /* an exponent of the last value, which is a bias */
    cr_assert(file_write(source, (Str){ bytes, model.length }, 0600, &err));
    model_free(open_model(PRECISION_INT8));
    cr_assert(file_read(arena, path, MB(8), &now, &err));
    cr_assert_eq(now.length, old.length);
    cr_assert(!str_equal(now, old));
}

Test(encode_cache, a_folder_that_cannot_be_written_is_done_without)
{
    Model *model;
    Error err = { 0 };
    EncoderOptions options = { .cache = "/proc/nothing/here" };
    cr_assert(model_open(folder, &options, &model, &err), "%s", err.message);
    cr_assert(model->memory && !model->packed.bytes.length);
    model_free(model);
}
