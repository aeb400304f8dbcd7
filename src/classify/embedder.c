/* embedder.c - see embedder.h. */
#include "classify/embedder.h"

typedef struct Queued {
    EncodeQueue *queue;
    EncodePriority priority;
    size_t dims;
} Queued;

static bool embed(void *self, Arena *arena, const Str *texts, size_t count, float **vectors_r,
                  size_t *dims_r, Error *err)
{
    const Queued *queued = self;
    float *vectors = arena_alloc_raw(arena, arena_array_size(sizeof(float) * queued->dims, count));
    if (!encode_queue_embed(queued->queue, queued->priority, texts, count, 0, vectors, err))
        return false;
    *vectors_r = vectors;
    *dims_r = queued->dims;
    return true;
}

bool classify_embedder(EncodeQueue *queue, EncodePriority priority, Arena *arena,
                       Embedder *embedder_r, Error *err)
{
    EncodeStatus status;
    if (!queue)
        return fail(err, ERROR_NOT_FOUND, "there is no encoder to classify with");
    if (!encode_queue_load(queue, err))
        return fail_in(err, "loading the encoder to classify with");
    encode_queue_status(queue, &status);
    Queued *queued = arena_new_one(arena, Queued);
    *queued = (Queued){ queue, priority, status.dims };
    *embedder_r = (Embedder){ embed, queued, str_copy(arena, str(status.model)) };
    return true;
}
