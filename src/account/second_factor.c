/* second_factor.c - see second_factor.h. */
#include "account/second_factor.h"

#include "account/second_factor_int.h"
#include "account/totp.h"
#include "base/seal.h"
#include "store/access.h"
#include "store/audit_store.h"
#include "store/passkeys_store.h"
#include "store/second_factors_store.h"

#define REQUIRED "second_factor_required"

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
    if (!passkey_count(tx, system, scope->user, &work->state.passkeys, err))
        return false;
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
    if (!factor_needs_person(visitor, err) || !factor_check_password(&work, password, err) ||
        !factor_key(account, arena, &key, err) ||
        !seal_close(arena, key, secret, &work.sealed, err) ||
        !store_write(account->db, &account->system, save_secret, &work, err))
        return false;
    *secret_r = totp_shown(arena, secret);
    *uri_r = totp_uri(arena, service, visitor->email, secret);
    return true;
}

static bool confirm(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    const Scope *system = &work->account->system;
    const Visitor *visitor = work->visitor;
    Str user = visitor->scope.user;
    work->guess.is_new = true;
    if (!factor_guess(tx, &work->guess, err))
        return false;
    if (!work->guess.fits)
        return true;
    if (work->guess.factor.confirmed_at_ms)
        return fail(err, ERROR_CONFLICT, "the second factor is on already");
    return second_factor_confirm(tx, system, user, work->guess.now, err) &&
           factor_save_codes(tx, work, err) &&
           session_remove_of_user(tx, system, user, visitor->session, err) &&
           audit_account(tx, &visitor->scope, "second_factor.on", user, S(""), err);
}

bool account_confirm_second_factor(Account *account, Arena *arena, const Visitor *visitor, Str code,
                                   Str *codes_r, Error *err)
{
    FactorWork work = factor_work(account, arena, visitor, code);
    if (!factor_needs_person(visitor, err) || !factor_key(account, arena, &work.guess.key, err))
        return false;
    factor_new_codes(&work, codes_r);
    if (!store_write(account->db, &account->system, confirm, &work, err))
        return err->code == ERROR_NOT_FOUND
                   ? fail(err, ERROR_CONFLICT, "begin with a new secret: there is none to confirm")
                   : false;
    return work.guess.fits || factor_wrong(err);
}

/* --- Changing it ------------------------------------------------------------------------- */

static bool renew(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    const Scope *system = &work->account->system;
    SecondFactor factor;
    int64_t passkeys;
    if (!second_factor_find(tx, system, work->arena, scope->user, &factor, err) ||
        !passkey_count(tx, system, scope->user, &passkeys, err) ||
        !factor_guess_if_needed(tx, work, err))
        return false;
    if (!factor.confirmed_at_ms && !passkeys)
        return fail(err, ERROR_NOT_FOUND, "there is no second factor");
    return !work->guess.fits ||
           (factor_save_codes(tx, work, err) &&
            audit_account(tx, scope, "second_factor.codes", scope->user, S(""), err));
}

bool account_renew_recovery_codes(Account *account, Arena *arena, const Visitor *visitor,
                                  const SecondFactorProof *proof, Str *codes_r, Error *err)
{
    FactorWork work = factor_work(account, arena, visitor, proof->code);
    factor_new_codes(&work, codes_r);
    return factor_prove(&work, proof, err) &&
           store_write(account->db, &account->system, renew, &work, err) &&
           (work.guess.fits || factor_wrong(err));
}

static bool end(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    const Scope *scope = &work->visitor->scope, *system = &work->account->system;
    int64_t passkeys;
    if (!factor_guess_if_needed(tx, work, err) ||
        !passkey_count(tx, system, scope->user, &passkeys, err))
        return false;
    return !work->guess.fits ||
           ((passkeys ? second_factor_set(tx, system, scope->user, S(""), err)
                      : second_factor_remove(tx, system, scope->user, err)) &&
            audit_account(tx, scope, "second_factor.off", scope->user, S(""), err));
}

bool account_end_second_factor(Account *account, const Visitor *visitor,
                               const SecondFactorProof *proof, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    FactorWork work = factor_work(account, arena, visitor, proof->code);
    return factor_prove(&work, proof, err) &&
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
    FactorWork work = factor_work(account, arena, visitor, proof->code);
    SecondFactorState state;
    if (!factor_needs_person(visitor, err) || !account_second_factor(account, visitor, &state, err))
        return false;
    if (!state.is_on)
        return factor_check_password(&work, proof->password, err);
    return factor_key(account, arena, &work.guess.key, err) &&
           store_write(account->db, &account->system, guess, &work, err) &&
           (work.guess.fits || factor_wrong(err));
}

bool factor_may_reset(DbTx *tx, FactorWork *work, const Membership *member, Error *err)
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
                "it: lectern users reset-factor EMAIL, or rm-passkey EMAIL ID");
}

static bool reset(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    const Scope *scope = &work->visitor->scope, *system = &work->account->system;
    Membership member;
    SecondFactor factor;
    return membership_find(tx, scope, work->arena, work->named, &member, err) &&
           factor_may_reset(tx, work, &member, err) &&
           second_factor_find(tx, system, work->arena, member.user, &factor, err) &&
           second_factor_remove(tx, system, member.user, err) &&
           passkey_remove_of_user(tx, system, member.user, err) &&
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
