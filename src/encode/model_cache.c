/* model_cache.c - see model_cache.h. */
#include "encode/model_cache.h"

#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/hash.h"

#define FORMAT 3
#define HEADER_ROOM 4096

static const char magic[8] = "LECTPACK";

/* Size, time and inode of all the files, and a number of where they are. */
static bool find_source(const ModelWeights *weights, ModelCacheHeader *header, uint32_t *place_r)
{
    uint32_t place = 0;
    for (size_t i = 0; i < weights->file_count; i++) {
        struct stat status;
        AUTO_FREE char *whole = realpath(weights->paths[i], NULL);
        if (!whole || stat(whole, &status) != 0)
            return false;
        uint64_t time_ns =
            (uint64_t)status.st_mtim.tv_sec * 1000000000 + (uint64_t)status.st_mtim.tv_nsec;
        place = crc32c(place, whole, strlen(whole));
        header->source_size += (uint64_t)status.st_size;
        header->source_time_ns = header->source_time_ns * 31 + time_ns;
        header->source_inode = header->source_inode * 31 + status.st_ino;
    }
    *place_r = place;
    return true;
}

void model_cache_find(Model *model, const char *folder, ModelCache *cache_r)
{
    uint32_t place;
    const ModelConfig *config = &model->config;
    ModelCacheHeader *header = &cache_r->header;
    memset(cache_r, 0, sizeof *cache_r);
    if (folder && *folder && find_source(&model->weights, header, &place)) {
        memcpy(header->magic, magic, sizeof magic);
        header->version = FORMAT;
        header->precision = model->is_int8;
        header->panel = model->is_int8 ? BYTE_COLUMNS : (uint32_t)model->set->floats->panel;
        header->layers = (uint32_t)config->layers;
        header->width = (uint32_t)config->width;
        header->heads = (uint32_t)config->heads;
        header->inner_width = (uint32_t)config->inner_width;
        header->positions = (uint32_t)config->positions;
        header->size = model->memory_size;
        Str name = str_format(model->arena, "%08x-%s-%u.weights", place,
                              model->is_int8 ? "int8" : "fp32", header->panel);
        cache_r->folder = str_c(model->arena, str(folder));
        cache_r->path = path_join(model->arena, str(folder), name);
    }
}

static uint32_t header_crc(const ModelCacheHeader *header)
{
    return crc32c(0, header, offsetof(ModelCacheHeader, header_crc));
}

static bool is_right(const ModelCache *cache, Str bytes, ModelCacheHeader *header_r)
{
    if (bytes.length != HEADER_ROOM + cache->header.size)
        return false;
    memcpy(header_r, bytes.at, sizeof *header_r);
    return !memcmp(header_r, &cache->header, offsetof(ModelCacheHeader, digest)) &&
           header_r->header_crc == header_crc(header_r) &&
           header_r->weights_crc == crc32c(0, bytes.at + HEADER_ROOM, cache->header.size);
}

bool model_cache_map(const ModelCache *cache, Model *model)
{
    Error ignored;
    FileMap map = { 0 };
    ModelCacheHeader header;
    if (!cache->path || !file_exists(cache->path) || !file_map(cache->path, &map, &ignored))
        return false;
    if (!is_right(cache, map.bytes, &header)) {
        file_unmap(&map);
        return false;
    }
    memcpy(model->digest, header.digest, sizeof model->digest);
    model->packed = map;
    /* The map is for reading only, and nobody writes weights once they are packed. */
    model_lay_out(model, (uint8_t *)(uintptr_t)map.bytes.at + HEADER_ROOM);
    return true;
}

bool model_cache_write(const ModelCache *cache, const Model *model)
{
    Error ignored;
    if (!cache->path || !folder_make(cache->folder, 0700, &ignored))
        return false;
    size_t size = HEADER_ROOM + model->memory_size;
    AUTO_FREE char *bytes = heap_alloc(size);
    ModelCacheHeader header = cache->header;
    memcpy(header.digest, model->digest, sizeof header.digest);
    header.weights_crc = crc32c(0, model->memory, model->memory_size);
    header.header_crc = header_crc(&header);
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + HEADER_ROOM, model->memory, model->memory_size);
    return file_write(cache->path, (Str){ bytes, size }, 0600, &ignored);
}
