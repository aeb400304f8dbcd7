/* account.h - who is asking: the first account, sign-in, sessions and API keys become a Scope.
 *
 *     cookie "lectern_session" --account_of_session()--> Visitor
 *     Authorization: Bearer    --account_of_key()------> Visitor, also for a token that the issuer
 *                                                      of the settings has signed (jwt.h)
 *     the data folder's socket --account_of_owner()----> Visitor of the first workspace
 *
 * Tokens are 32 random bytes; the database holds only their SHA-256. Failed sign-ins are slowed
 * down for each address and each e-mail. Any thread. */
#pragma once

#include "account/issuer.h"
#include "base/json.h"
#include "net/smtp.h"
#include "store/api_keys_store.h"
#include "store/groups_store.h"
#include "store/people_store.h"
#include "store/sessions_store.h"
#include "store/workspaces_store.h"

typedef struct Account Account;
typedef struct Oidc Oidc; /* oidc.h */

/* Whose tokens are taken, and who those are here. Texts are borrowed. */
typedef struct AccountTokens {
    IssuerOptions from; /* neither keys nor a secret: no tokens */
    Str issuer, audience;
    int64_t skew_s;
    Str email_claim;     /* as "email" or "app_metadata.mail" */
    Str role_claim;      /* at most this role; empty: the person's own */
    Str workspace_claim; /* the id of one; empty: `workspace` */
    Str workspace;       /* its id; empty: the person's first, and of new people the first of all */
    bool trusts_emails;  /* the issuer lets nobody use another's, though it does not say so */
    bool makes_people;   /* of those that nobody here is; `role` is theirs unless the claim says */
    Role role;
    bool is_supabase; /* the claim "role" has to be "authenticated" */
} AccountTokens;

/* By whom else people may sign in (oidc.h). Texts are borrowed. */
typedef struct AccountOidc {
    Str file;       /* of the providers; empty: none */
    Str public_url; /* where they lead people back to */
    int64_t skew_s;
    const Proxy *proxy;
} AccountOidc;

/* Mails about somebody's own account (account_links.h). Texts are borrowed. */
typedef struct AccountMailing {
    SmtpServer smtp; /* url "": none are sent */
    Str from, app_name;
    Str public_url; /* that links lead to; empty: none are sent either */
} AccountMailing;

/* What somebody has shown to come in. */
typedef enum SignInWay {
#define SIGN_IN_WAY(name, text) SIGN_IN_##name,
#include "account/sign_in_ways.def"
#undef SIGN_IN_WAY
} SignInWay;

typedef struct AccountOptions {
    int64_t session_days;
    int64_t removal_days;   /* in which the removal of a workspace can be taken back */
    int64_t erasure_days;   /* in which the erasure of somebody's data can be */
    bool erases_themselves; /* people may delete their own accounts */
    Str public_url;         /* that passkeys are bound to (passkeys.h); empty: there are none */
    AccountTokens tokens;
    AccountOidc oidc;
    AccountMailing mailing;
} AccountOptions;

/* Makes the first workspace when there is none. Fails when what tokens are checked with cannot be
 * read. */
MUST_CHECK bool account_open(Db *db, const AccountOptions *options, Account **account_r,
                             Error *err);
void account_close(Account *account);

/* Whoever is asking. Texts live in the arena of the call. */
typedef struct Visitor {
    Scope scope;
    Str email, name;     /* of a person; empty for a key of the workspace */
    Str key;             /* id of the API key; empty: a session or the owner's socket */
    unsigned key_scopes; /* what it is limited to (key_scopes.h); 0: as its role */
    Str csrf;            /* of a session */
    Str session;         /* its id */
    Str provider;        /* by which they signed in; empty: by password */
    Str workspace_name;
    int64_t removal_due_ms; /* the workspace goes then; 0: it stays. Known of sessions */
    bool must_enrol;        /* the workspace asks for a second factor, and this person has none */
    int64_t code_until_ms;  /* nobody yet: half a sign-in, see account_sign_in() */
    bool has_app, has_passkey; /* what such a half is waiting for */
} Visitor;

