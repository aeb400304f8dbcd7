/* model.h - a BERT-family model folder: sizes from config.json, weights from model.safetensors or
 * the files that its index names (model_weights.h).
 *
 * They stay mapped for the table of words, of which only the rows that texts use are ever
 * read. All other weights are packed once in the order the kernels want, kept in a file
 * (model_cache.h) and mapped from it, so that later starts read no more than they use. Never
 * changes once open: any thread may read it. */
#pragma once

#include "base/file.h"
#include "encode/kernel_sets.h"
#include "encode/model_weights.h"

#define MODEL_LAYERS_MAX 48
#define MODEL_NAME_MAX 96
#define MODEL_DIGEST_SIZE 32

#define MODEL_DENSE_MAX 2
#define MODEL_PROMPT_MAX 64

typedef enum Pooling { POOLING_MEAN, POOLING_CLS, POOLING_MAX } Pooling;

/* How the tensors of a model_type are called; a row of families.def. */
typedef struct ModelFamily {
    const char *name, *prefix, *layer, *query, *key, *value, *attended, *attended_norm, *up, *down,
        *output_norm;
    size_t places;         /* rows of the table of places that no token has, before the first */
    bool has_types;        /* tokens of a first and a second text differ by a vector */
    const char *distances; /* what attention adds for the distance of two tokens; NULL: nothing */
} ModelFamily;

/* A layer after pooling: a folder of sentence-transformers, such as 2_Dense. */
typedef struct DenseConfig {
    char folder[48];
    size_t width_in, width_out;
    bool has_bias, is_tanh;
} DenseConfig;

typedef struct ModelConfig {
    size_t layers, width, heads, inner_width, positions;
    float epsilon;
    Pooling pooling;
    size_t tokens_max; /* that the model was trained for; at most `positions` */
    const ModelFamily *family;
    bool is_reranker; /* scores pairs of texts */
    DenseConfig dense[MODEL_DENSE_MAX];
    size_t dense_count;
    size_t dims; /* of a vector: the last dense layer's, or `width`; 1 of a reranker */
    char query_prompt[MODEL_PROMPT_MAX], passage_prompt[MODEL_PROMPT_MAX]; /* before a text */
} ModelConfig;

/* Packed for one precision; the other's is NULL. */
typedef struct Linear {
    size_t width_in, width_out;
    float *weights;
    float *bias;
    ByteMatrix bytes; /* its bias is the one above */
} Linear;

typedef struct Norm {
    float *gain, *bias;
} Norm;

/* A small layer that runs once a text: weights[width_out][width_in] as the file has them. */
typedef struct HeadLayer {
    float *weights, *bias;
    size_t width_in, width_out;
    enum { HEAD_PLAIN, HEAD_TANH, HEAD_RELU } activation;
} HeadLayer;

#define MODEL_HEAD_MAX MODEL_DENSE_MAX

typedef struct ModelLayer {
    Linear qkv; /* query, key, value in one; the query's part scaled by 1/sqrt(head size) */
    Linear attended, up, down;
    Norm attended_norm, output_norm;
} ModelLayer;

typedef struct Model {
    ModelConfig config;
    const KernelSet *set;
    bool is_int8;
    uint8_t digest[MODEL_DIGEST_SIZE]; /* model_weights_digest() */
    ModelWeights weights;
    Arena *arena;  /* of the tensors' names */
    Tensor words;  /* [vocabulary][width], in its file */
    float *places; /* [positions][width], with the type of a lone text added */
    Norm words_norm;
    ModelLayer *layers;
    HeadLayer head[MODEL_HEAD_MAX]; /* after pooling: dense layers, or those that score a pair */
    size_t head_count;
    float *distances; /* [heads][model_distance_step()]: as in AttentionCall; NULL: none */
    float *second;    /* [width]: what the type of a second text adds; NULL: nothing */
    uint8_t *memory;  /* all the packed weights, unless they lie in `packed` */
    size_t memory_size;
    FileMap packed; /* the cache file */
} Model;

/* Sizes of the model in the folder: config.json, sentence_bert_config.json, tokenizer_config.json,
 * config_sentence_transformers.json, modules.json and what that names when they are there, else
 * those of MiniLM-L6. */
MUST_CHECK bool model_read_config(const char *folder, ModelConfig *config_r, Error *err);
/* `options` may be NULL. */
MUST_CHECK bool model_open(const char *folder, const EncoderOptions *options, Model **model_r,
                           Error *err);
void model_free(Model *model); /* NULL is fine */
/* The rows of the table of words that were read are given back; they are mapped from its file. */
void model_rest(const Model *model);
extern const ModelFamily model_families[];
extern const size_t model_family_count;
/* The layers after pooling and the type of second texts, into a model whose tensors are read. */
MUST_CHECK bool model_read_head(Model *model, const char *folder, const Safetensors *tensors,
                                Error *err);
/* What attention adds for the distance of two tokens, into a model whose family has that. */
MUST_CHECK bool model_read_distances(Model *model, const Safetensors *tensors, Str prefix,
                                     Error *err);
size_t model_distance_step(const ModelConfig *config);
/* The name that stored vectors carry: "<folder name>/<8 digits of a SHA-256>" of the weights and of
 * all else that a text's vector depends on (model_files.def), so that a folder that comes again
 * under its name with another tokenizer or pooling is another model. It is the
 * same for both precisions: over STS-B dev the cosine of a text's int8 and fp32 vectors of
 * MiniLM-L6 is 0.9987 in the mean and 0.993 at least, so both may lie in one index, and a library
 * need not be embedded again when it moves to another processor. Vectors made before the digits
 * were of all of that carry those of the weights alone. */
void model_weights_name(const char *folder, const Model *model, char name_r[MODEL_NAME_MAX]);
MUST_CHECK bool model_name(const char *folder, const Model *model, char name_r[MODEL_NAME_MAX],
                           Error *err);
MUST_CHECK bool model_digest(Str bytes, uint8_t digest[MODEL_DIGEST_SIZE], Error *err);
/* Point every weight of the model to its place from `base` on; returns the size of all of them.
 * NULL only counts. */
size_t model_lay_out(Model *model, uint8_t *base);
