/* passkeys.h - signing in with a key that an authenticator keeps (Web Authentication): instead of
 * the password, where the authenticator asks who is there, or besides it, as the second factor.
 *
 *     account_begin_passkey()  the password  -> a challenge  -> the browser makes a key
 *     account_add_passkey()    its answer    -> the key is kept, under a name
 *     account_offer_passkey()  nothing, or half a sign-in   -> a challenge -> the browser signs it
 *     account_enter_passkey()  its answer    -> a session
 *
 * Keys belong to the host of AccountOptions.public_url and answer no other page. A challenge is
 * good for five minutes, for one thing, of one person where one is known, and once, on any node.
 * Whoever has a passkey is asked for a second factor after their password. Only people with a
 * password have passkeys: whom a service vouches for comes in by that service. Any thread. */
#pragma once

#include "account/second_factor.h"
#include "store/passkeys_store.h"

#define PASSKEY_NAME_MAX 100
#define PASSKEY_MINUTES 5

/* The host that passkeys are bound to; empty: there are none here, because public_url is no https
 * address with a name (or http://localhost). */
Str account_passkey_host(const Account *account, Arena *arena);

typedef struct PasskeyOffer {
    Str challenge, host;
    Str handle; /* of the person a new one is for: no name, and no mail address */
    PasskeyList
        known; /* theirs; of a sign-in that begins with a passkey none, as nobody is known */
} PasskeyOffer;

/* Of the visitor, whose password is needed. */
MUST_CHECK bool account_begin_passkey(Account *account, Arena *arena, const Visitor *visitor,
                                      Str password, PasskeyOffer *offer_r, Error *err);

/* Bytes as the browser gives them. */
typedef struct PasskeyMade {
    Str client_data, attestation;
    Str name;
    StrList transports; /* such as "internal"; kept for the browser's next question */
} PasskeyMade;

/* codes_r: RECOVERY_CODES texts when it is the person's first factor, shown once; *has_codes_r. */
MUST_CHECK bool account_add_passkey(Account *account, Arena *arena, const Visitor *visitor,
                                    const PasskeyMade *made, Passkey *passkey_r, Str *codes_r,
                                    bool *has_codes_r, Error *err);
MUST_CHECK bool account_list_passkeys(Account *account, Arena *arena, const Visitor *visitor,
                                      PasskeyList *list_r, Error *err);
MUST_CHECK bool account_rename_passkey(Account *account, const Visitor *visitor, Str id, Str name,
                                       Error *err);
/* With the last one recovery codes go too, unless there is an app of codes. */
MUST_CHECK bool account_remove_passkey(Account *account, const Visitor *visitor, Str id,
                                       const SecondFactorProof *proof, Error *err);

/* For administrators, of somebody (id or mail address) as account_reset_second_factor() has it
 * (passkeys_of.c). */
MUST_CHECK bool account_passkeys_of(Account *account, Arena *arena, const Visitor *visitor,
                                    Str named, PasskeyList *list_r, Error *err);
MUST_CHECK bool account_remove_passkey_of(Account *account, const Visitor *visitor, Str named,
                                          Str id, Error *err);

/* `waiting`: the token of half a sign-in; empty: the passkey is instead of the password. */
MUST_CHECK bool account_offer_passkey(Account *account, Arena *arena, Str waiting,
                                      PasskeyOffer *offer_r, Error *err);

typedef struct PasskeyAnswer {
    Str credential; /* base64url */
    Str client_data, authenticator_data, signature;
    Str handle; /* as it came; empty: the authenticator has said none */
} PasskeyAnswer;

/* ERROR_NO_LOGIN: not a passkey of somebody here, or its answer is refused. A counter that goes
 * back is the sign of a copy: of a key that cannot be copied it is refused, of one that may be
 * synced it is only noted, both in the audit log. */
MUST_CHECK bool account_enter_passkey(Account *account, Arena *arena, const SignIn *who,
                                      Str waiting, const PasskeyAnswer *answer, Str *token_r,
                                      Visitor *visitor_r, Error *err);
