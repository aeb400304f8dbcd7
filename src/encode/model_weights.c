/* model_weights.c - see model_weights.h. */
#include "encode/model_weights.h"

#include "base/hash.h"
#include "encode/model.h"

/* --- The index -------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

static int by_tensor(const void *a, const void *b)
{
    return str_compare(((const struct WeightsPlace *)a)->tensor,
                       ((const struct WeightsPlace *)b)->tensor);
}

/* A file of the folder itself, never a way out of it. */
static bool is_simple(Str name)
{
    return name.length <= 255 && name.at[0] != '.' && str_ends(name, S(".safetensors")) &&
           str_find_char(name, '/') < 0;
}

static bool add_file(Str *files, size_t *count, Arena *arena, Str name, Error *err)
{
    for (size_t i = *count; i-- > 0;)
        if (str_equal(files[i], name))
            return true;
    if (!name.length || !is_simple(name))
        return fail(err, ERROR_INVALID, "'" STR_FMT "' is not the name of a .safetensors file",
                    STR_ARG(str_slice(name, 0, 80)));
    if (*count == WEIGHT_FILES_MAX)
        return fail(err, ERROR_TOO_LARGE, "the weights are in more than %d files",
                    WEIGHT_FILES_MAX);
    files[(*count)++] = str_copy(arena, name);
    return true;
}

static bool read_files(const json_t *map, Arena *arena, WeightsIndex *index, Error *err)
{
    Str *files = arena_new_array(arena, Str, WEIGHT_FILES_MAX);
    const char *tensor;
    json_t *file;
    json_object_foreach((json_t *)(uintptr_t)map, tensor, file)
    {
        if (!json_is_string(file))
            return fail(err, ERROR_INVALID, "the file of tensor '%.100s' is not a text", tensor);
        if (!add_file(files, &index->files.count, arena, str(json_string_value(file)), err))
            return false;
    }
    qsort(files, index->files.count, sizeof *files, by_text);
    index->files.at = files;
    return true;
}

static void read_places(const json_t *map, Arena *arena, WeightsIndex *index)
{
    const char *tensor;
    json_t *file;
    index->places = arena_new_array(arena, struct WeightsPlace, json_object_size(map));
    json_object_foreach((json_t *)(uintptr_t)map, tensor, file)
    {
        Str name = str(json_string_value(file));
        const Str *found =
            bsearch(&name, index->files.at, index->files.count, sizeof name, by_text);
        index->places[index->count++] =
            (struct WeightsPlace){ .tensor = str_copy(arena, str(tensor)),
                                   .file = (size_t)(found - index->files.at) };
    }
    qsort(index->places, index->count, sizeof *index->places, by_tensor);
}

bool weights_index_read(Str text, Arena *arena, WeightsIndex *index_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    WeightsIndex index = { 0 };
    if (!json_parse(text, WEIGHTS_INDEX_BYTES_MAX, &json, err))
        return false;
    const json_t *map = json_object_get(json, "weight_map");
    if (!json_object_size(map))
        return fail(err, ERROR_INVALID, "there is no weight_map with tensors");
    if (json_object_size(map) > TENSOR_COUNT_MAX)
        return fail(err, ERROR_TOO_LARGE, "more than %d tensors", TENSOR_COUNT_MAX);
    if (!read_files(map, arena, &index, err))
        return false;
    read_places(map, arena, &index);
    *index_r = index;
    return true;
}

/* The tensor has to be where the index says: with names that are each there once on both sides,
 * no tensor can come from two files. */
static bool mark(WeightsIndex *index, size_t file, const Tensor *tensor, Error *err)
{
    struct WeightsPlace wanted = { .tensor = tensor->name };
    struct WeightsPlace *place =
        bsearch(&wanted, index->places, index->count, sizeof wanted, by_tensor);
    if (!place || place->file != file)
        return fail(err, ERROR_INVALID, "tensor '%.100s' is in " STR_FMT ", the index says %s",
                    tensor->name.at, STR_ARG(index->files.at[file]),
                    place ? index->files.at[place->file].at : "nothing of it");
    place->is_found = true;
    return true;
}

