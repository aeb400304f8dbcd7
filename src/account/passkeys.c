/* passkeys.c - making passkeys, and what becomes of them. See passkeys.h. */
#include "account/passkeys_int.h"
#include "account/second_factor_int.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"
#include "store/audit_store.h"

#define TRANSPORTS_MAX 10
#define TRANSPORT_BYTES_MAX 20

typedef struct PasskeyWork {
    FactorWork factor;
    WebauthnRules rules;
    Str key, challenge, id, name;
    PasskeyOffer offer;
    Passkey passkey;
    bool has_codes;
} PasskeyWork;

static PasskeyWork work_of(Account *account, Arena *arena, const Visitor *visitor, Str code)
{
    return (PasskeyWork){ .factor = factor_work(account, arena, visitor, code) };
}

static bool prepare(PasskeyWork *work, Error *err)
{
    FactorWork *factor = &work->factor;
    return factor_needs_person(factor->visitor, err) &&
           passkey_rules(factor->account, factor->arena, &work->rules, err) &&
           passkey_key(factor->account, factor->arena, &work->key, err);
}

/* --- Making one -------------------------------------------------------------------------- */

/* The same in all keys of a person, so that an authenticator replaces its old one; it tells nobody
 * who they are. */
static Str handle_of(const PasskeyWork *work)
{
    const FactorWork *factor = &work->factor;
    if (work->offer.known.count)
        return work->offer.known.at[0].handle;
    Str user = str_format(factor->arena, "handle " STR_FMT, STR_ARG(factor->visitor->scope.user));
    return base64_url_encode(factor->arena, hmac_sha256(factor->arena, work->key, user));
}

static bool list(DbTx *tx, void *argument, Error *err)
{
    PasskeyWork *work = argument;
    FactorWork *factor = &work->factor;
    return passkey_list(tx, &factor->account->system, factor->arena, factor->visitor->scope.user,
                        &work->offer.known, err);
}

static bool check_room(const PasskeyWork *work, Error *err)
{
    if (!work->factor.user.password_hash.length)
        return fail(err, ERROR_DENIED,
                    "you sign in by another service, which asks for what it needs; passkeys are "
                    "for people with a password here");
    return work->offer.known.count < PASSKEYS_MAX ||
           fail(err, ERROR_CONFLICT,
                "you have %d passkeys, which is as many as there may be; "
                "remove one first",
                PASSKEYS_MAX);
}

bool account_begin_passkey(Account *account, Arena *arena, const Visitor *visitor, Str password,
                           PasskeyOffer *offer_r, Error *err)
{
    PasskeyWork work = work_of(account, arena, visitor, STR_NONE);
    if (!prepare(&work, err) || !factor_check_password(&work.factor, password, err) ||
        !store_read(account->db, &account->system, list, &work, err) || !check_room(&work, err))
        return false;
    work.offer.host = work.rules.rp_id;
    work.offer.handle = handle_of(&work);
    work.offer.challenge = passkey_challenge(arena, work.key, PASSKEY_MAKE, visitor->scope.user);
    *offer_r = work.offer;
    return true;
}

/* --- Keeping it -------------------------------------------------------------------------- */

/* Words of the browser's own list, which only browsers read. */
static Str transports_of(Arena *arena, StrList list)
{
    Str words[TRANSPORTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < list.count && count < TRANSPORTS_MAX; i++) {
        bool is_word = list.at[i].length && list.at[i].length <= TRANSPORT_BYTES_MAX;
        for (size_t n = 0; n < list.at[i].length && is_word; n++)
            is_word =
                (list.at[i].at[n] >= 'a' && list.at[i].at[n] <= 'z') || list.at[i].at[n] == '-';
        if (is_word)
            words[count++] = list.at[i];
    }
    return str_join(arena, words, count, S(","));
}

static bool check_name(Str name, Error *err)
{
    Error why;
    return (name.length <= PASSKEY_NAME_MAX && name_is_good(name, &why)) ||
           fail_field(err, "name", "a name of 1 to %d bytes without line ends is needed",
                      PASSKEY_NAME_MAX);
}

static bool read_made(PasskeyWork *work, const PasskeyMade *made, Error *err)
{
    Arena *arena = work->factor.arena;
    WebauthnKey key;
    if (!webauthn_client_data(arena, made->client_data, "webauthn.create", work->rules.origin,
                              &work->challenge, err) ||
        !webauthn_new_key(&work->rules, made->attestation, &key, err))
        return false;
    work->passkey = (Passkey){ .user = work->factor.visitor->scope.user,
                               .credential = base64_url_encode(arena, key.id),
                               .public_key = key.public_key,
                               .counter = key.counter,
                               .may_be_synced = key.may_be_synced,
                               .transports = transports_of(arena, made->transports),
                               .name = str_trim(made->name),
                               .created_at_ms = now_ms() };
    return true;
}

