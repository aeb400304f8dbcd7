/* vector_changes.h - chunks whose vectors a store may not have yet: what the index's follower told
 * of one workspace, until it is known to be written.
 *
 * Threads: none of its own; the caller locks. */
#pragma once

#include "base/base.h"

#define VECTOR_CHANGES_MAX 65536 /* numbers that wait; more when a single change has more */
#define VECTOR_BATCH 512

typedef struct VectorChange {
    struct VectorChange *next;
    int64_t sequence, told_ms; /* the second: monotonic */
    bool removes;              /* its chunks may be gone */
    size_t count, done;        /* numbers; the first `done` of them are written */
    int64_t numbers[];
} VectorChange;

typedef struct VectorChanges {
    VectorChange *first, *last;
    int64_t highest; /* sequence ever told */
    size_t waiting;  /* numbers that are not written */
} VectorChanges;

/* Told again it is no change. False: too many wait. */
bool vector_changes_add(VectorChanges *changes, int64_t sequence, bool removes,
                        const int64_t *numbers, size_t count);
/* Those up to here are in the store. */
void vector_changes_forget(VectorChanges *changes, int64_t sequence);
void vector_changes_clear(VectorChanges *changes);
/* All before this one's sequence are written; INT64_MAX: all. */
int64_t vector_changes_first_waiting(const VectorChanges *changes);
/* When the first that waits was told, monotonic; 0: none waits. */
int64_t vector_changes_oldest_ms(const VectorChanges *changes);
/* At most `max` numbers that wait, those that were told last, by number, each once. */
size_t vector_changes_newest(const VectorChanges *changes, size_t max, int64_t *numbers);

/* Numbers that are written together. */
typedef struct VectorBatch {
    int64_t numbers[VECTOR_BATCH]; /* by number, each once */
    bool removes[VECTOR_BATCH];
    size_t count;
    size_t taken; /* of those that wait */
} VectorBatch;
/* The next ones; they wait until vector_changes_wrote(). */
void vector_changes_batch(const VectorChanges *changes, VectorBatch *batch);
void vector_changes_wrote(VectorChanges *changes, const VectorBatch *batch);
