/* encoder.c - see encoder.h. The graph of BERT over a pack of texts without padding: the linear
 * layers see all tokens of the pack as one matrix, attention goes text by text. */
#include "encode/encoder.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>

#include "encode/model.h"

#define PACK_TEXTS_MAX (ENCODER_PACK_TOKENS / 2) /* a text has two tokens at least */

/* The values of one pack while it runs; kept for the next one. */
typedef struct Workspace {
    struct Workspace *next;
    size_t tokens; /* that there is room for */
    float *x;      /* [tokens][width]: the state between steps */
    float *change; /* [tokens][width]: what a step adds to it */
    float *wide;   /* [tokens][max(4 * width, inner_width)]: qkv and attended, or inner */
    float *scratch;
    float *pooled;  /* [2][the widest of what follows pooling] */
    ByteRows bytes; /* [tokens][max(width, inner_width)], of int8: what a linear layer reads */
} Workspace;

struct Encoder {
    Model *model;
    char name[MODEL_NAME_MAX], weights_name[MODEL_NAME_MAX];
    Tokenizer *tokenizer;
    pthread_mutex_t lock; /* of the spare workspaces */
    Workspace *spare;
};

/* --- Workspaces ------------------------------------------------------------------------- */

static void workspace_free(Workspace *workspace)
{
    free(workspace->x);
    free(workspace->change);
    free(workspace->wide);
    free(workspace->scratch);
    free(workspace->pooled);
    free(workspace->bytes.bytes);
    free(workspace->bytes.scales);
    free(workspace->bytes.zeros);
    free(workspace);
}

static void *make_room(void *old, size_t size)
{
    free(old);
    /* Whole cache lines, so that no vector of a row crosses one. */
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!memory)
        abort();
    return memory;
}

static float *make_floats(float *old, size_t count) { return make_room(old, count * sizeof *old); }

/* What tiles read past a row's width, or after the last row, is not used, but never unset. */
static void fit_bytes(const ModelConfig *config, ByteRows *bytes, size_t tokens)
{
    size_t rows = (tokens + BYTE_ROWS - 1) / BYTE_ROWS * BYTE_ROWS;
    size_t size = rows * byte_depth(MAX(config->width, config->inner_width));
    bytes->bytes = make_room(bytes->bytes, size);
    bytes->scales = make_floats(bytes->scales, rows);
    bytes->zeros = make_floats(bytes->zeros, rows);
    memset(bytes->bytes, 0, size);
}

static size_t model_pooled_width(const Model *model)
{
    size_t width = model->config.width;
    for (size_t i = 0; i < model->head_count; i++)
        width = MAX(width, model->head[i].width_out);
    return width;
}

static void workspace_fit(const Model *model, Workspace *workspace, size_t tokens)
{
    const ModelConfig *config = &model->config;
    if (tokens <= workspace->tokens)
        return;
    size_t wide = MAX(4 * config->width, config->inner_width);
    workspace->x = make_floats(workspace->x, tokens * config->width);
    workspace->change = make_floats(workspace->change, tokens * config->width);
    workspace->wide = make_floats(workspace->wide, tokens * wide);
    workspace->scratch =
        make_floats(workspace->scratch, attention_scratch(tokens, config->width / config->heads));
    if (model->is_int8)
        fit_bytes(config, &workspace->bytes, tokens);
    workspace->pooled = make_floats(workspace->pooled, 2 * model_pooled_width(model));
    workspace->tokens = tokens;
}

static Workspace *take_workspace(Encoder *encoder, size_t tokens)
{
    pthread_mutex_lock(&encoder->lock);
    Workspace *workspace = encoder->spare;
    if (workspace)
        encoder->spare = workspace->next;
    pthread_mutex_unlock(&encoder->lock);
    if (!workspace)
        workspace = heap_alloc(sizeof *workspace);
    workspace_fit(encoder->model, workspace, tokens);
    return workspace;
}

static void give_workspace(Encoder *encoder, Workspace *workspace)
{
    pthread_mutex_lock(&encoder->lock);
    workspace->next = encoder->spare;
    encoder->spare = workspace;
    pthread_mutex_unlock(&encoder->lock);
}

