/* weaviate_store.h - vectors in Weaviate, over HTTP (vector_store.h).
 *
 * A class for each model, a tenant in it for each workspace; an object's id is made of workspace
 * and key, so that writing again replaces. Objects go by the REST interface; searching by GraphQL,
 * the only one that takes a vector over HTTP. It gives what is nearest of all; what of that is
 * allowed is enough where much is. Else all that is allowed is compared: by `exact`, which takes a
 * fifth of the time or less, or else by queries that name every passage.
 *
 * Writing tries three times. What is searched fails fast, however many looks it takes: whoever asks
 * goes on with words.
 * Threads: any. */
#pragma once

#include "index/vector_store.h"

typedef struct WeaviateOptions {
    Str url;     /* http://host:8080 */
    Str key;     /* sent as Authorization: Bearer; empty: none */
    Str ca_file; /* of certificates that its own must be signed by; empty: the system's */
    VectorExact exact;
} WeaviateOptions;

/* ERROR_INVALID when there is no address. Asks nothing yet: it may be away at the start. Freed by
 * its free(). */
MUST_CHECK bool weaviate_store_open(const WeaviateOptions *options, VectorStore **store_r,
                                    Error *err);
