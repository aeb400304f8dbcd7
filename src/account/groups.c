/* groups.c - named groups of a workspace's people; see account.h. */
#include "account/account_int.h"
#include "approval/approval.h"
#include "base/json.h"
#include "store/audit_store.h"
#include "store/events.h"

typedef struct GroupWork {
    Arena *arena;
    const Scope *scope;
    const GroupChange *change;
    Str id;
    Group group;
    GroupList list;
    MembershipList members;
} GroupWork;

static GroupWork group_work(Arena *arena, const Visitor *visitor)
{
    return (GroupWork){ .arena = arena, .scope = &visitor->scope };
}

/* --- Looking --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    GroupWork *work = argument;
    return group_list(tx, work->scope, work->arena, &work->list, err);
}

bool account_list_groups(Account *account, Arena *arena, const Visitor *visitor, GroupList *list_r,
                         Error *err)
{
    GroupWork work = group_work(arena, visitor);
    if (!scope_may_look(&visitor->scope, ROLE_EDITOR, err) ||
        !store_read(account->db, &visitor->scope, list_work, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    GroupWork *work = argument;
    return group_find(tx, work->scope, work->arena, work->id, &work->group, err) &&
           membership_list_of_group(tx, work->scope, work->arena, work->group.id, &work->members,
                                    err);
}

bool account_find_group(Account *account, Arena *arena, const Visitor *visitor, Str id,
                        Group *group_r, MembershipList *members_r, Error *err)
{
    GroupWork work = group_work(arena, visitor);
    work.id = id;
    if (!scope_may_look(&visitor->scope, ROLE_ADMIN, err) ||
        !store_read(account->db, &visitor->scope, find_work, &work, err))
        return false;
    *group_r = work.group;
    *members_r = work.members;
    return true;
}

/* --- Changing --- */

static bool note(DbTx *tx, const GroupWork *work, const char *action, Error *err)
{
    static const GroupChange none = { 0 };
    const GroupChange *change = work->change ? work->change : &none;
    Buf out = buf_new(work->arena, MB(1));
    JsonWriter json = put_begin(&out);
    put_text(&json, "name", work->group.name);
    put_texts(&json, "added", change->add);
    put_texts(&json, "removed", change->remove);
    put_end(&json);
    const AuditEntry entry = { .action = str(action),
                               .subject_kind = S("group"),
                               .subject = work->group.id,
                               .details = buf_str(&out) };
    return audit_add(tx, work->scope, &entry, err) &&
           event_tell(tx, work->scope->workspace, EVENT_group, work->group.id, STR_NONE, err);
}

/* Somebody who is not there is said at the field that names them. */
static bool find_person(DbTx *tx, const GroupWork *work, const char *field, Str named,
                        Membership *member_r, Error *err)
{
    Error why = { 0 };
    if (membership_find(tx, work->scope, work->arena, named, member_r, &why))
        return true;
    return why.code == ERROR_NOT_FOUND
               ? fail_field(err, field,
                            "'" STR_FMT "' is nobody of this workspace; give the id or mail "
                            "address of one of its people",
                            STR_ARG(str_slice(named, 0, 80)))
               : fail(err, why.code, "%s", why.message);
}

static bool is_among(const MembershipList *list, Str user)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->at[i].user, user))
            return true;
    return false;
}

static bool change_members(DbTx *tx, const GroupWork *work, Error *err)
{
    const GroupChange *change = work->change;
    MembershipList before;
    Membership member;
    if (!membership_list_of_group(tx, work->scope, work->arena, work->group.id, &before, err))
        return false;
    for (size_t i = 0; i < change->add.count; i++)
        if (!find_person(tx, work, "add", change->add.at[i], &member, err) ||
            !group_member_add(tx, work->scope, work->group.id, member.user, err) ||
            (!is_among(&before, member.user) &&
             !approvals_tell_joined(tx, work->scope, work->arena, &member, work->group.id, err)))
            return false;
    for (size_t i = 0; i < change->remove.count; i++) {
        Error why = { 0 };
        if (!find_person(tx, work, "remove", change->remove.at[i], &member, err))
            return false;
        if (!group_member_remove(tx, work->scope, work->group.id, member.user, &why) &&
            why.code != ERROR_NOT_FOUND) /* they are not in it, as was wished */
            return *err = why, false;
    }
    return true;
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    GroupWork *work = argument;
    work->group = (Group){ .name = str_trim(work->change->name) };
    if (!group_add(tx, work->scope, work->arena, &work->group, err) ||
        !change_members(tx, work, err) || !note(tx, work, "group.add", err))
        return false;
    work->id = work->group.id;
    return find_work(tx, work, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    GroupWork *work = argument;
    Str name = str_trim(work->change->name);
    if (!group_find(tx, work->scope, work->arena, work->id, &work->group, err))
        return false;
    work->id = work->group.id; /* it may have been found by the name that it had */
    if (name.length) {
        work->group.name = name;
        if (!group_rename(tx, work->scope, &work->group, err))
            return false;
    }
    return change_members(tx, work, err) && note(tx, work, "group.change", err) &&
           find_work(tx, work, err);
}

bool account_save_group(Account *account, Arena *arena, const Visitor *visitor, Str id,
                        const GroupChange *change, Group *group_r, MembershipList *members_r,
                        Error *err)
{
    GroupWork work = group_work(arena, visitor);
    work.id = id;
    work.change = change;
    if (!scope_needs(&visitor->scope, ROLE_ADMIN, err) ||
        ((change->name.length || !id.length) && !name_is_good(change->name, err)) ||
        !store_write(account->db, &visitor->scope, id.length ? change_work : add_work, &work, err))
        return false;
    *group_r = work.group;
    *members_r = work.members;
    return true;
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    GroupWork *work = argument;
    return group_find(tx, work->scope, work->arena, work->id, &work->group, err) &&
           group_remove(tx, work->scope, work->group.id, err) &&
           note(tx, work, "group.remove", err);
}

bool account_remove_group(Account *account, Arena *arena, const Visitor *visitor, Str id,
                          Error *err)
{
    GroupWork work = group_work(arena, visitor);
    work.id = id;
    return scope_needs(&visitor->scope, ROLE_ADMIN, err) &&
           store_write(account->db, &visitor->scope, remove_work, &work, err);
}
