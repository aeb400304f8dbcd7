/* damaged_originals_store.h - the `damaged_originals` table, and all originals that rows name, in
 * an order in which they can be read one after the other. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

typedef struct DamagedOriginal {
    Str blob, reason;
    Str document, name; /* one that has it; empty: it is no document's */
    int64_t found_at_ms;
} DamagedOriginal;

typedef struct DamagedOriginalList {
    DamagedOriginal *at;
    size_t count;
} DamagedOriginalList;

/* The next originals after this one ("": the first) that rows of the workspace name, by SHA-256. */
MUST_CHECK bool originals_list(DbTx *tx, const Scope *scope, Arena *arena, Str after, int64_t limit,
                               StrList *list_r, Error *err);
/* Adds it, or says the new reason; since when it is known stays. */
MUST_CHECK bool damaged_original_set(DbTx *tx, const Scope *scope, Str blob, Str reason,
                                     int64_t now_ms, Error *err);
/* True also when it was not there. */
MUST_CHECK bool damaged_original_remove(DbTx *tx, const Scope *scope, Str blob, Error *err);
/* The first so many, longest known first. Those that no row names any more are left out. */
MUST_CHECK bool damaged_original_list(DbTx *tx, const Scope *scope, Arena *arena, int64_t limit,
                                      DamagedOriginalList *list_r, Error *err);
/* Of the scope's workspace; a system scope counts those of all. */
MUST_CHECK bool damaged_original_count(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err);
