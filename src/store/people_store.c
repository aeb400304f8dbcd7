#include "store/people_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/access.h"
#include "store/approvals_store.h"
#include "store/client_files_store.h"
#include "store/document_access.h"
#include "store/sql.h"

#define USER_COLUMNS                                                                               \
    "u.id, u.email, u.name, u.password_hash, u.created_at, u.last_login_at, u.is_disabled,"        \
    " u.is_service"
/* $2: a system scope, $3: the workspace */
#define USER_IS_SEEN                                                                               \
    " AND ($2 = 1 OR EXISTS (SELECT 1 FROM memberships m"                                          \
    "                        WHERE m.user_id = u.id AND m.workspace = $3))"

static void read_user(DbRows *row, Arena *arena, void *item)
{
    *(User *)item = (User){
        .id = db_get_text(row, 0, arena),
        .email = db_get_text(row, 1, arena),
        .name = db_get_text(row, 2, arena),
        .password_hash = db_get_text(row, 3, arena),
        .created_at_ms = db_get_int(row, 4),
        .last_login_at_ms = db_get_int(row, 5),
        .is_disabled = db_get_int(row, 6) != 0,
        .is_service = db_get_int(row, 7) != 0,
    };
}

bool user_add(DbTx *tx, const Scope *scope, Arena *arena, User *user, Error *err)
{
    User added = *user;
    int64_t changed;

    added.id = id_new(arena);
    added.email = user->is_service ? str_format(arena, "service:" STR_FMT, STR_ARG(added.id))
                                   : utf8_fold(arena, str_trim(user->email));
    added.created_at_ms = now_ms();
    if (!sql_needs_system(scope, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO users (id, email, name, password_hash, created_at,"
                         " last_login_at, is_disabled, is_service)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                         " ON CONFLICT (email) DO NOTHING"),
                 DB_ARGS(db_text(added.id), db_text(added.email), db_text(added.name),
                         db_text(added.password_hash), db_int(added.created_at_ms),
                         db_int(added.last_login_at_ms), db_int(added.is_disabled),
                         db_int(added.is_service)),
                 &changed, err))
        return false;
    if (!changed)
        return fail(err, ERROR_CONFLICT, "there is an account with the address " STR_FMT " already",
                    STR_ARG(added.email));
    *user = added;
    return true;
}

bool user_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, User *user_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME("SELECT " USER_COLUMNS " FROM users u WHERE u.id = $1" USER_IS_SEEN),
                    DB_ARGS(db_text(id), db_int(scope->is_system), db_text(scope->workspace)),
                    read_user, user_r, "person", id, err);
}

bool user_find_by_email(DbTx *tx, const Scope *scope, Arena *arena, Str email, User *user_r,
                        Error *err)
{
    Str folded = utf8_fold(arena, str_trim(email));

    return sql_find(tx, arena,
                    DB_SAME("SELECT " USER_COLUMNS " FROM users u WHERE u.email = $1" USER_IS_SEEN),
                    DB_ARGS(db_text(folded), db_int(scope->is_system), db_text(scope->workspace)),
                    read_user, user_r, "person", folded, err);
}

bool user_update(DbTx *tx, const Scope *scope, const User *user, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));

    return sql_change(tx,
                      DB_SAME("UPDATE users AS u SET email = $4, name = $5, password_hash = $6,"
                              " is_disabled = $7 WHERE u.id = $1" USER_IS_SEEN),
                      DB_ARGS(db_text(user->id), db_int(scope->is_system),
                              db_text(scope->workspace),
                              db_text(utf8_fold(arena, str_trim(user->email))), db_text(user->name),
                              db_text(user->password_hash), db_int(user->is_disabled)),
                      "person", user->id, err) &&
           (!user->is_disabled || (approval_look_for_user(tx, scope, user->id, err) &&
                                   access_changed(tx, ACCESS_USER, user->id, err)));
}

