/* collection_guard.h - a collection is restricted or opened with all that is in it.
 *
 *     collections.guard changes -> all sees it so at once (document_access_sql.h)
 *     documents.guard follows, GUARD_STEP documents a transaction, while guard_follows > 0
 *
 * guard_follows counts the changes since all had followed, so that a walk notices when it walks for
 * one that is over. Few documents are changed in the transaction itself, and so are all as long as
 * programs of before may read the same database: those go by documents.guard alone. Then each
 * statement changes a bounded number, so that none runs into the time limit of one (30 s).
 *
 * Whatever moves a document in the order of the walk (the trash) writes its guard and holds the
 * collection before it; what is put into a collection holds it too (access_guard_of). Where bytes
 * are behind a guard that their row does not have yet, or has still, a document that comes there is
 * their twin. For document_access.c. */
#pragma once

#include "store/scope.h"

#define GUARD_STEP 250 /* documents of one statement; more follow later */

/* Those with a list of their own keep it. Triggers of 0111 write the change. */
MUST_CHECK bool collection_set_guard(DbTx *tx, const Scope *scope, Str collection, Str guard,
                                     Error *err);
/* Whether documents follow still; then a job has to see to it. */
MUST_CHECK bool collection_guard_follows(DbTx *tx, const Scope *scope, Str collection,
                                         bool *follows_r, Error *err);

/* A place in the order of the index documents_of_collection. */
typedef struct GuardPlace {
    int64_t deleted_at, created_at;
    Str id;
} GuardPlace;

typedef struct GuardWalk {
    int64_t change;   /* that it walks for; begin with 0 */
    GuardPlace place; /* the last document that has followed */
    int64_t done;     /* of this change */
    bool is_over;     /* all have followed, or the collection is gone */
} GuardWalk;
/* One step, in a transaction of its own; ids live in the arena. */
MUST_CHECK bool collection_guard_step(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                                      GuardWalk *walk, Error *err);

/* Until the transaction is over, the guard of this document's collection does not change. */
MUST_CHECK bool collection_guard_hold(DbTx *tx, const Scope *scope, Str document, Error *err);

/* No program of before reads this database any more. */
MUST_CHECK bool collection_guards_may_follow(Db *db, Error *err);
