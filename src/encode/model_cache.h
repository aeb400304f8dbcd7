/* model_cache.h - the file that holds a model's packed weights.
 *
 * A page of header, then the weights exactly as they lie in memory. The header says which files
 * (size, time, inode), which sizes, precision and panels they were packed from, and has
 * checksums; a file that does not fit or is damaged is packed again and replaced. There is one
 * for each place of a model, precision and width of panels; the newest wins. */
#pragma once

#include "encode/model.h"

typedef struct ModelCacheHeader {
    char magic[8];
    uint32_t version, precision, panel;
    uint32_t layers, width, heads, inner_width, positions;
    uint64_t source_size, source_time_ns, source_inode;
    uint64_t size; /* of the weights */
    uint8_t digest[MODEL_DIGEST_SIZE];
    uint32_t weights_crc;
    uint32_t header_crc; /* of all above */
} ModelCacheHeader;

typedef struct ModelCache {
    char *folder, *path;     /* NULL: none */
    ModelCacheHeader header; /* that a right file has, but for digest and checksums */
} ModelCache;

/* Where the packed weights of the model, whose files are open, are or would be in the folder. */
void model_cache_find(Model *model, const char *folder, ModelCache *cache_r);
/* Map the file and point the model's weights and digest to it. False when there is no such file
 * or it is not right. */
bool model_cache_map(const ModelCache *cache, Model *model);
/* Write the weights in model->memory. False when that failed, as in a folder for reading only:
 * then the weights stay in memory. */
bool model_cache_write(const ModelCache *cache, const Model *model);
