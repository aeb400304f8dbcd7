/* second_factor.h - a code besides the password (totp.h): switching it on and off, and ten recovery
 * codes for whoever has lost their app. A code is taken once; after five wrong ones there is a
 * wait, longer each time, kept in the database and so for all servers. Any thread. */
#pragma once

#include "account/account.h"

#define RECOVERY_CODES 10

typedef struct SecondFactorState {
    bool is_on;       /* the app of codes */
    bool is_required; /* of everybody in the workspace */
    int64_t since_ms; /* 0: it is off */
    int64_t passkeys;
    int64_t recovery_codes_left;
} SecondFactorState;

/* One of both: for what a borrowed browser must not do. */
typedef struct SecondFactorProof {
    Str password, code;
} SecondFactorProof;

/* For what nobody may do with a borrowed browser: whoever has a second factor gives a code, others
 * their password, if they have one. A key proves nothing. */
MUST_CHECK bool account_prove_person(Account *account, const Visitor *visitor,
                                     const SecondFactorProof *proof, Error *err);
/* Of the visitor. These need a person: a key has no second factor. */
MUST_CHECK bool account_second_factor(Account *account, const Visitor *visitor,
                                      SecondFactorState *state_r, Error *err);
/* A new secret, which counts once a code of it is confirmed. ERROR_CONFLICT: there is one already.
 * The password is needed of those who have one. */
MUST_CHECK bool account_begin_second_factor(Account *account, Arena *arena, const Visitor *visitor,
                                            Str service, Str password, Str *secret_r, Str *uri_r,
                                            Error *err);
/* From now on it is asked for; other browsers are signed out. codes_r: RECOVERY_CODES texts, shown
 * once. */
MUST_CHECK bool account_confirm_second_factor(Account *account, Arena *arena,
                                              const Visitor *visitor, Str code, Str *codes_r,
                                              Error *err);
/* New recovery codes; those before end. */
MUST_CHECK bool account_renew_recovery_codes(Account *account, Arena *arena, const Visitor *visitor,
                                             const SecondFactorProof *proof, Str *codes_r,
                                             Error *err);
/* The app; passkeys stay, and recovery codes with them. */
MUST_CHECK bool account_end_second_factor(Account *account, const Visitor *visitor,
                                          const SecondFactorProof *proof, Error *err);
/* For somebody (id or mail address) who has lost everything: takes it and their passkeys away and
 * signs them out.
 * Needs ROLE_ADMIN and nobody above it; of somebody who belongs to other workspaces too only
 * whoever owns the server's data folder. */
MUST_CHECK bool account_reset_second_factor(Account *account, const Visitor *visitor, Str named,
                                            Error *err);
/* Whether everybody in the workspace has to have one. ROLE_ADMIN. */
MUST_CHECK bool account_require_second_factor(Account *account, const Visitor *visitor,
                                              bool is_required, Error *err);
