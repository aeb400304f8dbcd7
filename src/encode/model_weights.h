/* model_weights.h - the tensors of a model's folder: in model.safetensors, or in the several files
 * that model.safetensors.index.json names, as Hugging Face divides large models.
 *
 *     {"weight_map": {"embeddings.LayerNorm.bias": "model-00001-of-00002.safetensors", ...}}
 *
 * The index is foreign as the files are: it names files of this folder only, every tensor of
 * theirs once and where it lies; anything else is refused. Where both are there, the one file
 * counts, as in the reference. */
#pragma once

#include "base/file.h"
#include "base/json.h"
#include "encode/safetensors.h"

#define WEIGHT_FILES_MAX 64
#define WEIGHTS_FILE "model.safetensors"
#define WEIGHTS_INDEX "model.safetensors.index.json"
#define WEIGHTS_INDEX_BYTES_MAX MB(1)
#define WEIGHTS_DIGEST_SIZE 32

/* Which file each tensor is in. */
typedef struct WeightsIndex {
    StrList files; /* simple names, in the order of their bytes */
    struct WeightsPlace {
        Str tensor;
        size_t file;
        bool is_found;
    } * places; /* in the order of the tensors' names */
    size_t count;
} WeightsIndex;

typedef struct ModelWeights {
    const char *path;   /* of the one file, or of the index */
    const char **paths; /* of the files */
    FileMap *files;     /* they stay mapped until model_weights_close() */
    size_t file_count;
    Safetensors tensors;
} ModelWeights;

bool model_weights_exist(const char *folder);
/* The files the weights are in: the one, or those of the index, in the order of their names. */
MUST_CHECK bool model_weights_list(const char *folder, Arena *arena, StrList *names_r, Error *err);
/* Everything but the files lives in the arena. */
MUST_CHECK bool model_weights_open(const char *folder, Arena *arena, ModelWeights *weights_r,
                                   Error *err);
void model_weights_close(ModelWeights *weights); /* zeroed is fine */
/* SHA-256 of the file; of several, that of their digests. */
MUST_CHECK bool model_weights_digest(const ModelWeights *weights,
                                     uint8_t digest[WEIGHTS_DIGEST_SIZE], Error *err);

/* The steps of reading an index, apart for tests. The text is not kept. */
MUST_CHECK bool weights_index_read(Str text, Arena *arena, WeightsIndex *index_r, Error *err);
/* The tensors of all files as one list; parts[] are those of index->files. */
MUST_CHECK bool weights_join(WeightsIndex *index, const Safetensors *parts, Arena *arena,
                             Safetensors *all_r, Error *err);
