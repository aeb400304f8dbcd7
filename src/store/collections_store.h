/* collections_store.h - the `collections` table: named parts of a library. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

typedef struct Collection {
    Str id, name, description;
    int64_t created_at_ms;
    int64_t draws_tasks_since_ms; /* tasks are drawn from documents added since; 0: from none */
    int64_t document_count;       /* seen, outside the trash; read, never written */
    bool is_restricted;           /* likewise; see document_access.h */
    int64_t keep_days; /* after which its documents go to the trash (kept_collections_store.h); 0:
                          never */
    int64_t keep_since_ms; /* when that was set */
} Collection;

typedef struct CollectionList {
    Collection *at;
    size_t count;
} CollectionList;

/* Adds it with a new id, set in *collection. ERROR_CONFLICT: the name is taken. */
MUST_CHECK bool collection_add(DbTx *tx, const Scope *scope, Arena *arena, Collection *collection,
                               Error *err);
MUST_CHECK bool collection_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                Collection *collection_r, Error *err);
/* Letter case does not matter. */
MUST_CHECK bool collection_find_by_name(DbTx *tx, const Scope *scope, Arena *arena, Str name,
                                        Collection *collection_r, Error *err);
/* By name. */
/* Of those with one of these ids or names; letter case does not matter. */
MUST_CHECK bool collection_list_ids(DbTx *tx, const Scope *scope, Arena *arena, StrList texts,
                                    StrList *ids_r, Error *err);
MUST_CHECK bool collection_list(DbTx *tx, const Scope *scope, Arena *arena, CollectionList *list_r,
                                Error *err);
/* Name, description, whether tasks are drawn, and how long documents are kept. */
MUST_CHECK bool collection_update(DbTx *tx, const Scope *scope, const Collection *collection,
                                  Error *err);
/* Its documents stay, in no collection. ERROR_CONFLICT: its list hides some of them. */
MUST_CHECK bool collection_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
