/* second_factor_int.h - what somebody shows before what they sign in with is changed: a password,
 * or a code. */
#pragma once

#include "account/account_int.h"
#include "account/second_factor.h"

typedef struct FactorWork {
    Account *account;
    Arena *arena;
    const Visitor *visitor;
    FactorGuess guess;
    Str named, sealed;
    Str codes[RECOVERY_CODES], hashes[RECOVERY_CODES];
    User user;
    SecondFactorState state;
    bool is_required;
} FactorWork;

FactorWork factor_work(Account *account, Arena *arena, const Visitor *visitor, Str code);
/* A key has nothing to sign in with. */
MUST_CHECK bool factor_needs_person(const Visitor *visitor, Error *err);
/* True also of somebody who has no password: whom another program signs in. work->user is found. */
MUST_CHECK bool factor_check_password(FactorWork *work, Str password, Error *err);
/* The password, or else the code, which factor_guess_if_needed() checks in the transaction of what
 * it is for: work->guess.fits then, or factor_wrong() after it. */
MUST_CHECK bool factor_prove(FactorWork *work, const SecondFactorProof *proof, Error *err);
MUST_CHECK bool factor_guess_if_needed(DbTx *tx, FactorWork *work, Error *err);
/* Whether the visitor may take factors of this person away: nobody above them, and of somebody
 * whose other workspaces have a say only the server itself. */
MUST_CHECK bool factor_may_reset(DbTx *tx, FactorWork *work, const Membership *member, Error *err);
/* RECOVERY_CODES texts, and their digests in the work, which are saved instead of those before. */
void factor_new_codes(FactorWork *work, Str *codes_r);
MUST_CHECK bool factor_save_codes(DbTx *tx, FactorWork *work, Error *err);
