/* model_config.c - the sizes of a model and its name; see model.h. */
#include <openssl/evp.h>
#include <sys/mman.h>

#include "base/json.h"
#include "encode/model.h"

#define CONFIG_BYTES_MAX KB(256)
#define HASH_STEP MB(4)

static const ModelConfig minilm_l6 = {
    .layers = 6,
    .width = 384,
    .heads = 12,
    .inner_width = 1536,
    .positions = 512,
    .epsilon = 1e-12f,
    .pooling = POOLING_MEAN,
    .tokens_max = 256,
};

/* The JSON file's tree, NULL when there is no such file. */
static bool read_json(Arena *arena, const char *folder, const char *name, json_t **json_r,
                      Error *err)
{
    Str text;
    char *path = path_join(arena, str(folder), str(name));
    *json_r = NULL;
    if (!file_exists(path))
        return true;
    return file_read(arena, path, CONFIG_BYTES_MAX, &text, err) &&
           (json_parse(text, CONFIG_BYTES_MAX, json_r, err) || fail_in(err, "reading %s", path));
}

/* The member's number when it is there; it must lie in [min, max]. */
static bool read_number(const json_t *json, const char *name, size_t min, size_t max, size_t *out,
                        Error *err)
{
    const json_t *value = json_object_get(json, name);
    if (!value || json_is_null(value))
        return true;
    json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    if (number < (json_int_t)min || number > (json_int_t)max)
        return fail(err, ERROR_UNSUPPORTED, "%s is not a number from %zu to %zu", name, min, max);
    *out = (size_t)number;
    return true;
}

static bool is_text_or_absent(const json_t *json, const char *name, const char *expected)
{
    const json_t *value = json_object_get(json, name);
    return !value || (json_is_string(value) && !strcmp(json_string_value(value), expected));
}

static bool read_config(const json_t *json, ModelConfig *config, Error *err)
{
    const json_t *epsilon = json_object_get(json, "layer_norm_eps");
    if (!is_text_or_absent(json, "model_type", "bert"))
        return fail(err, ERROR_UNSUPPORTED, "model_type is not bert");
    if (!is_text_or_absent(json, "hidden_act", "gelu"))
        return fail(err, ERROR_UNSUPPORTED, "hidden_act is not gelu");
    if (!is_text_or_absent(json, "position_embedding_type", "absolute"))
        return fail(err, ERROR_UNSUPPORTED, "position_embedding_type is not absolute");
    if (json_is_number(epsilon))
        config->epsilon = (float)json_number_value(epsilon);
    return read_number(json, "num_hidden_layers", 1, MODEL_LAYERS_MAX, &config->layers, err) &&
           read_number(json, "hidden_size", 1, 4096, &config->width, err) &&
           read_number(json, "num_attention_heads", 1, 128, &config->heads, err) &&
           read_number(json, "intermediate_size", 1, 16384, &config->inner_width, err) &&
           read_number(json, "max_position_embeddings", 2, 8192, &config->positions, err) &&
           (config->width % config->heads == 0 ||
            fail(err, ERROR_INVALID, "hidden_size is not a multiple of num_attention_heads"));
}

static bool read_pooling(const json_t *json, ModelConfig *config, Error *err)
{
    bool mean = json_is_true(json_object_get(json, "pooling_mode_mean_tokens"));
    bool cls = json_is_true(json_object_get(json, "pooling_mode_cls_token"));
    if (mean == cls)
        return fail(err, ERROR_UNSUPPORTED, "the pooling is neither mean nor cls");
    config->pooling = cls ? POOLING_CLS : POOLING_MEAN;
    return true;
}

static bool check_modules(const json_t *modules, Error *err)
{
    size_t i;
    json_t *module;
    json_array_foreach(modules, i, module)
    {
        Str type = json_member_text(module, "type");
        if (!str_ends(type, S(".Transformer")) && !str_ends(type, S(".Pooling")) &&
            !str_ends(type, S(".Normalize")))
            return fail(err, ERROR_UNSUPPORTED, "module '" STR_FMT "' is not one we run",
                        (int)MIN(type.length, 80), type.at ? type.at : "");
    }
    return true;
}

bool model_read_config(const char *folder, ModelConfig *config_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    AUTO_JSON json_t *main = NULL, *sentence = NULL, *pooling = NULL, *modules = NULL;
    ModelConfig config = minilm_l6;
    if (!read_json(arena, folder, "config.json", &main, err) ||
        !read_json(arena, folder, "sentence_bert_config.json", &sentence, err) ||
        !read_json(arena, folder, "1_Pooling/config.json", &pooling, err) ||
        !read_json(arena, folder, "modules.json", &modules, err))
        return false;
    if ((main && !read_config(main, &config, err)) ||
        !read_number(sentence, "max_seq_length", 2, 8192, &config.tokens_max, err) ||
        (pooling && !read_pooling(pooling, &config, err)) || !check_modules(modules, err))
        return fail_in(err, "model configuration in %s", folder);
    config.tokens_max = MIN(config.tokens_max, config.positions);
    *config_r = config;
    return true;
}

/* OpenSSL's SHA-256 uses the processor's own instructions: 90 MB in 60 ms against 300. The
 * pages are given back while we go, so that reading the file costs no memory. */
bool model_digest(Str bytes, uint8_t digest[MODEL_DIGEST_SIZE], Error *err)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    for (size_t at = 0; good && at < bytes.length; at += HASH_STEP) {
        size_t size = MIN(HASH_STEP, bytes.length - at);
        good = EVP_DigestUpdate(context, bytes.at + at, size);
        madvise((void *)(uintptr_t)(bytes.at + at), size, MADV_DONTNEED);
    }
    good = good && EVP_DigestFinal_ex(context, digest, NULL);
    EVP_MD_CTX_free(context);
    return good || fail(err, ERROR_INTERNAL, "OpenSSL could not compute a SHA-256");
}

void model_name(const char *folder, const uint8_t digest[MODEL_DIGEST_SIZE],
                char name_r[MODEL_NAME_MAX])
{
    Str path = str(folder);
    while (path.length > 1 && path.at[path.length - 1] == '/')
        path.length--;
    Str name = str_slice(path_name(path), 0, MODEL_NAME_MAX - 10);
    snprintf(name_r, MODEL_NAME_MAX, STR_FMT "/%02x%02x%02x%02x", STR_ARG(name), digest[0],
             digest[1], digest[2], digest[3]);
}
