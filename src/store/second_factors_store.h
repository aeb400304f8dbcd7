/* second_factors_store.h - the tables `second_factors` (the secret of a person's app of codes, and
 * how they guess; whoever has only passkeys has a row with an empty secret), `recovery_codes` and
 * `half_sign_ins` (whose password was right, and whose code is awaited).
 *
 * Only a system scope sees them: they are read before the workspace is known. They go with their
 * person. Secrets are sealed by the caller; codes and tokens are kept as digests. */
#pragma once

#include "store/scope.h"

typedef struct SecondFactor {
    Str user;
    Str sealed; /* empty: no app */
    int64_t created_at_ms;
    int64_t confirmed_at_ms; /* 0: not yet, so it is not asked for */
    int64_t last_step;       /* of the last code that was taken */
    int64_t failures;        /* guesses in a row */
    int64_t wait_until_ms;   /* no guess before */
} SecondFactor;

/* A new secret, not confirmed, instead of what was there; `sealed` empty: none any more. Recovery
 * codes stay. */
MUST_CHECK bool second_factor_set(DbTx *tx, const Scope *scope, Str user, Str sealed, Error *err);
/* A row without a secret, where there is none. */
MUST_CHECK bool second_factor_keep(DbTx *tx, const Scope *scope, Str user, Error *err);
/* ERROR_NOT_FOUND: there is none. */
MUST_CHECK bool second_factor_find(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                                   SecondFactor *factor_r, Error *err);
MUST_CHECK bool second_factor_confirm(DbTx *tx, const Scope *scope, Str user, int64_t now_ms,
                                      Error *err);
/* Begins a guess, counted as wrong until second_factor_taken(): of several at once, on any node,
 * one waits for the other. ERROR_LIMITED before wait_until_ms. */
MUST_CHECK bool second_factor_guess(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                                    int64_t now_ms, SecondFactor *factor_r, Error *err);
MUST_CHECK bool second_factor_wait(DbTx *tx, const Scope *scope, Str user, int64_t until_ms,
                                   Error *err);
/* The guess was right. */
MUST_CHECK bool second_factor_taken(DbTx *tx, const Scope *scope, Str user, int64_t step,
                                    Error *err);
/* With its recovery codes. True also when there was none. */
MUST_CHECK bool second_factor_remove(DbTx *tx, const Scope *scope, Str user, Error *err);

/* Instead of those that were there. */
MUST_CHECK bool recovery_code_replace(DbTx *tx, const Scope *scope, Str user, const Str *hashes,
                                      size_t count, Error *err);
/* Uses it up; *fits_r: it was there. */
MUST_CHECK bool recovery_code_take(DbTx *tx, const Scope *scope, Str user, Str hash, bool *fits_r,
                                   Error *err);
MUST_CHECK bool recovery_code_count(DbTx *tx, const Scope *scope, Str user, int64_t *count_r,
                                    Error *err);

MUST_CHECK bool half_sign_in_add(DbTx *tx, const Scope *scope, Str id, Str user,
                                 int64_t expires_at_ms, Error *err);
/* Whose it is. ERROR_NOT_FOUND: there is none, or its time is over. */
MUST_CHECK bool half_sign_in_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                  int64_t now_ms, Str *user_r, Error *err);
/* All of a person. */
MUST_CHECK bool half_sign_in_remove(DbTx *tx, const Scope *scope, Str user, Error *err);
