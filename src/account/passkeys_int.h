/* passkeys_int.h - what making passkeys and signing in with them share: challenges, and the page's
 * address. */
#pragma once

#include "account/account_int.h"
#include "account/passkeys.h"
#include "account/second_factor_int.h"
#include "account/webauthn.h"

/* What a challenge is for. */
typedef enum PasskeyPurpose { PASSKEY_MAKE, PASSKEY_ENTER, PASSKEY_SECOND } PasskeyPurpose;

/* The rules of this server, or ERROR_UNSUPPORTED when it has no address for passkeys. */
MUST_CHECK bool passkey_rules(const Account *account, Arena *arena, WebauthnRules *rules_r,
                              Error *err);

/* A challenge is signed by the server's own key, so that asking for one writes nothing; those that
 * were used are kept until their time is over. */
MUST_CHECK bool passkey_key(Account *account, Arena *arena, Str *key_r, Error *err);
Str passkey_challenge(Arena *arena, Str key, PasskeyPurpose purpose, Str user);
/* Of the client data's bytes. `user` empty: of nobody. ERROR_NO_LOGIN: not ours, for something
 * else, of somebody else, too old, or used. */
MUST_CHECK bool passkey_take_challenge(DbTx *tx, Account *account, Arena *arena, Str key,
                                       PasskeyPurpose purpose, Str user, Str challenge, Error *err);
/* Removes it. Without any factor recovery codes are good for nothing, and go too. */
MUST_CHECK bool passkey_end(DbTx *tx, const FactorWork *work, Str user, Str id, Error *err);
