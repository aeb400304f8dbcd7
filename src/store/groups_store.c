#include "store/groups_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/approvals_store.h"
#include "store/document_access.h"
#include "store/sql.h"

#define GROUPS                                                                                     \
    "SELECT g.id, g.name, (SELECT count(*) FROM group_members m WHERE m.workspace = g.workspace"   \
    " AND m.group_id = g.id), g.created_at FROM workspace_groups g WHERE g.workspace = $1 "

static void read_group(DbRows *row, Arena *arena, void *item)
{
    *(Group *)item = (Group){
        .id = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .member_count = db_get_int(row, 2),
        .created_at_ms = db_get_int(row, 3),
    };
}

static bool name_is_taken(Error *err, Str name)
{
    return fail(err, ERROR_CONFLICT, "there is a group '" STR_FMT "' already",
                STR_ARG(str_slice(name, 0, 100)));
}

static bool check_room(DbTx *tx, const Scope *scope, Error *err)
{
    int64_t count;

    if (!db_query_int(tx, DB_SAME("SELECT count(*) FROM workspace_groups WHERE workspace = $1"),
                      DB_ARGS(db_text(scope->workspace)), 0, &count, err))
        return false;
    return count < GROUPS_MAX ||
           fail(err, ERROR_CONFLICT, "there are %d groups already; remove one first", GROUPS_MAX);
}

bool group_add(DbTx *tx, const Scope *scope, Arena *arena, Group *group, Error *err)
{
    Group added = { .id = id_new(arena), .name = group->name, .created_at_ms = now_ms() };
    int64_t changed;

    if (!check_room(tx, scope, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO workspace_groups (workspace, id, name, name_fold, created_at)"
                         " VALUES ($1, $2, $3, $4, $5)"
                         " ON CONFLICT (workspace, name_fold) DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.name),
                         db_text(utf8_fold(arena, added.name)), db_int(added.created_at_ms)),
                 &changed, err))
        return false;
    if (!changed)
        return name_is_taken(err, added.name);
    *group = added;
    return true;
}

bool group_find(DbTx *tx, const Scope *scope, Arena *arena, Str named, Group *group_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME(GROUPS "AND (g.id = $2 OR g.name_fold = $3)"
                                   " ORDER BY CASE WHEN g.id = $2 THEN 0 ELSE 1 END LIMIT 1"),
                    DB_ARGS(db_text(scope->workspace), db_text(named),
                            db_text(utf8_fold(arena, str_trim(named)))),
                    read_group, group_r, "group", named, err);
}

bool group_list(DbTx *tx, const Scope *scope, Arena *arena, GroupList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(GROUPS "ORDER BY g.name_fold"),
                  DB_ARGS(db_text(scope->workspace)), read_group, sizeof(Group), &items, err))
        return false;
    *list_r = (GroupList){ .at = items.at, .count = items.count };
    return true;
}

/* Asked first, so that PostgreSQL's transaction goes on after a name that is taken. */
bool group_rename(DbTx *tx, const Scope *scope, const Group *group, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str folded = utf8_fold(arena, group->name);
    int64_t others;

    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM workspace_groups"
                              " WHERE workspace = $1 AND name_fold = $2 AND id <> $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(folded), db_text(group->id)), 0,
                      &others, err))
        return false;
    if (others)
        return name_is_taken(err, group->name);
    return sql_change(tx,
                      DB_SAME("UPDATE workspace_groups SET name = $3, name_fold = $4"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(group->id), db_text(group->name),
                              db_text(folded)),
                      "group", group->id, err);
}

bool group_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM workspace_groups WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "group", id, err) &&
           access_forget_subject(tx, scope, id, err) && approval_look_for_group(tx, scope, id, err);
}

/* --- Members ---------------------------------------------------------------------------- */

bool group_member_add(DbTx *tx, const Scope *scope, Str group, Str user, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Group found;
    Membership member;

    if (!group_find(tx, scope, arena, group, &found, err) ||
        !membership_find(tx, scope, arena, user, &member, err))
        return false;
    if (found.member_count >= GROUP_MEMBERS_MAX)
        return fail(err, ERROR_CONFLICT, "a group has at most %d people", GROUP_MEMBERS_MAX);
    return db_exec(tx,
                   DB_SAME("INSERT INTO group_members (workspace, group_id, user_id, created_at)"
                           " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"),
                   DB_ARGS(db_text(scope->workspace), db_text(found.id), db_text(member.user),
                           db_int(now_ms())),
                   NULL, err);
}

bool group_member_remove(DbTx *tx, const Scope *scope, Str group, Str user, Error *err)
{
    return sql_change(tx,
                      DB_SAME("DELETE FROM group_members WHERE workspace = $1 AND group_id = $2"
                              " AND user_id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(group), db_text(user)),
                      "member of the group", user, err) &&
           approval_look_for_group(tx, scope, group, err);
}
