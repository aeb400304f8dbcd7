/* people.c - the people of a workspace. */
#include "account/account_int.h"
#include "account/account_links.h"
#include "account/account_mail.h"
#include "account/password.h"
#include "base/clock.h"
#include "store/identities_store.h"
#include "store/key_limits_store.h"

typedef struct PeopleWork {
    Account *account;
    Arena *arena;
    const Visitor *visitor;
    const PersonChange *change;
    Str id, password_hash, session_kept;
    User user;
    Role role;
    Str mail_key;  /* of mails to be sent */
    bool is_known; /* has an account already, perhaps of another workspace */
    MembershipList list;
} PeopleWork;

static bool list_people(DbTx *tx, void *argument, Error *err)
{
    PeopleWork *work = argument;
    return membership_list(tx, &work->visitor->scope, work->arena, &work->list, err);
}

bool account_list_people(Account *account, Arena *arena, const Visitor *visitor,
                         MembershipList *list_r, Error *err)
{
    PeopleWork work = { .account = account, .arena = arena, .visitor = visitor };
    if (!scope_may_look(&visitor->scope, ROLE_ADMIN, err) ||
        !store_read(account->db, &visitor->scope, list_people, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

static bool list_workspaces(DbTx *tx, void *argument, Error *err)
{
    PeopleWork *work = argument;
    return membership_list_of_user(tx, &work->account->system, work->arena,
                                   work->visitor->scope.user, &work->list, err);
}

bool account_workspaces(Account *account, Arena *arena, const Visitor *visitor,
                        MembershipList *list_r, Error *err)
{
    PeopleWork work = { .account = account, .arena = arena, .visitor = visitor };
    if (!visitor->scope.user.length) {
        *list_r = (MembershipList){ 0 };
        return true;
    }
    if (!store_read(account->db, &account->system, list_workspaces, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

static bool may_give(const Visitor *visitor, Role role, Error *err)
{
    if (!scope_needs(&visitor->scope, ROLE_ADMIN, err))
        return false;
    if (role > visitor->scope.role)
        return fail(err, ERROR_DENIED, "only an owner can make an owner");
    return true;
}

/* People stand in one table for the whole database, so this is the system's to look at and write.
 */
static bool find_by_email(DbTx *tx, void *argument, Error *err)
{
    PeopleWork *work = argument;
    work->is_known = user_find_by_email(tx, &work->account->system, work->arena, work->user.email,
                                        &work->user, err);
    return work->is_known || err->code == ERROR_NOT_FOUND;
}

static bool is_not_here(DbTx *tx, const PeopleWork *work, Error *err)
{
    Membership member;
    if (membership_find(tx, &work->visitor->scope, work->arena, work->user.id, &member, err))
        return fail(err, ERROR_CONFLICT, STR_FMT " is in this workspace already",
                    STR_ARG(member.email));
    return err->code == ERROR_NOT_FOUND;
}

static bool add_person(DbTx *tx, void *argument, Error *err)
{
    PeopleWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    bool is_there = work->is_known
                        ? is_not_here(tx, work, err)
                        : user_add(tx, &work->account->system, work->arena, &work->user, err);
    return is_there && membership_set(tx, scope, work->user.id, work->role, err) &&
           audit_account(tx, scope, work->is_known ? "user.join" : "user.add", work->user.id, S(""),
                         err) &&
           callers_changed(tx, scope, err);
}

static bool new_person(PeopleWork *work, const SignIn *who, Error *err)
{
    if (!password_is_good(who->password, err) || !email_is_good(who->email, err) ||
        !name_is_good(who->name, err) ||
        !password_hash(work->arena, who->password, &work->password_hash, err))
        return false;
    work->user = (User){ .email = who->email,
                         .name = str_trim(who->name),
                         .password_hash = work->password_hash };
    return true;
}

bool account_add_person(Account *account, Arena *arena, const Visitor *visitor, const SignIn *who,
                        Role role, User *user_r, Error *err)
{
    PeopleWork work = { .account = account,
                        .arena = arena,
                        .visitor = visitor,
                        .user = { .email = who->email },
                        .role = role };
    if (!may_give(visitor, role, err) ||
        !store_read(account->db, &account->system, find_by_email, &work, err) ||
        (!work.is_known && !new_person(&work, who, err)) ||
        !store_write(account->db, &account->system, add_person, &work, err))
        return false;
    *user_r = work.user;
    return true;
}

/* --- Invitations --- */

/* Who has nothing to sign in with yet. */
static bool is_open(DbTx *tx, const PeopleWork *work, bool *open_r, Error *err)
{
    int64_t count = 0;
    if (work->is_known && !identity_count(tx, &work->account->system, work->user.id, &count, err))
        return false;
    *open_r = !work->user.password_hash.length && !count;
    return true;
}

static bool invite(DbTx *tx, void *argument, Error *err)
{
    PeopleWork *work = argument;
    const Scope *scope = &work->visitor->scope, *system = &work->account->system;
    AccountMailWish wish = { ACCOUNT_MAIL_joined, STR_NONE, work->user.email };
    bool is_invited_anew = false, has_no_key;
    Error here = { 0 };
    if (!is_open(tx, work, &has_no_key, err))
        return false;
    if (has_no_key && !account_has_mail(work->account))
        return fail(err, ERROR_CONFLICT,
                    "this server sends no mails: set smtp_url, smtp_from and public_url, or add "
                    "them with a first password (POST /v1/users, lectern users add)");
    if (work->is_known && !is_not_here(tx, work, &here)) {
        is_invited_anew = here.code == ERROR_CONFLICT && has_no_key;
        if (!is_invited_anew)
            return fail(err, here.code, "%s", here.message);
    }
    if ((!work->is_known && !user_add(tx, system, work->arena, &work->user, err)) ||
        (!is_invited_anew && !membership_set(tx, scope, work->user.id, work->role, err)))
        return false;
    wish.user = work->user.id;
    if (has_no_key)
        wish.mail = ACCOUNT_MAIL_invitation;
    return (!account_has_mail(work->account) ||
            account_mail_add(tx, system, work->arena, work->mail_key, &wish, err)) &&
           audit_account(tx, scope, "user.invite", work->user.id, S(""), err) &&
           callers_changed(tx, scope, err);
}

bool account_invite_person(Account *account, Arena *arena, const Visitor *visitor,
                           const SignIn *who, Role role, User *user_r, Error *err)
{
    PeopleWork work = { .account = account,
                        .arena = arena,
                        .visitor = visitor,
                        .user = { .email = str_trim(who->email), .name = str_trim(who->name) },
                        .role = role };
    if (!may_give(visitor, role, err) || !email_is_good(work.user.email, err))
        return false;
    if (!work.user.name.length)
        work.user.name = str_slice(work.user.email, 0, (size_t)str_find_char(work.user.email, '@'));
    if (!name_is_good(work.user.name, err))
        return false;
    if (!account_mail_key(account, arena, &work.mail_key, err) ||
        !store_read(account->db, &account->system, find_by_email, &work, err) ||
        !store_write(account->db, &account->system, invite, &work, err))
        return false;
    *user_r = work.user;
    return true;
}

bool account_add_service(Account *account, Arena *arena, const Visitor *visitor, Str name,
                         Role role, User *user_r, Error *err)
{
    PeopleWork work = { .account = account,
                        .arena = arena,
                        .visitor = visitor,
                        .user = { .name = str_trim(name), .is_service = true },
                        .role = role };
    if (!may_give(visitor, role, err) || !name_is_good(name, err))
        return false;
    if (role > ROLE_ADMIN)
        return fail_field(err, "role", "a service account cannot own a workspace");
    if (!store_write(account->db, &account->system, add_person, &work, err))
        return false;
    *user_r = work.user;
    return true;
}

/* Somebody who is an owner is about to be none any more. */
bool people_keep_an_owner(DbTx *tx, const Scope *scope, Error *err)
{
    int64_t owners;
    if (!membership_owner_count(tx, scope, &owners, err))
        return false;
    return owners > 1 ||
           fail(err, ERROR_CONFLICT, "this is the last owner; make another one first");
}

/* It would be an owner who cannot come in, or somebody who signs in without an address. */
static bool suits_service(const User *user, const PersonChange *change, Error *err)
{
    if (user->is_service && change->role > ROLE_ADMIN)
        return fail_field(err, "role", "a service account cannot own a workspace");
    return !user->is_service || !change->password.length ||
           fail_field(err, "password", "a service account has no password, only keys");
}

/* --- Leaving ---------------------------------------------------------------------------- */

bool people_revoke_keys(DbTx *tx, Arena *arena, const Scope *scope, Str user, Error *err)
{
    ApiKeyList keys;
    if (!api_key_list(tx, scope, arena, user, &keys, err))
        return false;
    for (size_t i = 0; i < keys.count; i++)
        if (!api_key_revoke(tx, scope, keys.at[i].id, now_ms(), err))
            return false;
    return true;
}

bool people_take_out(DbTx *tx, Arena *arena, const Scope *scope, const Membership *member,
                     Error *err)
{
    return (member->role != ROLE_OWNER || people_keep_an_owner(tx, scope, err)) &&
           people_revoke_keys(tx, arena, scope, member->user, err) &&
           session_remove_of_user(tx, scope, member->user, STR_NONE, err) &&
           membership_remove(tx, scope, member->user, err) &&
           audit_account(tx, scope, "user.remove", member->user, S(""), err) &&
           callers_changed(tx, scope, err);
}

static bool remove_person(DbTx *tx, void *argument, Error *err)
{
    PeopleWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    Membership member;
    if (!membership_find(tx, scope, work->arena, work->id, &member, err))
        return false;
    if (member.role > scope->role)
        return fail(err, ERROR_DENIED, "only an owner can change an owner");
    return people_take_out(tx, work->arena, scope, &member, err);
}

bool account_remove_person(Account *account, const Visitor *visitor, Str named, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    PeopleWork work = { .account = account, .arena = arena, .visitor = visitor, .id = named };
    return scope_needs(&visitor->scope, ROLE_ADMIN, err) &&
           store_write(account->db, &account->system, remove_person, &work, err);
}

/* --- Changing --------------------------------------------------------------------------- */

/* A person of several workspaces is nobody's alone: who set their password here would be them
 * there.
 */
static bool is_only_ours(DbTx *tx, PeopleWork *work, Error *err)
{
    const PersonChange *change = work->change;
    MembershipList list;
    if (!change->password.length && !change->name.length && change->is_disabled < 0)
        return true;
    if (!membership_list_of_user(tx, &work->account->system, work->arena, work->id, &list, err))
        return false;
    return list.count < 2 || str_equal(work->id, work->visitor->scope.user) ||
           fail(err, ERROR_DENIED,
                "this person belongs to other workspaces too; only their role can be changed here");
}

static bool loses_owner(Role before, const PersonChange *change)
{
    return before == ROLE_OWNER &&
           ((change->role && change->role != ROLE_OWNER) || change->is_disabled == 1);
}

static bool change_person(DbTx *tx, void *argument, Error *err)
{
    PeopleWork *work = argument;
    const Scope *scope = &work->visitor->scope, *system = &work->account->system;
    const PersonChange *change = work->change;
    Role before;
    if (!membership_role(tx, scope, work->id, &before, err) ||
        !user_find(tx, scope, work->arena, work->id, &work->user, err))
        return false;
    if (before > scope->role)
        return fail(err, ERROR_DENIED, "only an owner can change an owner");
    if (!suits_service(&work->user, change, err))
        return false;
    if ((loses_owner(before, change) && !people_keep_an_owner(tx, scope, err)) ||
        !is_only_ours(tx, work, err))
        return false;
    if (change->role && !membership_set(tx, scope, work->id, change->role, err))
        return false;
    if (change->name.length)
        work->user.name = change->name;
    if (change->is_disabled >= 0)
        work->user.is_disabled = change->is_disabled;
    if (work->password_hash.length)
        work->user.password_hash = work->password_hash;
    bool locks_out = change->is_disabled == 1 || work->password_hash.length;
    return user_update(tx, system, &work->user, err) &&
           (!locks_out || session_remove_of_user(tx, system, work->id, work->session_kept, err)) &&
           audit_account(tx, scope, "user.change", work->id, S(""), err) &&
           callers_changed(tx, scope, err);
}

bool account_change_person(Account *account, Arena *arena, const Visitor *visitor, Str user,
                           const PersonChange *change, Error *err)
{
    PeopleWork work = {
        .account = account, .arena = arena, .visitor = visitor, .id = user, .change = change
    };
    if (!may_give(visitor, change->role, err) ||
        (change->name.length && !name_is_good(change->name, err)))
        return false;
    if (change->password.length &&
        (!password_is_good(change->password, err) ||
         !password_hash(arena, change->password, &work.password_hash, err)))
        return false;
    return store_write(account->db, &account->system, change_person, &work, err);
}

static bool find_self(DbTx *tx, void *argument, Error *err)
{
    PeopleWork *work = argument;
    return user_find(tx, &work->account->system, work->arena, work->visitor->scope.user,
                     &work->user, err);
}

static bool save_password(DbTx *tx, void *argument, Error *err)
{
    PeopleWork *work = argument;
    const Scope *system = &work->account->system;
    work->user.password_hash = work->password_hash;
    return user_update(tx, system, &work->user, err) &&
           session_remove_of_user(tx, system, work->user.id, work->session_kept, err) &&
           audit_account(tx, &work->visitor->scope, "user.password", work->user.id, S(""), err);
}

bool account_change_password(Account *account, const Visitor *visitor, Str old_password,
                             Str new_password, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    PeopleWork work = {
        .account = account, .arena = arena, .visitor = visitor, .session_kept = visitor->session
    };
    if (!visitor->scope.user.length)
        return fail(err, ERROR_INVALID, "a key has no password");
    Throttle *throttle = account->throttle;
    Str who = visitor->scope.user;
    if (!password_is_good(new_password, err) || !throttle_allows(throttle, who, err) ||
        !store_read(account->db, &account->system, find_self, &work, err))
        return false;
    if (!password_fits(old_password, work.user.password_hash)) {
        throttle_failed(throttle, who); /* a stolen session must not be a way to guess it */
        return fail_field(err, "old", "the old password is wrong");
    }
    throttle_succeeded(throttle, who);
    return password_hash(arena, new_password, &work.password_hash, err) &&
           store_write(account->db, &account->system, save_password, &work, err);
}