bool weights_join(WeightsIndex *index, const Safetensors *parts, Arena *arena, Safetensors *all_r,
                  Error *err)
{
    Safetensors all = { .tensors = arena_new_array(arena, Tensor, index->count) };
    for (size_t i = 0; i < index->files.count; i++)
        for (size_t k = 0; k < parts[i].count; k++) {
            if (!mark(index, i, &parts[i].tensors[k], err))
                return false;
            all.tensors[all.count++] = parts[i].tensors[k];
        }
    for (size_t i = 0; i < index->count; i++)
        if (!index->places[i].is_found)
            return fail(err, ERROR_INVALID, "tensor '%.100s' is not in " STR_FMT,
                        index->places[i].tensor.at,
                        STR_ARG(index->files.at[index->places[i].file]));
    *all_r = all;
    return true;
}

/* --- The folder ------------------------------------------------------------------------- */

bool model_weights_exist(const char *folder)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    return file_exists(path_join(arena, str(folder), S(WEIGHTS_FILE))) ||
           file_exists(path_join(arena, str(folder), S(WEIGHTS_INDEX)));
}

/* The index of one file alone has no places. */
static bool find_files(const char *folder, Arena *arena, WeightsIndex *index_r, Error *err)
{
    static const Str one = S_INIT(WEIGHTS_FILE);
    const char *path = path_join(arena, str(folder), S(WEIGHTS_INDEX));
    Str text;
    if (file_exists(path_join(arena, str(folder), one)) || !file_exists(path)) {
        *index_r = (WeightsIndex){ .files = { &one, 1 } };
        return true;
    }
    return (file_read(arena, path, WEIGHTS_INDEX_BYTES_MAX, &text, err) &&
            weights_index_read(text, arena, index_r, err)) ||
           fail_in(err, "reading %s", path);
}

bool model_weights_list(const char *folder, Arena *arena, StrList *names_r, Error *err)
{
    WeightsIndex index;
    if (!find_files(folder, arena, &index, err))
        return false;
    *names_r = index.files;
    return true;
}

/* The tensors of every file, mapped. */
static bool open_files(const char *folder, Arena *arena, const WeightsIndex *index,
                       ModelWeights *weights, Safetensors *parts, Error *err)
{
    for (size_t i = 0; i < index->files.count; i++) {
        const char *path = path_join(arena, str(folder), index->files.at[i]);
        if (!file_map(path, &weights->files[i], err))
            return false;
        weights->paths[i] = path;
        weights->file_count++;
        if (!safetensors_read(weights->files[i].bytes, arena, &parts[i], err))
            return fail_in(err, "reading %s", path);
    }
    return true;
}

bool model_weights_open(const char *folder, Arena *arena, ModelWeights *weights_r, Error *err)
{
    WeightsIndex index;
    if (!find_files(folder, arena, &index, err))
        return false;
    Safetensors *parts = arena_new_array(arena, Safetensors, index.files.count);
    ModelWeights weights = {
        .path = path_join(arena, str(folder), index.places ? S(WEIGHTS_INDEX) : S(WEIGHTS_FILE)),
        .paths = arena_new_array(arena, const char *, index.files.count),
        .files = arena_new_array(arena, FileMap, index.files.count),
    };
    bool good = open_files(folder, arena, &index, &weights, parts, err);
    if (good && index.places)
        good = weights_join(&index, parts, arena, &weights.tensors, err) ||
               fail_in(err, "reading %s", weights.path);
    else
        weights.tensors = parts[0];
    if (!good) {
        model_weights_close(&weights);
        return false;
    }
    *weights_r = weights;
    return true;
}

void model_weights_close(ModelWeights *weights)
{
    for (size_t i = 0; i < weights->file_count; i++)
        file_unmap(&weights->files[i]);
    weights->file_count = 0;
}

bool model_weights_digest(const ModelWeights *weights, uint8_t digest[WEIGHTS_DIGEST_SIZE],
                          Error *err)
{
    Sha256 sha;
    if (weights->file_count == 1)
        return model_digest(weights->files[0].bytes, digest, err);
    sha256_begin(&sha);
    for (size_t i = 0; i < weights->file_count; i++) {
        uint8_t one[WEIGHTS_DIGEST_SIZE];
        if (!model_digest(weights->files[i].bytes, one, err))
            return false;
        sha256_add(&sha, (Str){ (const char *)one, sizeof one });
    }
    sha256_end(&sha, digest);
    return true;
}
