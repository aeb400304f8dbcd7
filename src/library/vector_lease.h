/* vector_lease.h - which node writes the vectors of a model to a store that all nodes share.
 *
 * A row of vector_leases for each model names the holder. A thread here counts the beat of what
 * this node holds, and watches what others hold: a beat that stands still for VECTOR_LEASE_LOST_MS
 * by this node's own clock is a holder that has gone, and one of those that watch takes its place.
 * A holder that was paused may not know yet that it is none any more; whatever it writes, it asks
 * vector_leases_renew() behind it.
 *
 * Threads: any. */
#pragma once

#include "base/base.h"

typedef struct Db Db;
typedef struct VectorLeases VectorLeases;

/* 0: as usual. */
typedef struct VectorLeaseTimes {
    int64_t beat_ms;     /* between two beats; 1,000 */
    int64_t lost_ms;     /* without one: the holder has gone; 5,000 */
    int64_t unwanted_ms; /* without one: the model serves nobody any more; 60,000 */
} VectorLeaseTimes;

/* `told` is called on a thread of its own whenever something here has changed. */
VectorLeases *vector_leases_start(Db *db, const char *store, const VectorLeaseTimes *times,
                                  void (*told)(void *argument), void *argument);
/* Gives all back. NULL is fine. */
void vector_leases_stop(VectorLeases *leases);
/* This node searches vectors of the model from now on, so it would hold its lease. */
void vector_leases_want(VectorLeases *leases, Str model, size_t dims);
/* Not any more. */
void vector_leases_leave(VectorLeases *leases, Str model, size_t dims);
/* The store does not answer here: gives back what is held, and takes nothing for so long. */
void vector_leases_rest(VectorLeases *leases, int64_t ms);

typedef struct VectorLeaseState {
    bool is_known;    /* the row was looked at since the model was wanted */
    int64_t epoch;    /* of this node's holding; 0: it does not hold it */
    bool is_sure;     /* and nobody else can have taken it yet */
    int64_t sequence; /* all changes up to it are in the store; -1: that is not known */
} VectorLeaseState;
VectorLeaseState vector_leases_state(VectorLeases *leases, Str model, size_t dims);
/* Tells all that changes up to `sequence` are written; *is_held_r: this node holds it since that
 * epoch without a break. */
MUST_CHECK bool vector_leases_renew(VectorLeases *leases, Str model, size_t dims, int64_t epoch,
                                    int64_t sequence, bool *is_held_r, Error *err);
/* The same with the next beat. */
void vector_leases_reach(VectorLeases *leases, Str model, size_t dims, int64_t epoch,
                         int64_t sequence);
/* Takes a model that serves no node any more, though the store may have vectors of it: its row is
 * to be forgotten when they are gone. *epoch_r is 0 when there is none. */
MUST_CHECK bool vector_leases_take_unwanted(VectorLeases *leases, Arena *arena, Str *model_r,
                                            size_t *dims_r, int64_t *epoch_r, Error *err);
MUST_CHECK bool vector_leases_forget(VectorLeases *leases, Str model, size_t dims, int64_t epoch,
                                     Error *err);