bool user_logged_in(DbTx *tx, const Scope *scope, Str id, int64_t at_ms, Error *err)
{
    return sql_change(
        tx, DB_SAME("UPDATE users AS u SET last_login_at = $4 WHERE u.id = $1" USER_IS_SEEN),
        DB_ARGS(db_text(id), db_int(scope->is_system), db_text(scope->workspace), db_int(at_ms)),
        "person", id, err);
}

bool user_count(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_query_int(tx, DB_SAME("SELECT count(*) FROM users"), DB_NO_ARGS, 0, count_r, err);
}

bool user_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM prompt_logs WHERE user_id = $1"), DB_ARGS(db_text(id)),
                   NULL, err) &&
           db_exec(tx, DB_SAME("DELETE FROM responses WHERE user_id = $1"), DB_ARGS(db_text(id)),
                   NULL, err) &&
           /* The bytes go with the job that removes files past their time. */
           db_exec(tx,
                   DB_SAME("UPDATE client_files SET expires_at = 1 WHERE user_id = $1"
                           " AND purpose = '" FILE_PURPOSE_VOICE "'"),
                   DB_ARGS(db_text(id)), NULL, err) &&
           approval_look_for_user(tx, scope, id, err) &&
           sql_change(tx, DB_SAME("DELETE FROM users WHERE id = $1"), DB_ARGS(db_text(id)),
                      "person", id, err) &&
           access_changed(tx, ACCESS_USER, id, err);
}

/* --- Memberships ------------------------------------------------------------------------ */

#define MEMBERSHIPS                                                                                \
    "SELECT m.workspace, w.name, m.user_id, u.email, u.name, m.role, u.is_disabled,"               \
    " m.created_at, u.last_login_at, u.is_service, m.external_id, m.entered_at,"                   \
    " u.password_hash <> ''"                                                                       \
    " FROM memberships m JOIN users u ON u.id = m.user_id"                                         \
    " JOIN workspaces w ON w.id = m.workspace "

static void read_membership(DbRows *row, Arena *arena, void *item)
{
    *(Membership *)item = (Membership){
        .workspace = db_get_text(row, 0, arena),
        .workspace_name = db_get_text(row, 1, arena),
        .user = db_get_text(row, 2, arena),
        .email = db_get_text(row, 3, arena),
        .name = db_get_text(row, 4, arena),
        .role = (Role)db_get_int(row, 5),
        .is_disabled = db_get_int(row, 6) != 0,
        .created_at_ms = db_get_int(row, 7),
        .last_login_at_ms = db_get_int(row, 8),
        .is_service = db_get_int(row, 9) != 0,
        .external_id = db_get_text(row, 10, arena),
        .entered_at_ms = db_get_int(row, 11),
        .has_password = db_get_int(row, 12) != 0,
    };
}

bool membership_set(DbTx *tx, const Scope *scope, Str user, Role role, Error *err)
{
    return db_exec(
               tx,
               DB_SAME("INSERT INTO memberships (workspace, user_id, role, created_at)"
                       " VALUES ($1, $2, $3, $4)"
                       " ON CONFLICT (workspace, user_id) DO UPDATE SET role = excluded.role"),
               DB_ARGS(db_text(scope->workspace), db_text(user), db_int(role), db_int(now_ms())),
               NULL, err) &&
           approval_look_for_user(tx, scope, user, err) &&
           access_changed(tx, ACCESS_USER, user, err);
}

bool membership_set_external(DbTx *tx, const Scope *scope, Str user, Str external_id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE memberships SET external_id = $3"
                              " WHERE workspace = $1 AND user_id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(user), db_text(external_id)),
                      "member", user, err);
}

bool membership_entered(DbTx *tx, const Scope *scope, Str user, int64_t at_ms, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE memberships SET entered_at = $3"
                              " WHERE workspace = $1 AND user_id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(user), db_int(at_ms)), "member",
                      user, err);
}

