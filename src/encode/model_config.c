/* model_config.c - the sizes of a model and its name; see model.h. */
#include <openssl/evp.h>
#include <sys/mman.h>

#include "base/json.h"
#include "encode/model.h"

#define CONFIG_BYTES_MAX KB(256)
#define HASH_STEP MB(4)
#define POSITIONS_MAX 8194 /* 8192 and the two that no token of XLM-RoBERTa has */

const ModelFamily model_families[] = {
#define FAMILY(...) { __VA_ARGS__ },
#include "encode/families.def"
#undef FAMILY
};
const size_t model_family_count = COUNT(model_families);

static const ModelConfig minilm_l6 = {
    .family = &model_families[0],
    .dims = 384,
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

static bool read_family(const json_t *json, ModelConfig *config, Error *err)
{
    Str type = json_member_text(json, "model_type");
    for (size_t i = 0; i < model_family_count; i++)
        if (!type.length || str_is(type, model_families[i].name)) {
            config->family = &model_families[i];
            return true;
        }
    return fail(err, ERROR_UNSUPPORTED, "model_type '" STR_FMT "' is not one we run",
                STR_ARG(str_slice(type, 0, 40)));
}

/* Each size has two names: BERT's and DistilBERT's. */
static bool read_sizes(const json_t *json, ModelConfig *config, Error *err)
{
    return read_number(json, "num_hidden_layers", 1, MODEL_LAYERS_MAX, &config->layers, err) &&
           read_number(json, "n_layers", 1, MODEL_LAYERS_MAX, &config->layers, err) &&
           read_number(json, "hidden_size", 1, 4096, &config->width, err) &&
           read_number(json, "dim", 1, 4096, &config->width, err) &&
           read_number(json, "num_attention_heads", 1, 128, &config->heads, err) &&
           read_number(json, "n_heads", 1, 128, &config->heads, err) &&
           read_number(json, "intermediate_size", 1, 16384, &config->inner_width, err) &&
           read_number(json, "hidden_dim", 1, 16384, &config->inner_width, err) &&
           read_number(json, "max_position_embeddings", 4, POSITIONS_MAX, &config->positions, err);
}

/* A sequence classifier with one label scores pairs of texts. */
static bool read_purpose(const json_t *json, ModelConfig *config, Error *err)
{
    const json_t *architecture = json_array_get(json_object_get(json, "architectures"), 0);
    const char *name = json_string_value(architecture);
    const json_t *labels = json_object_get(json, "id2label");
    config->is_reranker = name && str_ends(str(name), S("ForSequenceClassification"));
    return !config->is_reranker || !labels || json_object_size(labels) == 1 ||
           fail(err, ERROR_UNSUPPORTED, "a classifier must have one label, not %zu",
                json_object_size(labels));
}

static bool read_config(const json_t *json, ModelConfig *config, Error *err)
{
    const json_t *epsilon = json_object_get(json, "layer_norm_eps");
    if (!read_family(json, config, err))
        return false;
    if (!is_text_or_absent(json, "hidden_act", "gelu") ||
        !is_text_or_absent(json, "activation", "gelu"))
        return fail(err, ERROR_UNSUPPORTED, "hidden_act is not gelu");
    if (!is_text_or_absent(json, "position_embedding_type", "absolute"))
        return fail(err, ERROR_UNSUPPORTED, "position_embedding_type is not absolute");
    if (json_is_number(epsilon))
        config->epsilon = (float)json_number_value(epsilon);
    if (!read_sizes(json, config, err) || !read_purpose(json, config, err))
        return false;
    if (config->width % config->heads)
        return fail(err, ERROR_INVALID, "hidden_size is not a multiple of num_attention_heads");
    config->positions -= config->family->places;
    config->tokens_max = config->positions;
    config->dims = config->is_reranker ? 1 : config->width;
    return true;
}

static bool read_pooling(const json_t *json, ModelConfig *config, Error *err)
{
    /* Since version 6 of sentence-transformers one name, before it a flag for each. */
    static const char *const names[] = { "mean", "cls", "max" };
    static const char *const flags[] = { "pooling_mode_mean_tokens", "pooling_mode_cls_token",
                                         "pooling_mode_max_tokens" };
    Str mode = json_member_text(json, "pooling_mode");
    size_t count = 0;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(mode, names[i]) || json_is_true(json_object_get(json, flags[i]))) {
            config->pooling = (Pooling)i;
            count++;
        }
    return count == 1 || fail(err, ERROR_UNSUPPORTED, "the pooling is not mean, cls or max");
}

/* --- Modules of sentence-transformers --- */

/* The folder of a module: one name, never a way out of the model's folder. */
static bool module_folder(const json_t *module, char *folder_r, size_t size, Error *err)
{
    Str path = json_member_text(module, "path");
    if (!path.length || path.length >= size || path.at[0] == '.' ||
        memchr(path.at, '/', path.length))
        return fail(err, ERROR_INVALID, "a module of modules.json has no simple path");
    snprintf(folder_r, size, STR_FMT, STR_ARG(path));
    return true;
}

static bool read_module_json(Arena *arena, const char *folder, const char *module, json_t **json_r,
                             Error *err)
{
    return read_json(arena, path_join(arena, str(folder), str(module)), "config.json", json_r, err);
}