void encoder_rest(Encoder *encoder)
{
    pthread_mutex_lock(&encoder->lock);
    Workspace *spare = encoder->spare, *more = spare ? spare->next : NULL;
    if (spare)
        spare->next = NULL;
    pthread_mutex_unlock(&encoder->lock);
    while (more) {
        Workspace *next = more->next;
        workspace_free(more);
        more = next;
    }
    model_rest(encoder->model);
}

/* --- Opening ---------------------------------------------------------------------------- */

static bool check_vocabulary(const Encoder *encoder, const char *folder, Error *err)
{
    size_t words = encoder->model->words.dims[0], pieces = tokenizer_size(encoder->tokenizer);
    return pieces <= words ||
           fail(err, ERROR_INVALID, "%s: the tokenizer has %zu entries, the model only %zu", folder,
                pieces, words);
}

bool encoder_open(const char *folder, const EncoderOptions *options, Encoder **encoder_r,
                  Error *err)
{
    Encoder *encoder = heap_alloc(sizeof *encoder);
    pthread_mutex_init(&encoder->lock, NULL);
    if (!tokenizer_open(folder, &encoder->tokenizer, err) ||
        !model_open(folder, options, &encoder->model, err) ||
        !check_vocabulary(encoder, folder, err) ||
        !model_name(folder, encoder->model, encoder->name, err)) {
        encoder_free(encoder);
        return false;
    }
    model_weights_name(folder, encoder->model, encoder->weights_name);
    *encoder_r = encoder;
    return true;
}

void encoder_free(Encoder *encoder)
{
    if (!encoder)
        return;
    for (Workspace *next, *workspace = encoder->spare; workspace; workspace = next) {
        next = workspace->next;
        workspace_free(workspace);
    }
    model_free(encoder->model);
    tokenizer_free(encoder->tokenizer);
    pthread_mutex_destroy(&encoder->lock);
    free(encoder);
}

size_t encoder_dims(const Encoder *encoder) { return encoder->model->config.dims; }
bool encoder_is_reranker(const Encoder *encoder) { return encoder->model->config.is_reranker; }
size_t encoder_tokens_max(const Encoder *encoder) { return encoder->model->config.positions; }
size_t encoder_tokens_usual(const Encoder *encoder) { return encoder->model->config.tokens_max; }
const char *encoder_model(const Encoder *encoder) { return encoder->name; }
const char *encoder_weights_name(const Encoder *encoder) { return encoder->weights_name; }

const char *encoder_kernels(const Encoder *encoder)
{
    const Model *model = encoder->model;
    return model->is_int8 ? model->set->bytes->name : model->set->floats->name;
}

const Tokenizer *encoder_tokenizer(const Encoder *encoder) { return encoder->tokenizer; }

/* --- The graph -------------------------------------------------------------------------- */

static void embed_words(const Model *model, const EncoderPack *pack, float *x)
{
    size_t width = model->config.width;
    const uint32_t *id = pack->ids;
    for (size_t i = 0; i < pack->count; i++) {
        for (size_t place = 0; place < pack->lengths[i]; place++, id++, x += width) {
            const float *add = model->places + place * width;
            tensor_read(&model->words, *id * width, width, x);
            for (size_t k = 0; k < width; k++)
                x[k] += add[k];
            if (model->second && pack->seconds && place >= pack->seconds[i])
                for (size_t k = 0; k < width; k++)
                    x[k] += model->second[k];
        }
    }
}

static void attend(const Model *model, const EncoderPack *pack, const float *qkv, float *out,
                   float *scratch)
{
    const ModelConfig *config = &model->config;
    AttentionCall call = { .qkv = qkv,
                           .heads = config->heads,
                           .head_size = config->width / config->heads,
                           .out = out,
                           .scratch = scratch,
                           .distances = model->distances,
                           .distance_middle = config->positions - 1,
                           .distance_step = model_distance_step(config) };
    void (*attention)(const AttentionCall *) = model->set->floats->attention;
    if (model->is_int8 && model->set->bytes->attention && call.head_size % BYTE_ATTENTION_HEAD == 0)
        attention = model->set->bytes->attention;
    for (size_t i = 0; i < pack->count; i++) {
        call.length = pack->lengths[i];
        attention(&call);
        call.qkv += call.length * 3 * config->width;
        call.out += call.length * config->width;
    }
}

