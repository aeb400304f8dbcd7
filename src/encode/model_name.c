/* model_name.c - the name that stored vectors carry: of the folder, and of what is in it. */
#include "base/hash.h"
#include "encode/model.h"

enum { SHAPES_NEVER, SHAPES_ALWAYS, SHAPES_LAST };

static const struct {
    const char *name;
    int shapes;
} files[] = {
#define MODEL_FILE(name, shapes) { name, shapes },
#include "encode/model_files.def"
#undef MODEL_FILE
};

/* One that is not there counts as such, so that it differs from an empty one. */
static bool add_file(Arena *arena, Sha256 *sha, const char *folder, Str name, Error *err)
{
    char *path = path_join(arena, str(folder), name);
    AUTO_MAP FileMap map = { 0 };
    uint8_t digest[MODEL_DIGEST_SIZE];
    if (!file_exists(path))
        return true;
    if (!file_map(path, &map, err) || !model_digest(map.bytes, digest, err))
        return false;
    sha256_add(sha, name);
    sha256_add(sha, (Str){ (const char *)digest, sizeof digest });
    return true;
}

static bool add_files(Arena *arena, Sha256 *sha, const char *folder, const ModelConfig *config,
                      Error *err)
{
    bool is_last = !file_exists(path_join(arena, str(folder), S("vocab.txt"))) &&
                   !file_exists(path_join(arena, str(folder), S("tokenizer.json")));
    for (size_t i = 0; i < COUNT(files); i++) {
        bool counts =
            files[i].shapes == SHAPES_ALWAYS || (files[i].shapes == SHAPES_LAST && is_last);
        if (counts && !add_file(arena, sha, folder, str(files[i].name), err))
            return false;
    }
    if (!add_file(arena, sha, folder, S("1_Pooling/config.json"), err))
        return false;
    for (size_t i = 0; i < config->dense_count; i++) {
        Str dense = str(config->dense[i].folder);
        if (!add_file(arena, sha, folder, str(path_join(arena, dense, S("config.json"))), err) ||
            !add_file(arena, sha, folder, str(path_join(arena, dense, S("model.safetensors"))),
                      err))
            return false;
    }
    return true;
}

static void put_name(const char *folder, const uint8_t *digest, char name_r[MODEL_NAME_MAX])
{
    Str path = str(folder);
    while (path.length > 1 && path.at[path.length - 1] == '/')
        path.length--;
    Str name = str_slice(path_name(path), 0, MODEL_NAME_MAX - 10);
    snprintf(name_r, MODEL_NAME_MAX, STR_FMT "/%02x%02x%02x%02x", STR_ARG(name), digest[0],
             digest[1], digest[2], digest[3]);
}

void model_weights_name(const char *folder, const Model *model, char name_r[MODEL_NAME_MAX])
{
    put_name(folder, model->digest, name_r);
}

bool model_name(const char *folder, const Model *model, char name_r[MODEL_NAME_MAX], Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Sha256 sha;
    uint8_t digest[SHA256_SIZE];
    sha256_begin(&sha);
    sha256_add(&sha, (Str){ (const char *)model->digest, sizeof model->digest });
    if (!add_files(arena, &sha, folder, &model->config, err))
        return fail_in(err, "naming the model in %s", folder);
    sha256_end(&sha, digest);
    put_name(folder, digest, name_r);
    return true;
}
