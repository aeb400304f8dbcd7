/* fuzz_safetensors.c - a model file's header, and the values of the tensors it names. */
#include "encode/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Safetensors all;
    Error err;
    if (!safetensors_read((Str){ (const char *)bytes, count }, arena, &all, &err))
        return 0;
    for (size_t i = 0; i < all.count; i++) {
        float values[64];
        const Tensor *tensor = &all.tensors[i];
        if (tensor->type != TENSOR_OTHER && tensor->count)
            tensor_read(tensor, tensor->count - MIN(tensor->count, COUNT(values)),
                        MIN(tensor->count, COUNT(values)), values);
    }
    return 0;
}