/* out = activation(in * matrix + bias). For int8 `in` is made bytes first. */
static void run_linear(const Model *model, const Linear *linear, size_t rows, const float *in,
                       float *out, Activation activation, ByteRows *bytes)
{
    if (!model->is_int8) {
        model->set->floats->linear(&(LinearCall){ .in = in,
                                                  .rows = rows,
                                                  .width_in = linear->width_in,
                                                  .width_out = linear->width_out,
                                                  .weights = linear->weights,
                                                  .bias = linear->bias,
                                                  .out = out,
                                                  .activation = activation });
        return;
    }
    bytes->step = byte_depth(linear->width_in);
    model->set->floats->quantise(
        &(QuantiseCall){ in, linear->bytes.factors, rows, linear->width_in, *bytes });
    model->set->bytes->linear(&(ByteLinearCall){ &linear->bytes, *bytes, rows, out, activation });
}

static void run_norm(const Model *model, const Norm *norm, size_t rows, float *x,
                     const float *change)
{
    model->set->floats->add_norm(&(NormCall){ .x = x,
                                              .other = change,
                                              .rows = rows,
                                              .width = model->config.width,
                                              .gain = norm->gain,
                                              .bias = norm->bias,
                                              .epsilon = model->config.epsilon });
}

static void run_layer(const Model *model, const ModelLayer *layer, const EncoderPack *pack,
                      size_t tokens, Workspace *work)
{
    float *attended = work->wide + 3 * model->config.width * tokens;
    ByteRows *bytes = &work->bytes;
    run_linear(model, &layer->qkv, tokens, work->x, work->wide, ACTIVATION_NONE, bytes);
    attend(model, pack, work->wide, attended, work->scratch);
    run_linear(model, &layer->attended, tokens, attended, work->change, ACTIVATION_NONE, bytes);
    run_norm(model, &layer->attended_norm, tokens, work->x, work->change);
    run_linear(model, &layer->up, tokens, work->x, work->wide, ACTIVATION_GELU, bytes);
    run_linear(model, &layer->down, tokens, work->wide, work->change, ACTIVATION_NONE, bytes);
    run_norm(model, &layer->output_norm, tokens, work->x, work->change);
}

static void pool_rows(const ModelConfig *config, const float *x, size_t length, float *out)
{
    size_t width = config->width;
    bool is_first = config->pooling == POOLING_CLS || config->is_reranker;
    memcpy(out, x, width * sizeof *out);
    for (size_t i = 1; i < length && !is_first; i++)
        for (size_t k = 0; k < width; k++) {
            float value = x[i * width + k];
            out[k] = config->pooling == POOLING_MAX ? MAX(out[k], value) : out[k] + value;
        }
    if (config->pooling == POOLING_MEAN && !is_first)
        for (size_t k = 0; k < width; k++)
            out[k] /= (float)length;
}

static void run_head(const HeadLayer *layer, const float *in, float *out)
{
    for (size_t i = 0; i < layer->width_out; i++) {
        float sum = layer->bias ? layer->bias[i] : 0;
        const float *weights = layer->weights + i * layer->width_in;
        for (size_t k = 0; k < layer->width_in; k++)
            sum += weights[k] * in[k];
        out[i] = layer->activation == HEAD_TANH   ? tanhf(sum)
                 : layer->activation == HEAD_RELU ? MAX(sum, 0.0f)
                                                  : sum;
    }
}

/* To length 1; zeros when a damaged word table made it no number. */
static void scale_to_unit(const float *from, size_t dims, float *out)
{
    double square = 0;
    for (size_t k = 0; k < dims; k++)
        square += (double)from[k] * from[k];
    bool usable = isfinite(square) && square > 0;
    float scale = usable ? (float)(1.0 / sqrt(square)) : 0;
    for (size_t k = 0; k < dims; k++)
        out[k] = usable ? from[k] * scale : 0;
}

