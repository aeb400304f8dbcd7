/* vector_meter.h - a store of vectors that counts what it is asked, how long that takes, and since
 * when it does not answer.
 *
 *     vector_meter_new(store)   asked in the place of the store from now on
 *     vector_meter_put() ...    for /metrics and /health: asks the store nothing
 *     its free()                leaves the store as it is
 *
 * Threads: any. */
#pragma once

#include "index/vector_store.h"

/* `store` is borrowed. */
VectorStore *vector_meter_new(VectorStore *store);

/* Below: of one that vector_meter_new() made. */

/* Since the first of the failures behind its last success; 0: there is none. *why_r (may be NULL):
 * the last of them. */
int64_t vector_meter_failing_ms(VectorStore *meter, Error *why_r);
/* What it was asked since the start: lines of Prometheus's text format. */
void vector_meter_put(VectorStore *meter, Buf *out);
