/* vector_follower_int.h - what the files of the follower of a store of vectors share; for them
 * only.
 *
 *     vector_follower.c         what others tell and ask
 *     vector_follower_run.c     the thread: what is to be done next
 *     vector_follower_write.c   writing to the store, as long as this node may
 *     vector_follower_search.c  searching it, and what it lacks
 *
 * The thread alone writes to the store and takes spaces out of the list. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "library/vector_changes.h"
#include "library/vector_drift.h"
#include "library/vector_follower.h"
#include "library/vector_lease.h"

typedef enum Compares {
    COMPARES_NOT,
    COMPARES_LATER, /* the store may have lost something */
    COMPARES_FIRST, /* what the store lacks is not known */
} Compares;

/* What the spaces of a model have in common. */
typedef struct ModelSpaces {
    struct ModelSpaces *next;
    char *model;
    size_t dims;
    VectorLeaseState lease; /* as this thread knows it */
    /* Changes behind this one are to be taken from the database; INT64_MAX: none. */
    int64_t lists_after;
    bool left_out; /* there was no room for one: all that are not written are taken again */
} ModelSpaces;

typedef struct Space {
    struct Space *next;
    VectorSpace space;
    ModelSpaces *model;
    VectorChanges changes;
    Compares compares;
    bool is_made;        /* created since the store answers */
    bool compares_again; /* what came while it was compared was not noted */
    bool must_count;     /* how many it has is not known */
    bool goes;           /* another model serves */
    int64_t count, counted_ms;
} Space;

struct VectorFollower {
    Db *db;
    VectorStore *store;
    VectorLeases *leases;
    void (*told)(void *argument);
    void *argument;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news, level;
    atomic_bool is_stopping;
    bool is_away, is_busy, is_poked; /* the second: something is being done */
    bool database_failed;            /* the thread's own: what failed was no doing of the store */
    int64_t pause_ms;
    int64_t look_at_ms;  /* monotonic: whether the store is there */
    int64_t noted;       /* all changes up to it are */
    Space *spaces;       /* both lists and what is in them: under the lock */
    ModelSpaces *models; /* only grows */
};

/* For vector_follower.c and for the thread: the lock is held. */
Space *find_vector_space(VectorFollower *follower, Str workspace, Str model);

/* --- vector_follower_run.c --- */

void *run_vector_follower(void *argument);
/* What has come meanwhile is written between two steps of a long task; fails when the task is to
 * end: the process stops, or another node holds the lease. */
MUST_CHECK bool vector_follower_between(VectorFollower *follower, const ModelSpaces *model,
                                        int64_t epoch, Error *err);

/* --- vector_follower_write.c --- */

/* For the thread; the lock is not held. All do nothing when the lease is lost before or while they
 * write: then the store is as the database says all the same. */

/* The next of its changes. */
MUST_CHECK bool write_vector_changes(VectorFollower *follower, Space *space, Error *err);
/* All rows beside all that the store has. */
MUST_CHECK bool compare_vector_space(VectorFollower *follower, Space *space, Error *err);
/* Changes that this node has not been told of. */
MUST_CHECK bool list_vector_changes(VectorFollower *follower, ModelSpaces *model, Error *err);
/* Vectors of a model that no node searches go. */
MUST_CHECK bool drop_unwanted_vectors(VectorFollower *follower, Error *err);
/* How far the store is, as far as this node knows. The lock is held. */
int64_t vectors_written(const VectorFollower *follower, const ModelSpaces *model);
