/* provision.c - see provision.h. */
#include "account/provision.h"

#include "account/account_int.h"
#include "store/key_limits_store.h"

#define NAME_MAX_BYTES 200

typedef struct ProvisionWork {
    Account *account;
    Arena *arena;
    const Visitor *visitor;
    const ProvisionWish *wish;
    Str id;
    User user;
    Membership member;
} ProvisionWork;

/* --- Finding ----------------------------------------------------------------------------- */

static bool find_member(DbTx *tx, ProvisionWork *work, Error *err)
{
    const Scope *scope = &work->visitor->scope;
    if (!membership_find(tx, scope, work->arena, work->id, &work->member, err))
        return false;
    return !work->member.is_service ||
           fail(err, ERROR_NOT_FOUND, "there is no person '" STR_FMT "'", STR_ARG(work->id));
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    return find_member(tx, argument, err);
}

bool account_find_provisioned(Account *account, Arena *arena, const Visitor *visitor, Str id,
                              Membership *member_r, Error *err)
{
    ProvisionWork work = { .account = account, .arena = arena, .visitor = visitor, .id = id };
    if (!scope_needs(&visitor->scope, ROLE_ADMIN, err) ||
        !store_read(account->db, &visitor->scope, find_work, &work, err))
        return false;
    *member_r = work.member;
    return true;
}

/* --- Adding ------------------------------------------------------------------------------ */

static bool add_person(DbTx *tx, ProvisionWork *work, Error *err)
{
    const Scope *scope = &work->visitor->scope, *system = &work->account->system;
    const ProvisionWish *wish = work->wish;
    Error why = { 0 };
    bool is_known = user_find_by_email(tx, system, work->arena, wish->email, &work->user, &why);
    if (!is_known && why.code != ERROR_NOT_FOUND)
        return fail(err, why.code, "%s", why.message);
    if (is_known && membership_find(tx, scope, work->arena, work->user.id, &work->member, &why))
        return fail(err, ERROR_CONFLICT, STR_FMT " is in this workspace already",
                    STR_ARG(work->member.email));
    if (!is_known) {
        work->user = (User){ .email = wish->email,
                             .name = str_trim(wish->name.length ? wish->name : wish->email),
                             .is_disabled = wish->is_active == 0 };
        if (!user_add(tx, system, work->arena, &work->user, err))
            return false;
    }
    work->id = work->user.id;
    return membership_set(tx, scope, work->id, ROLE_READER, err) &&
           membership_set_external(tx, scope, work->id, wish->external_id, err) &&
           audit_account(tx, scope, is_known ? "user.join" : "user.add", work->id, S(""), err);
}

/* --- Changing ---------------------------------------------------------------------------- */

static bool take_out(DbTx *tx, ProvisionWork *work, Error *err)
{
    const Scope *scope = &work->visitor->scope;
    work->member.is_disabled = true;
    return people_take_out(tx, work->arena, scope, &work->member, err);
}

static bool save(DbTx *tx, ProvisionWork *work, Error *err)
{
    const Scope *scope = &work->visitor->scope, *system = &work->account->system;
    const ProvisionWish *wish = work->wish;
    User *user = &work->user;
    bool shuts_out = wish->is_active == 0 && !user->is_disabled;
    if (wish->email.length)
        user->email = wish->email;
    if (wish->name.length)
        user->name = str_trim(wish->name);
    if (wish->is_active >= 0)
        user->is_disabled = !wish->is_active;
    return user_update(tx, system, user, err) &&
           (!shuts_out || (people_revoke_keys(tx, work->arena, scope, user->id, err) &&
                           session_remove_of_user(tx, system, user->id, STR_NONE, err))) &&
           audit_account(tx, scope, "user.change", user->id, S(""), err);
}

static bool address_is_free(DbTx *tx, ProvisionWork *work, Error *err)
{
    User other;
    Error why = { 0 };
    Str email = work->wish->email;
    if (!email.length)
        return true;
    if (!user_find_by_email(tx, &work->account->system, work->arena, email, &other, &why))
        return why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
    return str_equal(other.id, work->id) ||
           fail(err, ERROR_CONFLICT, "there is an account with the address " STR_FMT " already",
                STR_ARG(email));
}

/* Of somebody who belongs to other workspaces too only what is of this one changes: what the
 * directory says of the rest has to be so already. */
static bool change_shared(DbTx *tx, ProvisionWork *work, Error *err)
{
    const ProvisionWish *wish = work->wish;
    Str email = str_lower(work->arena, wish->email);
    if (wish->is_active == 0)
        return take_out(tx, work, err);
    bool is_same = (!email.length || str_equal(email, work->user.email)) &&
                   (!wish->name.length || str_equal(str_trim(wish->name), work->user.name));
    return is_same || fail(err, ERROR_DENIED,
                           "this person belongs to other workspaces too; name and address cannot "
                           "be changed here");
}

static bool change_person(DbTx *tx, ProvisionWork *work, Error *err)
{
    const Scope *scope = &work->visitor->scope, *system = &work->account->system;
    MembershipList list;
    if (!find_member(tx, work, err) ||
        !user_find(tx, system, work->arena, work->member.user, &work->user, err))
        return false;
    work->id = work->user.id;
    if (work->member.role > scope->role)
        return fail(err, ERROR_DENIED, "only an owner can change an owner");
    if (work->wish->is_active == 0 && work->member.role == ROLE_OWNER &&
        !people_keep_an_owner(tx, scope, err))
        return false;
    if (!address_is_free(tx, work, err) ||
        !membership_list_of_user(tx, system, work->arena, work->id, &list, err))
        return false;
    if ((work->wish->external_id.length || work->wish->forgets_external_id) &&
        !membership_set_external(tx, scope, work->id, work->wish->external_id, err))
        return false;
    return list.count > 1 ? change_shared(tx, work, err) : save(tx, work, err);
}

static bool provision(DbTx *tx, void *argument, Error *err)
{
    ProvisionWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    bool ok = work->id.length ? change_person(tx, work, err) : add_person(tx, work, err);
    if (!ok || !callers_changed(tx, scope, err))
        return false;
    bool is_out = work->member.is_disabled && work->id.length && work->wish->is_active == 0;
    Membership before = work->member;
    Error why = { 0 };
    if (find_member(tx, work, &why))
        return true;
    work->member = before;
    return is_out || fail(err, why.code, "%s", why.message);
}

bool account_provision(Account *account, Arena *arena, const Visitor *visitor, Str id,
                       const ProvisionWish *wish, Membership *member_r, Error *err)
{
    ProvisionWork work = {
        .account = account, .arena = arena, .visitor = visitor, .wish = wish, .id = id
    };
    if (!scope_needs(&visitor->scope, ROLE_ADMIN, err))
        return false;
    if ((!id.length || wish->email.length) && !email_is_good(wish->email, err))
        return false;
    if (wish->name.length && !name_is_good(wish->name, err))
        return false;
    if (wish->external_id.length > NAME_MAX_BYTES)
        return fail_field(err, "externalId", "at most %d bytes", NAME_MAX_BYTES);
    if (!store_write(account->db, &account->system, provision, &work, err))
        return false;
    *member_r = work.member;
    return true;
}
