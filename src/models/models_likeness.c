/* models_likeness.c - how alike two questions are, by the encoder of this machine. */
#include "encode/encode_queue.h"
#include "models/models_int.h"

bool models_likeness(void *argument, Str a, Str b, double *likeness_r)
{
    Models *models = argument;
    EncodeQueue *encoder = models->options.encoder;
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const Str texts[] = { a, b };
    EncodeStatus status;
    Error ignored; /* without an encoder no answer is found by likeness */
    if (!encoder || !encode_queue_load(encoder, &ignored))
        return false;
    encode_queue_status(encoder, &status);
    size_t dims = status.dims;
    float *vectors = arena_new_array(arena, float, dims *COUNT(texts));
    if (!encode_queue_embed(encoder, ENCODE_QUERY, texts, COUNT(texts), 0, vectors, &ignored))
        return false;
    *likeness_r = 0;
    for (size_t i = 0; i < dims; i++)
        *likeness_r += (double)vectors[i] * (double)vectors[dims + i];
    return true;
}