/* The first factor brings recovery codes; what was left open elsewhere ends, as with an app. */
static bool begin_factor(DbTx *tx, PasskeyWork *work, Error *err)
{
    FactorWork *factor = &work->factor;
    const Scope *system = &factor->account->system;
    const Visitor *visitor = factor->visitor;
    int64_t codes;
    if (!second_factor_keep(tx, system, visitor->scope.user, err) ||
        !recovery_code_count(tx, system, visitor->scope.user, &codes, err))
        return false;
    work->has_codes = codes == 0;
    return !work->has_codes ||
           (factor_save_codes(tx, factor, err) &&
            session_remove_of_user(tx, system, visitor->scope.user, visitor->session, err));
}

static bool add(DbTx *tx, void *argument, Error *err)
{
    PasskeyWork *work = argument;
    FactorWork *factor = &work->factor;
    const Scope *system = &factor->account->system, *scope = &factor->visitor->scope;
    if (!passkey_take_challenge(tx, factor->account, factor->arena, work->key, PASSKEY_MAKE,
                                scope->user, work->challenge, err))
        return err->code == ERROR_NO_LOGIN
                   ? fail(err, ERROR_INVALID,
                          "the time to make the passkey is over, or it was made for somebody else; "
                          "begin again")
                   : false;
    if (!list(tx, work, err))
        return false;
    work->passkey.handle = handle_of(work);
    return passkey_add(tx, system, factor->arena, &work->passkey, err) &&
           begin_factor(tx, work, err) &&
           audit_account(tx, scope, "passkey.add", scope->user, S(""), err);
}

bool account_add_passkey(Account *account, Arena *arena, const Visitor *visitor,
                         const PasskeyMade *made, Passkey *passkey_r, Str *codes_r,
                         bool *has_codes_r, Error *err)
{
    PasskeyWork work = work_of(account, arena, visitor, STR_NONE);
    if (!prepare(&work, err) || !check_name(made->name, err) || !read_made(&work, made, err))
        return false;
    factor_new_codes(&work.factor, codes_r);
    if (!store_write(account->db, &account->system, add, &work, err))
        return false;
    *passkey_r = work.passkey;
    *has_codes_r = work.has_codes;
    return true;
}

/* --- Changing them ----------------------------------------------------------------------- */

bool account_list_passkeys(Account *account, Arena *arena, const Visitor *visitor,
                           PasskeyList *list_r, Error *err)
{
    PasskeyWork work = work_of(account, arena, visitor, STR_NONE);
    if (!store_read(account->db, &account->system, list, &work, err))
        return false;
    *list_r = work.offer.known;
    return true;
}

static bool rename_one(DbTx *tx, void *argument, Error *err)
{
    PasskeyWork *work = argument;
    const FactorWork *factor = &work->factor;
    return passkey_rename(tx, &factor->account->system, factor->visitor->scope.user, work->id,
                          str_trim(work->name), err);
}

bool account_rename_passkey(Account *account, const Visitor *visitor, Str id, Str name, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    PasskeyWork work = work_of(account, arena, visitor, STR_NONE);
    work.id = id;
    work.name = name;
    return factor_needs_person(visitor, err) && check_name(name, err) &&
           store_write(account->db, &account->system, rename_one, &work, err);
}

bool passkey_end(DbTx *tx, const FactorWork *work, Str user, Str id, Error *err)
{
    const Scope *system = &work->account->system;
    SecondFactor factor;
    int64_t passkeys;
    if (!passkey_remove(tx, system, user, id, err) ||
        !passkey_count(tx, system, user, &passkeys, err) ||
        !second_factor_find(tx, system, work->arena, user, &factor, err))
        return false;
    return passkeys || factor.confirmed_at_ms || second_factor_remove(tx, system, user, err);
}

static bool remove_one(DbTx *tx, void *argument, Error *err)
{
    PasskeyWork *work = argument;
    FactorWork *factor = &work->factor;
    const Scope *scope = &factor->visitor->scope;
    if (!factor_guess_if_needed(tx, factor, err))
        return false;
    return !factor->guess.fits ||
           (passkey_end(tx, factor, scope->user, work->id, err) &&
            audit_account(tx, scope, "passkey.remove", scope->user, S(""), err));
}

bool account_remove_passkey(Account *account, const Visitor *visitor, Str id,
                            const SecondFactorProof *proof, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    PasskeyWork work = work_of(account, arena, visitor, proof->code);
    work.id = id;
    return factor_prove(&work.factor, proof, err) &&
           store_write(account->db, &account->system, remove_one, &work, err) &&
           (work.factor.guess.fits || factor_wrong(err));
}
