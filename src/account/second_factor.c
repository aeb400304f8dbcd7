/* second_factor.c - see second_factor.h. */
#include "account/second_factor.h"

#include "account/account_int.h"
#include "account/password.h"
#include "account/token.h"
#include "account/totp.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/seal.h"
#include "store/access.h"
#include "store/audit_store.h"
#include "store/second_factors_store.h"
#include "store/server_key.h"

#define SEAL_KEY S("second-factors")
#define RECOVERY_BYTES 10 /* too many to be tried against the digests */
#define RECOVERY_LETTERS 16
#define REQUIRED "second_factor_required"

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

static bool needs_person(const Visitor *visitor, Error *err)
{
    return (visitor->scope.user.length && !visitor->key.length) ||
           fail(err, ERROR_INVALID, "only somebody who signs in has a second factor");
}

/* --- Codes ------------------------------------------------------------------------------- */

bool factor_key(Account *account, Arena *arena, Str *key_r, Error *err)
{
    return server_key(account->db, arena, SEAL_KEY, key_r, err);
}

/* However it was typed: without spaces and dashes, in capitals. */
static Str typed(Arena *arena, Str code)
{
    Buf out = buf_new(arena, 64);
    for (size_t i = 0; i < code.length && out.length < 60; i++) {
        char c = code.at[i];
        if (!HAS_CHAR(c, " -\t"))
            buf_add_char(&out, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    return buf_str(&out);
}

static bool take_recovery(DbTx *tx, FactorGuess *guess, Str code, Error *err)
{
    const Scope *system = &guess->account->system;
    guess->step = guess->factor.last_step;
    guess->was_recovery = true;
    return recovery_code_take(tx, system, guess->user, token_hash(guess->arena, code), &guess->fits,
                              err);
}

static bool check_digits(FactorGuess *guess, Str code, Error *err)
{
    Str secret;
    Error why;
    if (!seal_open(guess->arena, guess->key, guess->factor.sealed, &secret, &why))
        return fail(err, ERROR_CONFLICT,
                    "the second factor cannot be read any more, because the server's master key is "
                    "another one: use a recovery code, or have an administrator reset it");
    guess->fits = totp_fits(secret, code, guess->now, guess->factor.last_step, &guess->step);
    return true;
}

/* A wrong one does not fail, since its count would be taken back with the transaction. */
bool factor_guess(DbTx *tx, FactorGuess *guess, Error *err)
{
    const Scope *system = &guess->account->system;
    Str code = typed(guess->arena, guess->code);
    if (!second_factor_guess(tx, system, guess->arena, guess->user, guess->now, &guess->factor,
                             err))
        return false;
    bool ok = code.length == RECOVERY_LETTERS ? take_recovery(tx, guess, code, err)
                                              : check_digits(guess, code, err);
    if (!ok)
        return false;
    if (guess->fits)
        return second_factor_taken(tx, system, guess->user, guess->step, err);
    int64_t wait = throttle_wait_ms(guess->factor.failures);
    return !wait || second_factor_wait(tx, system, guess->user, guess->now + wait, err);
}

bool factor_wrong(Error *err)
{
    return fail_field(err, "code",
                      "the code is wrong, or was used already; the next one comes "
                      "within 30 seconds");
}

static void new_recovery_codes(FactorWork *work, Str *codes_r)
{
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        char bytes[RECOVERY_BYTES];
        random_bytes(bytes, sizeof bytes);
        Str code = base32_encode(work->arena, (Str){ bytes, sizeof bytes });
        work->hashes[i] = token_hash(work->arena, code);
        codes_r[i] = str_format(work->arena, "%.4s-%.4s-%.4s-%.4s", code.at, code.at + 4,
                                code.at + 8, code.at + 12);
    }
}

static bool save_recovery_codes(DbTx *tx, FactorWork *work, Error *err)
{
    return recovery_code_replace(tx, &work->account->system, work->visitor->scope.user,
                                 work->hashes, RECOVERY_CODES, err);
}

/* --- What is asked of the workspace ------------------------------------------------------ */

bool factor_is_required(Str workspace_settings)
{
    AUTO_JSON json_t *settings = NULL;
    Error ignored;
    return workspace_settings.length > 2 &&
           json_parse(workspace_settings, MB(1), &settings, &ignored) &&
           json_is_true(json_object_get(settings, REQUIRED));
}

/* Whoever has none yet must not go on listening. */
static bool tell_everybody(DbTx *tx, const FactorWork *work, Error *err)
{
    MembershipList list;
    if (!membership_list(tx, &work->visitor->scope, work->arena, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (!access_changed(tx, ACCESS_USER, list.at[i].user, err))
            return false;
    return true;
}

static bool require(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    Workspace workspace;
    AUTO_JSON json_t *settings = NULL;
    if (!workspace_find(tx, scope, work->arena, scope->workspace, &workspace, err) ||
        !json_parse(workspace.settings, MB(1), &settings, err))
        return false;
    json_object_set_new(settings, REQUIRED, json_boolean(work->is_required));
    return workspace_update(tx, scope, workspace.name, json_print(work->arena, settings), err) &&
           audit_account(tx, scope,
                         work->is_required ? "second_factor.require" : "second_factor.allow",
                         scope->workspace, S(""), err) &&
           (!work->is_required || tell_everybody(tx, work, err));
}

bool account_require_second_factor(Account *account, const Visitor *visitor, bool is_required,
                                   Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    FactorWork work = {
        .account = account, .arena = arena, .visitor = visitor, .is_required = is_required
    };
    return scope_needs(&visitor->scope, ROLE_ADMIN, err) &&
           store_write(account->db, &visitor->scope, require, &work, err);
}

static bool find_state(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    const Scope *system = &work->account->system, *scope = &work->visitor->scope;
    Workspace workspace;
    SecondFactor factor = { 0 };
    if (!workspace_find(tx, system, work->arena, scope->workspace, &workspace, err))
        return false;
    work->state.is_required = factor_is_required(workspace.settings);
    if (!second_factor_find(tx, system, work->arena, scope->user, &factor, err))
        return err->code == ERROR_NOT_FOUND;
    work->state.since_ms = factor.confirmed_at_ms;
    work->state.is_on = factor.confirmed_at_ms > 0;
    return recovery_code_count(tx, system, scope->user, &work->state.recovery_codes_left, err);
}

bool account_second_factor(Account *account, const Visitor *visitor, SecondFactorState *state_r,
                           Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    FactorWork work = { .account = account, .arena = arena, .visitor = visitor };
    if (!store_read(account->db, &account->system, find_state, &work, err))
        return false;
    *state_r = work.state;
    return true;
}

/* --- Switching it on --------------------------------------------------------------------- */

static bool find_self(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    return user_find(tx, &work->account->system, work->arena, work->visitor->scope.user,
                     &work->user, err);
}

/* A borrowed browser must not be a way to guess it. Somebody whom another program signs in has
 * none. */
static bool check_password(FactorWork *work, Str password, Error *err)
{
    Throttle *throttle = work->account->throttle;
    Str who = work->visitor->scope.user;
    if (!throttle_allows(throttle, who, err) ||
        !store_read(work->account->db, &work->account->system, find_self, work, err))
        return false;
    if (!work->user.password_hash.length)
        return true;
    if (!password_fits(password, work->user.password_hash)) {
        throttle_failed(throttle, who);
        return fail_field(err, "password", "the password is wrong");
    }
    throttle_succeeded(throttle, who);
    return true;
}

static bool save_secret(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    const Scope *system = &work->account->system;
    SecondFactor factor;
    Str user = work->visitor->scope.user;
    bool is_there = second_factor_find(tx, system, work->arena, user, &factor, err);
    if (!is_there && err->code != ERROR_NOT_FOUND)
        return false;
    if (is_there && factor.confirmed_at_ms)
        return fail(err, ERROR_CONFLICT, "there is a second factor already; switch it off first");
    return second_factor_set(tx, system, user, work->sealed, err);
}

bool account_begin_second_factor(Account *account, Arena *arena, const Visitor *visitor,
                                 Str service, Str password, Str *secret_r, Str *uri_r, Error *err)
{
    FactorWork work = { .account = account, .arena = arena, .visitor = visitor };
    Str key, secret = totp_new_secret(arena);
    if (!needs_person(visitor, err) || !check_password(&work, password, err) ||
        !factor_key(account, arena, &key, err) ||
        !seal_close(arena, key, secret, &work.sealed, err) ||
        !store_write(account->db, &account->system, save_secret, &work, err))
        return false;
    *secret_r = totp_shown(arena, secret);
    *uri_r = totp_uri(arena, service, visitor->email, secret);
    return true;
}

static FactorWork work_of(Account *account, Arena *arena, const Visitor *visitor, Str code)
{
    return (FactorWork){ .account = account,
                         .arena = arena,
                         .visitor = visitor,
                         .guess = { .account = account,
                                    .arena = arena,
                                    .user = visitor->scope.user,
                                    .code = code,
                                    .now = now_ms() } };
}

static bool confirm(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    const Scope *system = &work->account->system;
    const Visitor *visitor = work->visitor;
    Str user = visitor->scope.user;
    if (!factor_guess(tx, &work->guess, err))
        return false;
    if (!work->guess.fits)
        return true;
    if (work->guess.factor.confirmed_at_ms)
        return fail(err, ERROR_CONFLICT, "the second factor is on already");
    return second_factor_confirm(tx, system, user, work->guess.now, err) &&
           save_recovery_codes(tx, work, err) &&
           session_remove_of_user(tx, system, user, visitor->session, err) &&
           audit_account(tx, &visitor->scope, "second_factor.on", user, S(""), err);
}

bool account_confirm_second_factor(Account *account, Arena *arena, const Visitor *visitor, Str code,
                                   Str *codes_r, Error *err)
{
    FactorWork work = work_of(account, arena, visitor, code);
    if (!needs_person(visitor, err) || !factor_key(account, arena, &work.guess.key, err))
        return false;
    new_recovery_codes(&work, codes_r);
    if (!store_write(account->db, &account->system, confirm, &work, err))
        return err->code == ERROR_NOT_FOUND
                   ? fail(err, ERROR_CONFLICT, "begin with a new secret: there is none to confirm")
                   : false;
    return work.guess.fits || factor_wrong(err);
}

/* --- Changing it ------------------------------------------------------------------------- */

/* The password, or else a code, which is checked in the transaction of what it is for. */
static bool prove(FactorWork *work, const SecondFactorProof *proof, Error *err)
{
    if (!needs_person(work->visitor, err))
        return false;
    if (proof->code.length)
        return factor_key(work->account, work->arena, &work->guess.key, err);
    if (!proof->password.length)
        return fail_field(err, "code", "your password or a code is needed");
    if (!check_password(work, proof->password, err))
        return false;
    work->guess.fits = work->user.password_hash.length > 0;
    return work->guess.fits || fail_field(err, "code", "you have no password here: give a code");
}

static bool guess_if_needed(DbTx *tx, FactorWork *work, Error *err)
{
    return work->guess.fits || factor_guess(tx, &work->guess, err);
}

static bool renew(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    SecondFactor factor;
    if (!second_factor_find(tx, &work->account->system, work->arena, scope->user, &factor, err) ||
        !guess_if_needed(tx, work, err))
        return false;
    if (!factor.confirmed_at_ms)
        return fail(err, ERROR_NOT_FOUND, "there is no second factor");
    return !work->guess.fits ||
           (save_recovery_codes(tx, work, err) &&
            audit_account(tx, scope, "second_factor.codes", scope->user, S(""), err));
}

bool account_renew_recovery_codes(Account *account, Arena *arena, const Visitor *visitor,
                                  const SecondFactorProof *proof, Str *codes_r, Error *err)
{
    FactorWork work = work_of(account, arena, visitor, proof->code);
    new_recovery_codes(&work, codes_r);
    return prove(&work, proof, err) &&
           store_write(account->db, &account->system, renew, &work, err) &&
           (work.guess.fits || factor_wrong(err));
}

static bool end(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    if (!guess_if_needed(tx, work, err))
        return false;
    return !work->guess.fits ||
           (second_factor_remove(tx, &work->account->system, scope->user, err) &&
            audit_account(tx, scope, "second_factor.off", scope->user, S(""), err));
}

bool account_end_second_factor(Account *account, const Visitor *visitor,
                               const SecondFactorProof *proof, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    FactorWork work = work_of(account, arena, visitor, proof->code);
    return prove(&work, proof, err) &&
           store_write(account->db, &account->system, end, &work, err) &&
           (work.guess.fits || factor_wrong(err));
}

static bool guess(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    return factor_guess(tx, &work->guess, err);
}

bool account_prove_person(Account *account, const Visitor *visitor, const SecondFactorProof *proof,
                          Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    FactorWork work = work_of(account, arena, visitor, proof->code);
    SecondFactorState state;
    if (!needs_person(visitor, err) || !account_second_factor(account, visitor, &state, err))
        return false;
    if (!state.is_on)
        return check_password(&work, proof->password, err);
    return factor_key(account, arena, &work.guess.key, err) &&
           store_write(account->db, &account->system, guess, &work, err) &&
           (work.guess.fits || factor_wrong(err));
}

/* Their other workspaces have a say, unless the server itself asks. */
static bool may_reset(DbTx *tx, FactorWork *work, const Membership *member, Error *err)
{
    const Visitor *visitor = work->visitor;
    bool is_server = !visitor->scope.user.length && !visitor->key.length;
    MembershipList list;
    if (member->role > visitor->scope.role)
        return fail(err, ERROR_DENIED, "only an owner can reset the second factor of an owner");
    if (!membership_list_of_user(tx, &work->account->system, work->arena, member->user, &list, err))
        return false;
    return is_server || list.count < 2 ||
           fail(err, ERROR_DENIED,
                "this person belongs to other workspaces too; whoever runs the server can reset "
                "it: lectern users reset-factor EMAIL");
}

static bool reset(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    const Scope *scope = &work->visitor->scope, *system = &work->account->system;
    Membership member;
    SecondFactor factor;
    return membership_find(tx, scope, work->arena, work->named, &member, err) &&
           may_reset(tx, work, &member, err) &&
           second_factor_find(tx, system, work->arena, member.user, &factor, err) &&
           second_factor_remove(tx, system, member.user, err) &&
           session_remove_of_user(tx, system, member.user, STR_NONE, err) &&
           audit_account(tx, scope, "second_factor.reset", member.user, S(""), err);
}

bool account_reset_second_factor(Account *account, const Visitor *visitor, Str named, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    FactorWork work = { .account = account, .arena = arena, .visitor = visitor, .named = named };
    return scope_needs(&visitor->scope, ROLE_ADMIN, err) &&
           store_write(account->db, &account->system, reset, &work, err);
}
