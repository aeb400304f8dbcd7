/* passkey_challenge.c - see passkeys_int.h. */
#include "account/passkeys_int.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"
#include "net/url.h"
#include "store/server_key.h"
#include "store/sign_in_states_store.h"

#define SERVER_KEY S("passkeys")
#define RANDOM_BYTES 24
#define TIME_BYTES 13 /* milliseconds in digits, until the year 2286 */
#define HEAD_BYTES (RANDOM_BYTES + TIME_BYTES)
#define CHALLENGE_BYTES (HEAD_BYTES + SHA256_SIZE)

/* --- The page's address ------------------------------------------------------------------ */

/* A browser makes no keys for numbers, and none where others could change the page on its way. */
static bool is_usable(const Url *url)
{
    bool is_here = str_is(url->host, "localhost") || str_ends(url->host, S(".localhost"));
    bool is_number = url->is_ip6 || !url->host.length;
    if (url->host.length && !url->is_ip6) {
        char last = url->host.at[url->host.length - 1];
        is_number = last >= '0' && last <= '9';
    }
    return !is_number && (str_is(url->scheme, "https") || is_here);
}

static bool find_address(const Account *account, Arena *arena, Url *url_r)
{
    Error ignored;
    return account->options.public_url.length &&
           url_parse(arena, account->options.public_url, url_r, &ignored) && is_usable(url_r);
}

Str account_passkey_host(const Account *account, Arena *arena)
{
    Url url;
    return find_address(account, arena, &url) ? url.host : STR_NONE;
}

bool passkey_rules(const Account *account, Arena *arena, WebauthnRules *rules_r, Error *err)
{
    Url url;
    if (!find_address(account, arena, &url))
        return fail(err, ERROR_CONFLICT,
                    "passkeys are bound to an address: set public_url to the one that people see, "
                    "https with a name");
    int usual = str_is(url.scheme, "https") ? 443 : 80;
    *rules_r = (WebauthnRules){ .origin = str_format(arena, STR_FMT "://" STR_FMT,
                                                     STR_ARG(url.scheme), STR_ARG(url.host)),
                                .rp_id = url.host };
    if (url.port != usual)
        rules_r->origin = str_format(arena, STR_FMT ":%d", STR_ARG(rules_r->origin), url.port);
    return true;
}

/* --- Challenges -------------------------------------------------------------------------- */

bool passkey_key(Account *account, Arena *arena, Str *key_r, Error *err)
{
    return server_key(account->db, arena, SERVER_KEY, key_r, err);
}

static Str sign(Arena *arena, Str key, PasskeyPurpose purpose, Str user, Str head)
{
    Str hex = str_hex(arena, head.at, head.length);
    return hmac_sha256(arena, key,
                       str_format(arena, "challenge %d " STR_FMT " " STR_FMT, (int)purpose,
                                  STR_ARG(user), STR_ARG(hex)));
}

Str passkey_challenge(Arena *arena, Str key, PasskeyPurpose purpose, Str user)
{
    Buf out = buf_new(arena, CHALLENGE_BYTES);
    char bytes[RANDOM_BYTES];
    int64_t until = now_ms() + (int64_t)PASSKEY_MINUTES * 60 * 1000;
    random_bytes(bytes, sizeof bytes);
    buf_add(&out, (Str){ bytes, sizeof bytes });
    buf_add(&out, str_format(arena, "%0*" PRId64, TIME_BYTES, until));
    buf_add(&out, sign(arena, key, purpose, user, buf_str(&out)));
    return base64_url_encode(arena, buf_str(&out));
}

bool passkey_take_challenge(DbTx *tx, Account *account, Arena *arena, Str key,
                            PasskeyPurpose purpose, Str user, Str challenge, Error *err)
{
    Str head = str_slice(challenge, 0, HEAD_BYTES);
    int64_t until;
    if (challenge.length != CHALLENGE_BYTES ||
        !secret_equal(sign(arena, key, purpose, user, head), str_from(challenge, HEAD_BYTES)) ||
        !str_to_int(str_from(head, RANDOM_BYTES), 0, INT64_MAX, &until))
        return fail(err, ERROR_NO_LOGIN,
                    "the passkey has answered a question that was not asked here; try again");
    if (until <= now_ms())
        return fail(err, ERROR_NO_LOGIN, "the passkey was not used in time; try again");
    if (sign_in_state_use(tx, &account->system, sha256_hex(arena, challenge), until, err))
        return true;
    return err->code == ERROR_CONFLICT
               ? fail(err, ERROR_NO_LOGIN, "this answer of a passkey was used already; try again")
               : false;
}
