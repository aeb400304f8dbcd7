/* vector_leases_store.h - the `vector_leases` table: which node writes the vectors of a model to a
 * store that all nodes share.
 *
 * The holder counts `beat` up for as long as it lives; who sees the same beat for too long by its
 * own clock takes the row, with a new epoch. No clock of another machine is asked. A row stays when
 * its model serves nobody any more: it says whose vectors may still lie in the store.
 *
 * All functions need a system scope. */
#pragma once

#include "store/scope.h"

typedef struct VectorLease {
    Str store, model;
    int64_t dims;
    Str holder;       /* of this moment; empty: nobody */
    int64_t epoch;    /* counts the holders */
    int64_t beat;     /* goes on while the holder lives, and further with the next one */
    int64_t sequence; /* of index_changes: all up to it are in the store; -1: that is not known */
} VectorLease;

typedef struct VectorLeaseList {
    VectorLease *at;
    size_t count;
} VectorLeaseList;

/* Of one store, all models. */
MUST_CHECK bool vector_lease_list(DbTx *tx, const Scope *scope, Arena *arena, Str store,
                                  VectorLeaseList *list_r, Error *err);
/* Takes it for `seen->holder` unless the row has changed since it was seen (epoch 0: there was
 * none); *epoch_r is 0 then. */
MUST_CHECK bool vector_lease_take(DbTx *tx, const Scope *scope, const VectorLease *seen,
                                  int64_t *epoch_r, Error *err);
/* The holder lives, and all changes up to `held->sequence` are written; *is_held_r: the row is
 * still its own, by holder and epoch. */
MUST_CHECK bool vector_lease_renew(DbTx *tx, const Scope *scope, const VectorLease *held,
                                   bool *is_held_r, Error *err);
/* The same as its last word: another one may take it at once. */
MUST_CHECK bool vector_lease_give_back(DbTx *tx, const Scope *scope, const VectorLease *held,
                                       Error *err);
/* The store has none of its vectors any more; nothing when it is another's now. */
MUST_CHECK bool vector_lease_remove(DbTx *tx, const Scope *scope, const VectorLease *held,
                                    Error *err);
