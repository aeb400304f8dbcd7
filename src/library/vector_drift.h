/* vector_drift.h - what the files of the follower of a store of vectors share with vector_drift.c.
 */
#pragma once

#include "library/vector_changes.h"
#include "library/vector_follower.h"
#include "store/vectors_store.h"

/* All parts of these rows. */
MUST_CHECK bool vector_rows_put(VectorStore *store, const VectorSpace *space,
                                const VectorList *rows, Error *err);

/* Whoever mends what differs. */
typedef struct VectorMender {
    /* The store has not these chunks as the database has them; of those that it `removes` it has
     * vectors that are too many. */
    bool (*mend)(void *self, const VectorBatch *wrong, Error *err);
    /* Before each page of rows; fails to end it. */
    bool (*between)(void *self, Error *err);
    void *self;
} VectorMender;
/* vector_drift_find() that has what differs mended. */
MUST_CHECK bool vector_drift_mend(Db *db, VectorStore *store, const VectorSpace *space,
                                  const VectorMender *mender, VectorDrift *drift_r, Error *err);