/* The tokens' states as one vector, or the score of a pair. */
static void pool(const Model *model, const float *x, size_t length, float *pooled, float *out)
{
    float *next = pooled + model_pooled_width(model);
    pool_rows(&model->config, x, length, pooled);
    for (size_t i = 0; i < model->head_count; i++) {
        run_head(&model->head[i], pooled, next);
        memcpy(pooled, next, model->head[i].width_out * sizeof *pooled);
    }
    if (model->config.is_reranker)
        *out = isfinite(pooled[0]) ? pooled[0] : 0;
    else
        scale_to_unit(pooled, model->config.dims, out);
}

void encoder_run(Encoder *encoder, const EncoderPack *pack)
{
    const Model *model = encoder->model;
    size_t tokens = 0;
    for (size_t i = 0; i < pack->count; i++) {
        assert(pack->lengths[i] >= 1 && pack->lengths[i] <= model->config.positions);
        tokens += pack->lengths[i];
    }
    Workspace *work = take_workspace(encoder, tokens);
    embed_words(model, pack, work->x);
    run_norm(model, &model->words_norm, tokens, work->x, NULL);
    for (size_t i = 0; i < model->config.layers; i++)
        run_layer(model, &model->layers[i], pack, tokens, work);
    const float *x = work->x;
    for (size_t i = 0; i < pack->count; i++) {
        pool(model, x, pack->lengths[i], work->pooled, pack->outs[i]);
        x += pack->lengths[i] * model->config.width;
    }
    give_workspace(encoder, work);
}

/* --- Texts ------------------------------------------------------------------------------ */

size_t encoder_tokenize(const Encoder *encoder, Str text, uint32_t *ids, size_t max)
{
    return tokenizer_encode(encoder->tokenizer, text, ids, max);
}

size_t encoder_tokenize_pair(const Encoder *encoder, Str first, Str second, uint32_t *ids,
                             size_t max, uint32_t *second_r)
{
    size_t place,
        count = tokenizer_encode_pair(encoder->tokenizer, first, second, ids, max, &place);
    *second_r = (uint32_t)place;
    return count;
}

Str encoder_prompt(const Encoder *encoder, bool is_query)
{
    const ModelConfig *config = &encoder->model->config;
    return str(is_query ? config->query_prompt : config->passage_prompt);
}

/* Texts gathered until they fill a pack. */
typedef struct Gathering {
    Encoder *encoder;
    uint32_t *ids; /* room for a pack and the text that no longer fits */
    uint32_t lengths[PACK_TEXTS_MAX];
    float *outs[PACK_TEXTS_MAX];
    size_t count, tokens;
} Gathering;

static void run_gathered(Gathering *gathering)
{
    if (gathering->count)
        encoder_run(gathering->encoder, &(EncoderPack){ .ids = gathering->ids,
                                                        .lengths = gathering->lengths,
                                                        .count = gathering->count,
                                                        .outs = gathering->outs });
    gathering->count = gathering->tokens = 0;
}

static void gather(Gathering *gathering, Str text, size_t max_tokens, float *out)
{
    uint32_t *ids = gathering->ids + gathering->tokens;
    size_t length = encoder_tokenize(gathering->encoder, text, ids, max_tokens);
    if (gathering->count == PACK_TEXTS_MAX ||
        (gathering->count && gathering->tokens + length > ENCODER_PACK_TOKENS)) {
        run_gathered(gathering);
        memmove(gathering->ids, ids, length * sizeof *ids);
    }
    gathering->lengths[gathering->count] = (uint32_t)length;
    gathering->outs[gathering->count++] = out;
    gathering->tokens += length;
}

bool encoder_embed(Encoder *encoder, const Str *texts, size_t count, size_t max_tokens, float *out,
                   Error *err)
{
    const ModelConfig *config = &encoder->model->config;
    if (!max_tokens)
        max_tokens = config->tokens_max;
    if (max_tokens < 2 || max_tokens > config->positions)
        return fail(err, ERROR_INVALID, "max_tokens must be 2 to %zu", config->positions);
    Gathering gathering = { .encoder = encoder };
    AUTO_FREE uint32_t *ids =
        heap_alloc((MAX((size_t)ENCODER_PACK_TOKENS, max_tokens) + max_tokens) * sizeof *ids);
    gathering.ids = ids;
    for (size_t i = 0; i < count; i++)
        gather(&gathering, texts[i], max_tokens, out + i * config->dims);
    run_gathered(&gathering);
    return true;
}