bool membership_remove(DbTx *tx, const Scope *scope, Str user, Error *err)
{
    return approval_look_for_user(tx, scope, user, err) &&
           access_forget_subject(tx, scope, user, err) &&
           sql_change(tx, DB_SAME("DELETE FROM memberships WHERE workspace = $1 AND user_id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(user)), "member", user, err) &&
           access_changed(tx, ACCESS_USER, user, err);
}

bool membership_missing(DbTx *tx, const Scope *scope, Arena *arena, StrList users,
                        StrList *missing_r, Error *err)
{
#define NO_MEMBER                                                                                  \
    ") AS u WHERE NOT EXISTS (SELECT 1 FROM memberships WHERE workspace = $1 AND user_id = u.id)"
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SQL("SELECT u.id FROM (SELECT value AS id FROM json_each($2)" NO_MEMBER,
                         "SELECT u.id FROM"
                         " (SELECT json_array_elements_text($2::json) AS id" NO_MEMBER),
                  DB_ARGS(db_text(scope->workspace), sql_texts(arena, users.at, users.count)),
                  sql_read_text, sizeof(Str), &items, err))
        return false;
    *missing_r = (StrList){ items.at, items.count };
    return true;
#undef NO_MEMBER
}

bool membership_find(DbTx *tx, const Scope *scope, Arena *arena, Str named, Membership *member_r,
                     Error *err)
{
    Str address = utf8_fold(arena, str_trim(named));

    return sql_find(
        tx, arena,
        DB_SAME(MEMBERSHIPS "WHERE m.workspace = $1 AND (m.user_id = $2 OR u.email = $3)"),
        DB_ARGS(db_text(scope->workspace), db_text(named), db_text(address)), read_membership,
        member_r, "member", named, err);
}

static bool list_memberships(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                             MembershipList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, sql, args, count, read_membership, sizeof(Membership), &items, err))
        return false;
    *list_r = (MembershipList){ .at = items.at, .count = items.count };
    return true;
}

bool membership_list(DbTx *tx, const Scope *scope, Arena *arena, MembershipList *list_r, Error *err)
{
    return list_memberships(tx, arena,
                            DB_SAME(MEMBERSHIPS "WHERE m.workspace = $1 ORDER BY u.name, u.email"),
                            DB_ARGS(db_text(scope->workspace)), list_r, err);
}

bool membership_list_of_group(DbTx *tx, const Scope *scope, Arena *arena, Str group,
                              MembershipList *list_r, Error *err)
{
    return list_memberships(
        tx, arena,
        DB_SAME(MEMBERSHIPS "JOIN group_members g ON g.workspace = m.workspace"
                            " AND g.user_id = m.user_id WHERE m.workspace = $1 AND g.group_id = $2"
                            " ORDER BY u.name, u.email"),
        DB_ARGS(db_text(scope->workspace), db_text(group)), list_r, err);
}

bool membership_list_of_user(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                             MembershipList *list_r, Error *err)
{
    return list_memberships(
        tx, arena,
        DB_SAME(MEMBERSHIPS "WHERE m.user_id = $1 AND ($2 = 1 OR m.workspace = $3)"
                            " AND NOT EXISTS (SELECT 1 FROM workspace_removals r"
                            "  WHERE r.id = m.workspace AND r.began_at > 0)"
                            " ORDER BY w.name, w.id"),
        DB_ARGS(db_text(user), db_int(scope->is_system), db_text(scope->workspace)), list_r, err);
}

bool membership_role(DbTx *tx, const Scope *scope, Str user, Role *role_r, Error *err)
{
    int64_t role;

    if (!db_query_int(tx,
                      DB_SAME("SELECT m.role FROM memberships m JOIN users u ON u.id = m.user_id"
                              " WHERE m.workspace = $1 AND m.user_id = $2 AND u.is_disabled = 0"),
                      DB_ARGS(db_text(scope->workspace), db_text(user)), ROLE_NONE, &role, err))
        return false;
    *role_r = (Role)role;
    return true;
}

bool membership_owner_count(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT count(*) FROM memberships m JOIN users u"
                                " ON u.id = m.user_id WHERE m.workspace = $1 AND m.role = $2"
                                " AND u.is_disabled = 0"),
                        DB_ARGS(db_text(scope->workspace), db_int(ROLE_OWNER)), 0, count_r, err);
}