static bool read_dense(Arena *arena, const char *folder, const json_t *module, ModelConfig *config,
                       Error *err)
{
    AUTO_JSON json_t *json = NULL;
    DenseConfig dense = { 0 };
    if (config->dense_count == MODEL_DENSE_MAX)
        return fail(err, ERROR_UNSUPPORTED, "more than %d dense layers", MODEL_DENSE_MAX);
    if (!module_folder(module, dense.folder, sizeof dense.folder, err) ||
        !read_module_json(arena, folder, dense.folder, &json, err))
        return false;
    Str activation = json_member_text(json, "activation_function");
    dense.is_tanh = str_ends(activation, S(".Tanh"));
    dense.has_bias = !json_is_false(json_object_get(json, "bias"));
    if (!dense.is_tanh && !str_ends(activation, S(".Identity")))
        return fail(err, ERROR_UNSUPPORTED, "the activation of %s is not Tanh or Identity",
                    dense.folder);
    if (!read_number(json, "in_features", 1, 16384, &dense.width_in, err) ||
        !read_number(json, "out_features", 1, 8192, &dense.width_out, err))
        return false;
    if (dense.width_in != config->dims || !dense.width_out)
        return fail(err, ERROR_INVALID, "%s takes %zu values, not %zu", dense.folder,
                    dense.width_in, config->dims);
    config->dims = dense.width_out;
    config->dense[config->dense_count++] = dense;
    return true;
}

static bool read_module(Arena *arena, const char *folder, const json_t *module, ModelConfig *config,
                        Error *err)
{
    AUTO_JSON json_t *json = NULL;
    char name[48];
    Str type = json_member_text(module, "type");
    if (str_ends(type, S(".Transformer")) || str_ends(type, S(".Normalize")))
        return true;
    if (str_ends(type, S(".Dense")))
        return read_dense(arena, folder, module, config, err);
    if (!str_ends(type, S(".Pooling")))
        return fail(err, ERROR_UNSUPPORTED, "module '" STR_FMT "' is not one we run",
                    STR_ARG(str_slice(type, 0, 80)));
    return module_folder(module, name, sizeof name, err) &&
           read_module_json(arena, folder, name, &json, err) &&
           (!json || read_pooling(json, config, err));
}

static bool read_modules(Arena *arena, const char *folder, const json_t *modules,
                         ModelConfig *config, Error *err)
{
    AUTO_JSON json_t *pooling = NULL;
    size_t i;
    json_t *module;
    bool is_normal = false;
    if (!modules)
        return read_module_json(arena, folder, "1_Pooling", &pooling, err) &&
               (!pooling || read_pooling(pooling, config, err));
    json_array_foreach(modules, i, module)
    {
        if (is_normal)
            return fail(err, ERROR_UNSUPPORTED, "a module after Normalize");
        is_normal = str_ends(json_member_text(module, "type"), S(".Normalize"));
        if (!read_module(arena, folder, module, config, err))
            return false;
    }
    return true;
}

/* --- What is written before a text --- */

static void read_prompt(const json_t *prompts, const char *const *names, size_t count,
                        char prompt_r[MODEL_PROMPT_MAX])
{
    for (size_t i = 0; i < count && !*prompt_r; i++) {
        Str text = json_member_text(prompts, names[i]);
        if (text.length < MODEL_PROMPT_MAX)
            snprintf(prompt_r, MODEL_PROMPT_MAX, STR_FMT, STR_ARG(text));
    }
}

/* From the model's own prompts; the E5 family was trained with two that its files do not name. */
static void read_prompts(const char *folder, const json_t *json, ModelConfig *config)
{
    static const char *const query[] = { "query", "search_query", "retrieval.query" };
    static const char *const passage[] = { "document", "passage", "search_document",
                                           "retrieval.passage", "corpus" };
    const json_t *prompts = json_object_get(json, "prompts");
    read_prompt(prompts, query, COUNT(query), config->query_prompt);
    read_prompt(prompts, passage, COUNT(passage), config->passage_prompt);
    Str name = path_name(str(folder));
    bool is_e5 = str_starts(name, S("e5-")) || str_find(name, S("-e5-")) >= 0;
    if (is_e5 && str_find(name, S("instruct")) < 0 && !*config->query_prompt &&
        !*config->passage_prompt) {
        snprintf(config->query_prompt, MODEL_PROMPT_MAX, "query: ");
        snprintf(config->passage_prompt, MODEL_PROMPT_MAX, "passage: ");
    }
}

/* Some tokenizers say "no limit" with a number of thirty digits. */
static void read_limit(const json_t *tokenizer, ModelConfig *config)
{
    const json_t *limit = json_object_get(tokenizer, "model_max_length");
    if (json_is_integer(limit) && json_integer_value(limit) >= 2 &&
        json_integer_value(limit) < 8192)
        config->tokens_max = (size_t)json_integer_value(limit);
}

bool model_read_config(const char *folder, ModelConfig *config_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    AUTO_JSON json_t *main = NULL, *sentence = NULL, *modules = NULL, *tokenizer = NULL,
                     *own = NULL;
    ModelConfig config = minilm_l6;
    if (!read_json(arena, folder, "config.json", &main, err) ||
        !read_json(arena, folder, "sentence_bert_config.json", &sentence, err) ||
        !read_json(arena, folder, "tokenizer_config.json", &tokenizer, err) ||
        !read_json(arena, folder, "config_sentence_transformers.json", &own, err) ||
        !read_json(arena, folder, "modules.json", &modules, err))
        return false;
    if (main && !read_config(main, &config, err))
        return fail_in(err, "model configuration in %s", folder);
    read_limit(tokenizer, &config);
    if (!read_number(sentence, "max_seq_length", 2, 8192, &config.tokens_max, err) ||
        (!config.is_reranker && !read_modules(arena, folder, modules, &config, err)))
        return fail_in(err, "model configuration in %s", folder);
    read_prompts(folder, own, &config);
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
