/* account_int.h - what the files of src/account share. */
#pragma once

#include "account/account.h"
#include "account/throttle.h"
#include "store/second_factors_store.h"

struct Account {
    Db *db;
    AccountOptions options;
    Throttle *throttle;
    Issuer *issuer; /* of tokens; NULL: none are taken */
    Oidc *oidc;     /* NULL: nobody else signs people in */
    Scope system;   /* sign-in happens before the workspace is known */
};

/* Both fail with their field. */
MUST_CHECK bool email_is_good(Str email, Error *err);
MUST_CHECK bool name_is_good(Str name, Error *err);

/* account_of_key() of a token. */
MUST_CHECK bool account_of_token(Account *account, Arena *arena, Str token, Visitor *visitor_r,
                                 Error *err);

/* Who asks by a session, whose workspace that is. */
Visitor visitor_of(const Session *session, const Workspace *workspace);

/* Begins a session of somebody who has shown who they are. */
MUST_CHECK bool account_enter(Account *account, Arena *arena, const User *user, const SignIn *who,
                              SignInWay way, Str *token_r, Visitor *visitor_r, Error *err);
/* Whose password was right, by the token of that half of a sign-in. ERROR_NO_LOGIN: its time is
 * over, or they may not sign in any more. */
MUST_CHECK bool account_find_waiting(DbTx *tx, Account *account, Arena *arena, Str waiting,
                                     int64_t now_ms, User *user_r, Error *err);

/* The oldest that stays. ERROR_NOT_FOUND: there is none. */
MUST_CHECK bool first_workspace(const WorkspaceList *list, Workspace *first_r, Error *err);
/* ERROR_NOT_FOUND once its removal has begun. */
MUST_CHECK bool workspace_may_be_entered(const Workspace *workspace, Error *err);

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

MUST_CHECK bool audit_account(DbTx *tx, const Scope *scope, const char *action, Str subject,
                              Str address, Error *err);

/* One guess at the code of somebody's second factor. */
typedef struct FactorGuess {
    Account *account;
    Arena *arena;
    Str key; /* factor_key(), read before the transaction */
    Str user, code;
    int64_t now;
    SecondFactor factor; /* as it was before */
    bool is_new;         /* to confirm an app: no recovery code will do */
    int64_t step;
    bool fits, was_recovery;
} FactorGuess;

MUST_CHECK bool factor_key(Account *account, Arena *arena, Str *key_r, Error *err);
/* True also when it does not fit: then factor_wrong() after the transaction. */
MUST_CHECK bool factor_guess(DbTx *tx, FactorGuess *guess, Error *err);
bool factor_wrong(Error *err);
/* By the settings of a workspace. */
bool factor_is_required(Str workspace_settings);

/* Fails when there is but one owner, who is about to be none any more. */
MUST_CHECK bool people_keep_an_owner(DbTx *tx, const Scope *scope, Error *err);
/* Before somebody leaves: a key would come back to life with its person. */
MUST_CHECK bool people_revoke_keys(DbTx *tx, Arena *arena, const Scope *scope, Str user,
                                   Error *err);
/* Out of the scope's workspace. Fails for the last owner. */
MUST_CHECK bool people_take_out(DbTx *tx, Arena *arena, const Scope *scope,
                                const Membership *member, Error *err);