MUST_CHECK bool account_of_session(Account *account, Arena *arena, Str token, Visitor *visitor_r,
                                   Error *err);
/* ERROR_NO_LOGIN: not a key or token of ours. A token that is right, but of nobody here, is
 * ERROR_DENIED. */
MUST_CHECK bool account_of_key(Account *account, Arena *arena, Str key, Str address,
                               Visitor *visitor_r, Error *err);
/* Whoever may open the data folder's socket owns the library: `workspace` empty is the first. */
MUST_CHECK bool account_of_owner(Account *account, Arena *arena, Str workspace, Visitor *visitor_r,
                                 Error *err);

typedef struct SignIn {
    Str email, password, name;
    Str workspace; /* name for the first workspace; of a sign-in the id of the one to enter, the
                    * one they were in last when empty */
    Str provider;  /* who vouches for the person instead of a password; may be empty */
    Str user_agent, address;
} SignIn;

/* Whether the first account is still to be made. */
MUST_CHECK bool account_needs_setup(Account *account, bool *needed_r, Error *err);
/* Makes the first account, owner of the first workspace; ERROR_CONFLICT when there is one. */
MUST_CHECK bool account_setup(Account *account, Arena *arena, const SignIn *who, Str *token_r,
                              Visitor *visitor_r, Error *err);
/* ERROR_NO_LOGIN for a wrong address or password alike; ERROR_LIMITED after too many. Of somebody
 * with a second factor the token is good for nothing but account_enter_code() until
 * visitor_r->code_until_ms, which is 0 otherwise; whoever has a passkey may show that instead
 * (account_enter_passkey()). */
MUST_CHECK bool account_sign_in(Account *account, Arena *arena, const SignIn *who, Str *token_r,
                                Visitor *visitor_r, Error *err);
/* How long whoever has guessed too often from this address, or as this person, has to wait; 0: not
 * at all. */
int64_t account_wait_ms(const Account *account, Str address, Str user);
/* The second half: `waiting` is that token, `code` of the app or a recovery code. ERROR_NO_LOGIN:
 * the time is over, sign in anew. */
MUST_CHECK bool account_enter_code(Account *account, Arena *arena, const SignIn *who, Str waiting,
                                   Str code, Str *token_r, Visitor *visitor_r, Error *err);
MUST_CHECK bool account_sign_out(Account *account, const Visitor *visitor, Error *err);
/* Signs the person out of every other browser. */
MUST_CHECK bool account_change_password(Account *account, const Visitor *visitor, Str old_password,
                                        Str new_password, Error *err);

/* The visitor's session goes on in another workspace of theirs, with another csrf; *visitor_r is
 * who they are there, in the arena. ERROR_NOT_FOUND: they do not belong to it, it is not there or
 * is being removed. ERROR_DENIED: it asks for a second factor, and they have none. ERROR_INVALID:
 * there is no session, as of a key. */
MUST_CHECK bool account_change_workspace(Account *account, Arena *arena, const Visitor *visitor,
                                         Str workspace, Visitor *visitor_r, Error *err);

/* Where somebody of the workspace is signed in, newest first; `user` empty: the visitor. Others'
 * are for ROLE_ADMIN. */
MUST_CHECK bool account_list_sessions(Account *account, Arena *arena, const Visitor *visitor,
                                      Str user, SessionList *list_r, Error *err);
/* Ends one of them. ERROR_NOT_FOUND also for one that is not the visitor's to end: an administrator
 * may end those of people with no higher role. */
MUST_CHECK bool account_end_session(Account *account, const Visitor *visitor, Str id, Error *err);
/* All of the visitor's, in every workspace, but the one that asks. */
MUST_CHECK bool account_end_other_sessions(Account *account, const Visitor *visitor, Error *err);

#define KEY_COLLECTIONS_MAX 32

typedef struct KeyWish {
    Str name;
    Role role;
    unsigned scopes;     /* key_scopes.h */
    Str service;         /* id of the service account it is for; empty: the visitor */
    StrList collections; /* ids that it is limited to; none: all */
    int64_t expires_at_ms;
} KeyWish;

