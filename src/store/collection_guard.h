/* collection_guard.h - a collection is restricted or opened with all that is in it.
 *
 * One transaction, so that nobody sees a part of it; its statements each change a bounded number of
 * documents, so that none runs into the time limit of one (30 s), whatever is in the collection:
 * 50,000 documents took one 23 s on a busy machine. Whoever adds to the collection meanwhile waits
 * for its row. For document_access.c. */
#pragma once

#include "store/scope.h"

#define GUARD_STEP 1000 /* documents of one statement */

/* Those with a list of their own keep it. Triggers of 0111 write the change. */
MUST_CHECK bool collection_set_guard(DbTx *tx, const Scope *scope, Str collection, Str guard,
                                     Error *err);
