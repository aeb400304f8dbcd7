/* workspace_change.c - a session goes on in another workspace of its person. */
#include "account/account_int.h"
#include "account/token.h"
#include "base/clock.h"

typedef struct ChangeWork {
    Account *account;
    Arena *arena;
    const Visitor *visitor;
    Str wanted, csrf;
    Session session;
    Workspace workspace;
} ChangeWork;

/* Of a workspace that is none of theirs nobody learns whether it is there. */
static bool find_membership(DbTx *tx, ChangeWork *work, Error *err)
{
    MembershipList list;
    if (!membership_list_of_user(tx, &work->account->system, work->arena, work->session.user, &list,
                                 err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (str_equal(list.at[i].workspace, work->wanted)) {
            work->session.workspace = list.at[i].workspace;
            work->session.role = list.at[i].role;
            return true;
        }
    return fail(err, ERROR_NOT_FOUND,
                "you belong to no workspace '" STR_FMT "' (GET /v1/session lists yours)",
                STR_ARG(str_slice(work->wanted, 0, 64)));
}

static bool find_workspace(DbTx *tx, ChangeWork *work, Error *err)
{
    if (!workspace_find(tx, &work->account->system, work->arena, work->session.workspace,
                        &work->workspace, err) ||
        !workspace_may_be_entered(&work->workspace, err))
        return false;
    return work->session.has_second_factor || !factor_is_required(work->workspace.settings) ||
           fail(err, ERROR_DENIED,
                "the workspace '" STR_FMT "' asks everybody for a second factor: set yours up "
                "first, in the settings of this one",
                STR_ARG(work->workspace.name));
}

/* Each of the two can read in its own audit log that somebody came or went; neither where from. */
static bool change_work(DbTx *tx, void *argument, Error *err)
{
    ChangeWork *work = argument;
    const Scope *left = &work->visitor->scope, *system = &work->account->system;
    Str user = left->user, address = S("");
    int64_t now = now_ms();
    if (!session_find(tx, system, work->arena, work->visitor->session, now, &work->session, err) ||
        !find_membership(tx, work, err) || !find_workspace(tx, work, err))
        return false;
    work->session.csrf = work->csrf;
    Scope entered = { .workspace = work->session.workspace,
                      .user = user,
                      .role = work->session.role };
    return session_move(tx, system, &work->session, err) &&
           membership_entered(tx, &entered, user, now, err) &&
           audit_account(tx, left, "session.leave", user, address, err) &&
           audit_account(tx, &entered, "session.enter", user, address, err);
}

bool account_change_workspace(Account *account, Arena *arena, const Visitor *visitor, Str workspace,
                              Visitor *visitor_r, Error *err)
{
    ChangeWork work = { .account = account,
                        .arena = arena,
                        .visitor = visitor,
                        .wanted = workspace,
                        .csrf = token_new(arena, "") };
    if (!visitor->session.length)
        return fail(err, ERROR_INVALID,
                    "only a browser that is signed in changes its workspace; a key belongs to one");
    if (!store_write(account->db, &account->system, change_work, &work, err))
        return false;
    *visitor_r = visitor_of(&work.session, &work.workspace);
    return true;
}
