/* blob_removals_store.h - the `blob_removals` table: originals whose last row may be gone.
 *
 * An original and the rows that name it do not lie in the same place, and several nodes may write
 * both. So that no node removes bytes that another one has just acknowledged:
 *
 *     erasing    rows go, removal asked for (one transaction) -> locked alone: does a row name it?
 *                no: the original goes, the removal is counted (one transaction)
 *     adding     state read -> original stored -> locked with others: state as before? rows are
 *                added (one transaction)
 *
 * Either the rows are there before the original would go, or the adding sees that it may have gone.
 * A removal that was asked for and never ended (its node died) is asked for still. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

typedef struct BlobKey {
    Str workspace, blob;
} BlobKey;

typedef struct BlobKeyList {
    BlobKey *at;
    size_t count;
} BlobKeyList;

/* What is known of the removals of some originals. */
typedef struct BlobRemovals {
    Str state;      /* as long as it stays the same, none of them was removed */
    bool is_wanted; /* the removal of one is asked for and has not ended */
} BlobRemovals;

/* Until the transaction ends nobody removes these; `alone`: nobody adds a row that names one
 * either. To be taken before any row is touched. */
MUST_CHECK bool blobs_lock(DbTx *tx, const Scope *scope, Arena *arena, const StrList *blobs,
                           bool alone, Error *err);
MUST_CHECK bool blob_removals_find(DbTx *tx, const Scope *scope, Arena *arena, const StrList *blobs,
                                   BlobRemovals *removals_r, Error *err);
/* Asks for the removal of those that no row names by then. */
MUST_CHECK bool blob_removals_ask(DbTx *tx, const Scope *scope, Arena *arena, const StrList *blobs,
                                  int64_t now_ms, Error *err);
/* Takes back what was asked for. Before looking which rows name them: what is asked for meanwhile
 * stays asked for. */
MUST_CHECK bool blob_removals_settle(DbTx *tx, const Scope *scope, Arena *arena,
                                     const StrList *blobs, Error *err);
/* Counts the removal of each. */
MUST_CHECK bool blob_removals_count(DbTx *tx, const Scope *scope, Arena *arena,
                                    const StrList *blobs, int64_t now_ms, Error *err);
/* Asked for before then and not ended, of every workspace. */
MUST_CHECK bool blob_removals_list_wanted(DbTx *tx, const Scope *scope, Arena *arena,
                                          int64_t before_ms, int64_t limit, BlobKeyList *list_r,
                                          Error *err);
/* Forgets those that ended before then, which no adding that runs can have seen. */
MUST_CHECK bool blob_removals_forget(DbTx *tx, const Scope *scope, int64_t before_ms, Error *err);
