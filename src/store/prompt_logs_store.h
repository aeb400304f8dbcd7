/* prompt_logs_store.h - the `prompt_logs` table: what was asked of models and what they answered,
 * for workspaces that want it kept; or only hashes of both. Rows of a person go with the person
 * (user_remove), and all go after some days. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

typedef struct PromptLog {
    Str id; /* of the call */
    Str user, key, model, feature, status;
    bool is_hashed;
    Str prompt, reply;
    int64_t created_at_ms;
} PromptLog;

typedef struct PromptLogList {
    PromptLog *at;
    size_t count;
    Str next;
} PromptLogList;

/* Prompts are written when their call has ended: of who has left the workspace meanwhile, or was
 * erased, nothing is kept. */
MUST_CHECK bool prompt_log_add(DbTx *tx, const Scope *scope, const PromptLog *log, Error *err);
/* Newest first; of one person unless `user` is empty. */
MUST_CHECK bool prompt_log_list(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                                const Slice *slice, PromptLogList *list_r, Error *err);
/* All of the workspace. */
MUST_CHECK bool prompt_log_clear(DbTx *tx, const Scope *scope, Error *err);
