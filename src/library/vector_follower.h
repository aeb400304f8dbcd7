/* vector_follower.h - keeps a store of vectors outside the index in step with the database.
 *
 * The follower says which chunks have changed; a thread here reads their rows and writes what is
 * live to the store, and removes the rest. Of all nodes that share the store one writes for each
 * model (vector_lease.h), and says how far the store is; the others keep what they were told until
 * then. Whoever begins to write takes the changes since from the database. What the store lacks
 * when that is not known (it is new, or changes were forgotten meanwhile) is found by comparing all
 * rows with all that the store lists; the same comparison follows later where the store might have
 * lost something (another node wrote before, or it did not answer). While the store is away it is
 * asked whether it is there, every 5 s at last; searches go on without it.
 *
 * A search compares what was told and is not written yet by itself, so it does not matter how far
 * the store is.
 *
 * Threads: any, but for vector_drift_find(), which needs no follower at all. */
#pragma once

#include "index/vector_store.h"
#include "library/vector_lease.h"
#include "store/index_changes_store.h"

typedef struct VectorFollower VectorFollower;

/* `told` is called on its thread whenever a space is whole that was not. `times` may be NULL. */
VectorFollower *vector_follower_start(Db *db, VectorStore *store, const VectorLeaseTimes *times,
                                      void (*told)(void *argument), void *argument);
void vector_follower_stop(VectorFollower *follower); /* NULL is fine */
/* From now on the store holds the workspace's vectors of this model, too. */
void vector_follower_keep(VectorFollower *follower, Str workspace, Str model, size_t dims);
/* The workspace's vectors of other models are not searched any more. When no node searches any of a
 * model, they go. */
void vector_follower_drop_others(VectorFollower *follower, Str workspace, Str model);
/* What came up to this moment may not have been noted; from now on all is. */
void vector_follower_begin_notes(VectorFollower *follower, Str workspace);
/* Chunks came, changed or went. */
void vector_follower_note(VectorFollower *follower, const IndexChange *change);
/* All changes up to this one were noted, of all spaces that are kept. */
void vector_follower_noted(VectorFollower *follower, int64_t sequence);
/* Whether the store has all vectors of the space but for those that are noted. */
bool vector_follower_is_whole(VectorFollower *follower, Str workspace, Str model);
/* As VectorStore.search, as if all were written that is noted. */
MUST_CHECK bool vector_follower_search(VectorFollower *follower, const VectorSpace *space,
                                       Arena *arena, const float *query, const KeyFilter *filter,
                                       size_t k, LegHit *hits, size_t *count_r, Error *err);
/* Whether the store has all changes up to this one, whoever writes them. */
bool vector_follower_has_written(VectorFollower *follower, int64_t sequence);
/* Until everything that was noted is in the store, and compared where it should be, or the store
 * does not answer; false: neither within the time. */
bool vector_follower_wait(VectorFollower *follower, int64_t timeout_ms);
/* It did not answer when it was last asked for something. */
bool vector_follower_is_away(VectorFollower *follower);
/* How many vectors the store held when it was last looked at. */
int64_t vector_follower_count(VectorFollower *follower);

/* What is not known to be in the store. */
typedef struct VectorLag {
    int64_t passages;
    int64_t oldest_ms; /* since the first of them was told; 0: there is none */
} VectorLag;
VectorLag vector_follower_lag(VectorFollower *follower);

/* How a space differs from the rows. */
typedef struct VectorDrift {
    int64_t rows, stored;                 /* vectors */
    int64_t lacking, different, too_many; /* the first two: in the store */
    bool rows_failed;                     /* if it failed: the database did, not the store */
} VectorDrift;
/* Compares all. */
MUST_CHECK bool vector_drift_find(Db *db, VectorStore *store, const VectorSpace *space,
                                  VectorDrift *drift_r, Error *err);
