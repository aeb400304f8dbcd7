/* judged_sets_store.h - the `judged_sets` table: named collections of judged queries. */
#pragma once

#include "store/scope.h"

typedef struct JudgedSet {
    Str id, name;
    int64_t created_at_ms;
    int64_t query_count, judgement_count; /* read, never written */
} JudgedSet;

typedef struct JudgedSetList {
    JudgedSet *at;
    size_t count;
} JudgedSetList;

/* Adds it with a new id, set in *set. ERROR_CONFLICT: the name is taken. */
MUST_CHECK bool judged_set_add(DbTx *tx, const Scope *scope, Arena *arena, JudgedSet *set,
                               Error *err);
MUST_CHECK bool judged_set_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                JudgedSet *set_r, Error *err);
/* Letter case does not matter. */
MUST_CHECK bool judged_set_find_by_name(DbTx *tx, const Scope *scope, Arena *arena, Str name,
                                        JudgedSet *set_r, Error *err);
/* By name. */
MUST_CHECK bool judged_set_list(DbTx *tx, const Scope *scope, Arena *arena, JudgedSetList *list_r,
                                Error *err);
/* With its judgements and runs. */
MUST_CHECK bool judged_set_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
