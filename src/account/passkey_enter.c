/* passkey_enter.c - signing in with a passkey. See passkeys.h. */
#include "account/passkeys_int.h"
#include "base/base64.h"
#include "base/clock.h"
#include "store/audit_store.h"
#include "store/second_factors_store.h"

typedef struct PasskeyEntry {
    Account *account;
    Arena *arena;
    const SignIn *who;
    const PasskeyAnswer *answer;
    PasskeyOffer offer;
    WebauthnRules rules;
    Str key, waiting, challenge;
    Passkey passkey;
    User user;
    int64_t now;
    bool is_copy; /* refused, which has to be noted all the same */
} PasskeyEntry;

static bool prepare(PasskeyEntry *entry, Error *err)
{
    entry->now = now_ms();
    return passkey_rules(entry->account, entry->arena, &entry->rules, err) &&
           passkey_key(entry->account, entry->arena, &entry->key, err);
}

static bool find_waiting(DbTx *tx, PasskeyEntry *entry, Error *err)
{
    return account_find_waiting(tx, entry->account, entry->arena, entry->waiting, entry->now,
                                &entry->user, err);
}

/* --- The question ------------------------------------------------------------------------ */

static bool find_known(DbTx *tx, void *argument, Error *err)
{
    PasskeyEntry *entry = argument;
    if (!find_waiting(tx, entry, err) || !passkey_list(tx, &entry->account->system, entry->arena,
                                                       entry->user.id, &entry->offer.known, err))
        return false;
    return entry->offer.known.count ||
           fail(err, ERROR_NOT_FOUND, "you have no passkey; use a code or a recovery code");
}

bool account_offer_passkey(Account *account, Arena *arena, Str waiting, PasskeyOffer *offer_r,
                           Error *err)
{
    PasskeyEntry entry = { .account = account, .arena = arena, .waiting = waiting };
    if (!prepare(&entry, err) ||
        (waiting.length && !store_read(account->db, &account->system, find_known, &entry, err)))
        return false;
    entry.offer.host = entry.rules.rp_id;
    entry.offer.challenge = passkey_challenge(
        arena, entry.key, waiting.length ? PASSKEY_SECOND : PASSKEY_ENTER, entry.user.id);
    *offer_r = entry.offer;
    return true;
}

/* --- The answer -------------------------------------------------------------------------- */

static bool find_person(DbTx *tx, PasskeyEntry *entry, Error *err)
{
    const Scope *system = &entry->account->system;
    Str owner = entry->user.id;
    if (!passkey_find_credential(tx, system, entry->arena, entry->answer->credential,
                                 &entry->passkey, err))
        return err->code == ERROR_NOT_FOUND
                   ? fail(err, ERROR_NO_LOGIN,
                          "this passkey is not known here; it may have been removed")
                   : false;
    if (entry->waiting.length && !str_equal(entry->passkey.user, owner))
        return fail(err, ERROR_NO_LOGIN, "this is the passkey of somebody else");
    Str handle = entry->answer->handle;
    if ((!entry->waiting.length || handle.length) && !str_equal(handle, entry->passkey.handle))
        return fail(err, ERROR_NO_LOGIN, "the passkey names another person than its own");
    return user_find(tx, system, entry->arena, entry->passkey.user, &entry->user, err) &&
           (!entry->user.is_disabled ||
            fail(err, ERROR_NO_LOGIN, "this person may not sign in any more"));
}

/* Where it is noted: in the first of the person's workspaces. */
static bool note(DbTx *tx, const PasskeyEntry *entry, const char *action, Error *err)
{
    MembershipList list;
    if (!membership_list_of_user(tx, &entry->account->system, entry->arena, entry->user.id, &list,
                                 err))
        return false;
    if (!list.count)
        return true;
    Scope scope = { .workspace = list.at[0].workspace, .user = entry->user.id };
    return audit_account(tx, &scope, action, entry->user.id, entry->who->address, err);
}

static bool check_answer(PasskeyEntry *entry, int64_t *counter_r, Error *err)
{
    const PasskeyAnswer *answer = entry->answer;
    WebauthnKey key = { .public_key = entry->passkey.public_key,
                        .may_be_synced = entry->passkey.may_be_synced };
    if (webauthn_signed(&entry->rules, &key, answer->client_data, answer->authenticator_data,
                        answer->signature, counter_r, err))
        return true;
    err->code = ERROR_NO_LOGIN;
    return false;
}

static bool count(DbTx *tx, PasskeyEntry *entry, int64_t counter, Error *err)
{
    bool goes_back = entry->passkey.counter && counter <= entry->passkey.counter, is_newer;
    if (!passkey_used(tx, &entry->account->system, &entry->passkey, counter, entry->now, &is_newer,
                      err))
        return false;
    entry->is_copy = !is_newer;
    return (!goes_back && is_newer) || note(tx, entry, "passkey.counter", err);
}

static bool take(DbTx *tx, void *argument, Error *err)
{
    PasskeyEntry *entry = argument;
    bool is_second = entry->waiting.length > 0;
    int64_t counter;
    if ((is_second && !find_waiting(tx, entry, err)) ||
        !passkey_take_challenge(tx, entry->account, entry->arena, entry->key,
                                is_second ? PASSKEY_SECOND : PASSKEY_ENTER, entry->user.id,
                                entry->challenge, err) ||
        !find_person(tx, entry, err) || !check_answer(entry, &counter, err) ||
        !count(tx, entry, counter, err))
        return false;
    return entry->is_copy || !is_second ||
           half_sign_in_remove(tx, &entry->account->system, entry->user.id, err);
}

static bool check(PasskeyEntry *entry, Error *err)
{
    entry->rules.needs_verified = !entry->waiting.length;
    if (!webauthn_client_data(entry->arena, entry->answer->client_data, "webauthn.get",
                              entry->rules.origin, &entry->challenge, err)) {
        err->code = ERROR_NO_LOGIN;
        return false;
    }
    if (!store_write(entry->account->db, &entry->account->system, take, entry, err))
        return false;
    return !entry->is_copy ||
           fail(err, ERROR_NO_LOGIN,
                "this passkey has counted backwards, as a copy of it would: sign in another way "
                "and make a new one");
}

/* The session begins in a change of its own: what fails there is tried again with a new challenge.
 */
bool account_enter_passkey(Account *account, Arena *arena, const SignIn *who, Str waiting,
                           const PasskeyAnswer *answer, Str *token_r, Visitor *visitor_r,
                           Error *err)
{
    PasskeyEntry entry = {
        .account = account, .arena = arena, .who = who, .waiting = waiting, .answer = answer
    };
    Throttle *throttle = account->throttle;
    if (!throttle_allows(throttle, who->address, err) || !prepare(&entry, err))
        return false;
    if (!check(&entry, err)) {
        if (err->code == ERROR_NO_LOGIN)
            throttle_failed(throttle, who->address);
        return false;
    }
    throttle_succeeded(throttle, who->address);
    return account_enter(account, arena, &entry.user, who,
                         waiting.length ? SIGN_IN_PASSWORD_PASSKEY : SIGN_IN_PASSKEY, token_r,
                         visitor_r, err);
}