/* A new key; *secret_r is shown once. At most the visitor's own role and scopes. For a service:
 * ROLE_ADMIN, and at most its role. Limited to collections: ROLE_EDITOR at most. */
MUST_CHECK bool account_add_key(Account *account, Arena *arena, const Visitor *visitor,
                                const KeyWish *wish, ApiKey *key_r, Str *secret_r, Error *err);
MUST_CHECK bool account_revoke_key(Account *account, const Visitor *visitor, Str id, Error *err);
MUST_CHECK bool account_list_keys(Account *account, Arena *arena, const Visitor *visitor,
                                  ApiKeyList *list_r, Error *err);

/* ERROR_DENIED: the visitor is no owner of the server's first workspace, whose owners run it. */
MUST_CHECK bool account_check_operator(Account *account, const Visitor *visitor, Error *err);

/* People of the workspace; all need ROLE_ADMIN, and only an owner makes or changes an owner. */
MUST_CHECK bool account_list_people(Account *account, Arena *arena, const Visitor *visitor,
                                    MembershipList *list_r, Error *err);
/* Somebody who has an account already, of another workspace, keeps their name and password: those
 * of *who are not looked at. ERROR_CONFLICT when they are here already. */
MUST_CHECK bool account_add_person(Account *account, Arena *arena, const Visitor *visitor,
                                   const SignIn *who, Role role, User *user_r, Error *err);
/* The same of somebody who chooses their password by a link that is mailed to them; who has one
 * already is told by mail. Who has not used the link yet is mailed another. ERROR_CONFLICT also
 * when they need a link and this server sends no mails. */
MUST_CHECK bool account_invite_person(Account *account, Arena *arena, const Visitor *visitor,
                                      const SignIn *who, Role role, User *user_r, Error *err);
/* A service account: it belongs to the workspace, has no address and no password, and comes in only
 * by keys that administrators make for it. At most ROLE_ADMIN. It is changed and removed as people
 * are. */
MUST_CHECK bool account_add_service(Account *account, Arena *arena, const Visitor *visitor,
                                    Str name, Role role, User *user_r, Error *err);
typedef struct PersonChange {
    Role role; /* ROLE_NONE: as it is */
    Str name, password;
    int is_disabled; /* -1: as it is */
} PersonChange;
/* Refuses to take away the last owner. */
MUST_CHECK bool account_change_person(Account *account, Arena *arena, const Visitor *visitor,
                                      Str user, const PersonChange *change, Error *err);
/* Takes a person (by id or mail address) out of the workspace: their keys are revoked, they are
 * logged out of it, leave its groups, and what they were asked to approve is looked at again. What
 * they made stays, and their account, for other workspaces. Refuses to remove the last owner. */
MUST_CHECK bool account_remove_person(Account *account, const Visitor *visitor, Str named,
                                      Error *err);
/* Groups of the workspace's people, by id or name. Their names are for whoever may ask something of
 * them (ROLE_EDITOR), the rest for ROLE_ADMIN. Each change stands in the audit log. */
MUST_CHECK bool account_list_groups(Account *account, Arena *arena, const Visitor *visitor,
                                    GroupList *list_r, Error *err);
MUST_CHECK bool account_find_group(Account *account, Arena *arena, const Visitor *visitor, Str id,
                                   Group *group_r, MembershipList *members_r, Error *err);
typedef struct GroupChange {
    Str name;            /* empty: as it is */
    StrList add, remove; /* people by id or mail address */
} GroupChange;
/* `id` empty: a new one. What is changed of its people, others may change meanwhile: who is in it
 * already, or not, is no failure. */
MUST_CHECK bool account_save_group(Account *account, Arena *arena, const Visitor *visitor, Str id,
                                   const GroupChange *change, Group *group_r,
                                   MembershipList *members_r, Error *err);
MUST_CHECK bool account_remove_group(Account *account, Arena *arena, const Visitor *visitor, Str id,
                                     Error *err);
/* The workspaces a person belongs to. */
MUST_CHECK bool account_workspaces(Account *account, Arena *arena, const Visitor *visitor,
                                   MembershipList *list_r, Error *err);
