/* fuzz_weights.c - an index of divided weights and a file of them, split at the first 0xFF; each
 * file that the index names is that one. */
#include "encode/model_weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str input = { (const char *)data, size };
    ptrdiff_t cut = str_find_char(input, '\xFF');
    Safetensors parts[WEIGHT_FILES_MAX] = { 0 }, all;
    WeightsIndex index;
    Error err;
    if (cut < 0 || !weights_index_read(str_slice(input, 0, (size_t)cut), arena, &index, &err))
        return 0;
    for (size_t i = 0; i < index.files.count; i++)
        if (!safetensors_read(str_from(input, (size_t)cut + 1), arena, &parts[i], &err))
            return 0;
    if (weights_join(&index, parts, arena, &all, &err) && all.count != index.count)
        abort();
    return 0;
}
