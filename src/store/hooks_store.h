/* hooks_store.h - the tables `hooks` and `hook_receipts`: addresses that other programs call, and
 * what came to them. Secrets come sealed and stay so. */
#pragma once

#include "base/json.h"
#include "store/scope.h"
#include "store/slice.h"

#define HOOKS_MAX 100 /* of one workspace */

typedef struct Hook {
    Str id, name;
    Str scheme;     /* of webhook/schemes.def */
    Str sealed;     /* secret */
    Str collection; /* its bodies become documents there; empty: they become none */
    bool is_on;
    Str created_by;                    /* a person; empty: a key of the workspace */
    int64_t created_at_ms, last_at_ms; /* last_at_ms 0: nothing has come */
} Hook;

typedef struct HookList {
    Hook *at;
    size_t count;
} HookList;

/* Adds it with a new id, set in *hook. ERROR_CONFLICT: there are HOOKS_MAX. */
MUST_CHECK bool hook_add(DbTx *tx, const Scope *scope, Arena *arena, Hook *hook, Error *err);
MUST_CHECK bool hook_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Hook *hook_r,
                          Error *err);
/* By name. */
MUST_CHECK bool hook_list(DbTx *tx, const Scope *scope, Arena *arena, HookList *list_r, Error *err);
/* Saves name, collection and is_on of the hook hook->id. */
MUST_CHECK bool hook_update(DbTx *tx, const Scope *scope, const Hook *hook, Error *err);
MUST_CHECK bool hook_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* One call. */
typedef struct HookReceipt {
    Str id;
    Str seen; /* the same for copies of it; empty: nothing tells them apart */
    int64_t size;
    Str document; /* that its body became; empty: none */
    int64_t created_at_ms;
} HookReceipt;

typedef struct HookReceiptList {
    HookReceipt *at;
    size_t count;
    Str next;
} HookReceiptList;

/* Adds it with a new id, set in *receipt; *is_new_r false: it has come before, and nothing is
 * added. */
MUST_CHECK bool hook_receipt_add(DbTx *tx, const Scope *scope, Arena *arena, Str hook,
                                 HookReceipt *receipt, bool *is_new_r, Error *err);
/* Whether it has come before. */
MUST_CHECK bool hook_receipt_seen(DbTx *tx, const Scope *scope, Str hook, Str seen, bool *is_seen_r,
                                  Error *err);
/* Newest first. */
MUST_CHECK bool hook_receipt_list(DbTx *tx, const Scope *scope, Arena *arena, Str hook,
                                  const Slice *slice, HookReceiptList *list_r, Error *err);
/* Removes those of all workspaces from before `all_ms`, and from before `some_ms` those that came
 * to hooks of these schemes. System scope. */
MUST_CHECK bool hook_receipt_forget(DbTx *tx, const Scope *scope, Arena *arena, int64_t all_ms,
                                    StrList schemes, int64_t some_ms, Error *err);
