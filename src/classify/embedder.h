/* embedder.h - an encoder's queue as classify.h wants it. */
#pragma once

#include "classify/classify.h"
#include "encode/encode_queue.h"

/* `queue` is borrowed; the model is loaded now if it is not yet. ERROR_NOT_FOUND: there is none
 * (NULL is fine). ENCODE_BULK for jobs, ENCODE_QUERY where somebody waits. */
MUST_CHECK bool classify_embedder(EncodeQueue *queue, EncodePriority priority, Arena *arena,
                                  Embedder *embedder_r, Error *err);
