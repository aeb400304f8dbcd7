/* vector_follower.h - keeps a store of vectors outside the index in step with the database.
 *
 * The follower says which chunks have changed; a thread here reads their rows and writes what is
 * live to the store, and removes the rest. So it does not matter in which order, how often or by
 * how many nodes a change is told. Whenever it cannot know what the store lacks (at the start,
 * after a failure, when too much waits) it compares all rows with all that the store lists, and
 * mends what differs. While the store is away it tries again, later and later, up to 30 s; searches
 * go on without it.
 *
 * Threads: any, but for vector_drift_find(), which needs no follower at all. */
#pragma once

#include "index/vector_store.h"
#include "store/scope.h"

typedef struct VectorFollower VectorFollower;

/* `told` is called on its thread whenever a space is whole that was not. */
VectorFollower *vector_follower_start(Db *db, VectorStore *store, void (*told)(void *argument),
                                      void *argument);
void vector_follower_stop(VectorFollower *follower); /* NULL is fine */
/* From now on the store holds the workspace's vectors of this model, too. */
void vector_follower_keep(VectorFollower *follower, Str workspace, Str model, size_t dims);
/* The workspace's vectors of other models go. */
void vector_follower_drop_others(VectorFollower *follower, Str workspace, Str model);
/* These chunks came, changed or went. */
void vector_follower_note(VectorFollower *follower, Str workspace, const int64_t *numbers,
                          size_t count);
/* Whether the store has had all vectors of the space since this process began. */
bool vector_follower_is_whole(VectorFollower *follower, Str workspace, Str model);
/* Everything that was noted is in the store. */
bool vector_follower_is_level(VectorFollower *follower);
/* Until it is, or the store does not answer; false: neither within the time. */
bool vector_follower_wait(VectorFollower *follower, int64_t timeout_ms);
/* How many vectors the store held when it was last looked at. */
int64_t vector_follower_count(VectorFollower *follower);

/* How a space differs from the rows. */
typedef struct VectorDrift {
    int64_t rows, stored;                 /* vectors */
    int64_t lacking, different, too_many; /* the first two: in the store */
} VectorDrift;
/* Compares all; `mends` makes them equal. `is_stopping` may be NULL. */
MUST_CHECK bool vector_drift_find(Db *db, VectorStore *store, const VectorSpace *space, bool mends,
                                  const _Atomic bool *is_stopping, VectorDrift *drift_r,
                                  Error *err);
