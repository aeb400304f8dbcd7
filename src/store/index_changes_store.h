/* index_changes_store.h - the `index_changes` table: what an index file has to catch up on.
 *
 * Every change of what can be found is a row with a sequence number. In PostgreSQL numbers do not
 * come in the order of commits: writers on all nodes wait for nobody, so a row may appear behind
 * ones with higher numbers. index_bound() says how far all are there, so an index that has all up
 * to G <= bound only needs the rows after G. It names the database it was made from and its G:
 *
 *     index_bound()     in a transaction of its own, before the one that reads the rest
 *     index_position()  another database, or G < floor, or G > last:   rebuild with chunk_scan(),
 *                       then continue from the bound that was read before the rebuild began
 *     otherwise         index_change_list(after G) until it is empty; those after the bound are
 *                       read again later
 *
 * Applying a change twice must be harmless: ADD replaces, REMOVE of what is not there is nothing.
 * Changes of one document are in order: their writers wait for each other for its row.
 * Writers tell listeners of DB channel INDEX_CHANNEL after each commit; that may be lost. */
#pragma once

#include "store/chunks_store.h"

#define INDEX_CHANNEL "index"

typedef enum IndexOperation {
    INDEX_ADD,           /* these chunks are live now: read them with chunk_find_many() */
    INDEX_REMOVE,        /* these are not */
    INDEX_VECTORS,       /* these got vectors of `model` */
    INDEX_ERASE,         /* these are gone: nothing of them may stay in an index file */
    INDEX_FILTERS,       /* no numbers: what filters ask of the document is another now */
    INDEX_NO_COLLECTION, /* no numbers: `document` is a collection that is gone, nothing is in it */
    INDEX_GUARD, /* no numbers: `document` is a collection that is restricted now, or open again */
} IndexOperation;

typedef struct IndexChange {
    int64_t sequence;
    Str workspace, document, model;
    IndexOperation operation;
    NumberList numbers;
} IndexChange;

typedef struct IndexChangeList {
    IndexChange *at;
    size_t count;
} IndexChangeList;

typedef struct IndexPosition {
    Str database;        /* an id made with the database */
    int64_t floor, last; /* changes up to and including floor are forgotten; last: to be seen */
} IndexPosition;

/* All but index_change_add() need a system scope to see every workspace. */
/* No change with a number up to bound->all will appear to a transaction that begins from now on.
 * When it is the highest and the same as before, nothing at all has been written since. */
typedef struct IndexBound {
    int64_t all, highest; /* INT64_MAX in SQLite, which need not ask */
} IndexBound;
MUST_CHECK bool index_bound(DbTx *tx, const Scope *scope, IndexBound *bound_r, Error *err);
/* For db_watch(): both numbers as a text, which is another one when there is something new. */
extern const char index_watch[];
MUST_CHECK bool index_position(DbTx *tx, const Scope *scope, Arena *arena,
                               IndexPosition *position_r, Error *err);
MUST_CHECK bool index_change_list(DbTx *tx, const Scope *scope, Arena *arena, int64_t after,
                                  int64_t limit, IndexChangeList *list_r, Error *err);
/* The same but INDEX_VECTORS, without their numbers, of the scope's workspace. */
MUST_CHECK bool index_change_list_documents(DbTx *tx, const Scope *scope, Arena *arena,
                                            int64_t after, int64_t limit, IndexChangeList *list_r,
                                            Error *err);
/* Forgets changes up to and including `sequence`. */
MUST_CHECK bool index_change_forget(DbTx *tx, const Scope *scope, int64_t sequence, Error *err);
/* A floor that no change has reached forgets those to come, so that no index follows any more: the
 * fault of a program of before. Then the log begins anew behind all that was given, and every index
 * is built again. Before any index is loaded. */
MUST_CHECK bool index_change_mend(DbTx *tx, const Scope *scope, Arena *arena, bool *mended_r,
                                  Error *err);
/* Changes that several nodes follow are kept for INDEX_CHANGES_KEEP_MS to twice as long: a node
 * that runs has taken them long before, and one that was away for longer builds its index anew. Up
 * to where they may be forgotten now, 0: nothing; marks how far they are today, for a later call.
 */
#define INDEX_CHANGES_KEEP_MS (7 * INT64_C(86400000))
MUST_CHECK bool index_change_old(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                 int64_t *until_r, Error *err);
/* For src/store: one row for these numbers; none for an empty list. */
MUST_CHECK bool index_change_add(DbTx *tx, const Scope *scope, Arena *arena,
                                 IndexOperation operation, Str document, Str model,
                                 const int64_t *numbers, size_t count, Error *err);
/* For src/store: INDEX_FILTERS of the document, if it is searched; `with_members`: also of all that
 * is inside it. */
MUST_CHECK bool index_change_filters(DbTx *tx, const Scope *scope, Str document, bool with_members,
                                     Error *err);
MUST_CHECK bool index_change_no_collection(DbTx *tx, const Scope *scope, Str collection,
                                           Error *err);
/* Listeners are told of what a trigger writes: INDEX_GUARD, and INDEX_FILTERS of a document with a
 * list of its own, whichever program changes `guard` (migration 0111). */
MUST_CHECK bool index_change_hint(DbTx *tx, const Scope *scope, Error *err);
