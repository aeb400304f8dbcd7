/* model.h - a BERT-family model folder: sizes from config.json, weights from model.safetensors.
 *
 * The file stays mapped for the table of words, of which only the rows that texts use are ever
 * read. All other weights are copied once, in the order the kernels want, and the pages they
 * came from are given back. Never changes once open: any thread may read it. */
#pragma once

#include "base/file.h"
#include "encode/kernels.h"
#include "encode/safetensors.h"

#define MODEL_LAYERS_MAX 48
#define MODEL_NAME_MAX 96

typedef enum Pooling { POOLING_MEAN, POOLING_CLS } Pooling;

typedef struct ModelConfig {
    size_t layers, width, heads, inner_width, positions;
    float epsilon;
    Pooling pooling;
    size_t tokens_max; /* that the model was trained for; at most `positions` */
} ModelConfig;

typedef struct Linear {
    float *weights; /* packed */
    float *bias;
} Linear;

typedef struct Norm {
    float *gain, *bias;
} Norm;

typedef struct ModelLayer {
    Linear qkv; /* query, key, value in one; the query's part scaled by 1/sqrt(head size) */
    Linear attended, up, down;
    Norm attended_norm, output_norm;
} ModelLayer;

typedef struct Model {
    ModelConfig config;
    const Kernels *kernels;
    FileMap file;
    Arena *arena;  /* of the tensors' names */
    Tensor words;  /* [vocabulary][width], in the file */
    float *places; /* [positions][width], with the type of a lone text added */
    Norm words_norm;
    ModelLayer *layers;
    void *memory; /* all the packed weights */
    size_t memory_size;
} Model;

/* Sizes of the model in the folder: config.json, sentence_bert_config.json, modules.json and
 * 1_Pooling/config.json when they are there, else those of MiniLM-L6. */
MUST_CHECK bool model_read_config(const char *folder, ModelConfig *config_r, Error *err);
/* `kernels` NULL takes the best for this processor. */
MUST_CHECK bool model_open(const char *folder, const Kernels *kernels, Model **model_r, Error *err);
void model_free(Model *model); /* NULL is fine */
/* The name that stored vectors carry: "<folder name>/<first 8 digits of the SHA-256>". */
MUST_CHECK bool model_identify(const char *folder, char name_r[MODEL_NAME_MAX], Error *err);
