/* workspace_end.c - see workspace_end.h. */
#include "account/workspace_end.h"

#include "account/account_int.h"
#include "base/clock.h"
#include "base/hash.h"
#include "jobs/job_queue.h"
#include "store/audit_store.h"

typedef struct EndWork {
    Account *account;
    Arena *arena;
    const Visitor *visitor;
    Str name, owner;
    Workspace workspace;
    WorkspaceList list;
    WorkspaceRemoval removal;
    WorkspaceRemovalList removals;
} EndWork;

static bool runs_the_server(const Visitor *visitor)
{
    return !visitor->scope.user.length && !visitor->key.length;
}

static bool needs_server(const Visitor *visitor, Error *err)
{
    return runs_the_server(visitor) ||
           fail(err, ERROR_DENIED,
                "only whoever runs the server may do that: lectern workspaces, on its machine");
}

static bool audit_workspace(DbTx *tx, const EndWork *work, const char *action, Str workspace,
                            Error *err)
{
    Scope scope = { .workspace = workspace, .user = work->visitor->scope.user, .role = ROLE_OWNER };
    AuditEntry entry = { .action = str(action),
                         .subject_kind = S("workspace"),
                         .subject = workspace };
    return audit_add(tx, &scope, &entry, err);
}

/* --- Asking for the end --- */

/* Owners of the first workspace run the server: who may do that must not change by the way. */
static bool keeps_operators(const EndWork *work, Error *err)
{
    Workspace first;
    if (runs_the_server(work->visitor))
        return true;
    if (!first_workspace(&work->list, &first, err))
        return false;
    return !str_equal(first.id, work->visitor->scope.workspace) ||
           fail(err, ERROR_DENIED,
                "owners of the first workspace run the server, so only whoever is at its machine "
                "can remove it: lectern workspaces rm");
}

static bool others_stay(const EndWork *work, Error *err)
{
    for (size_t i = 0; i < work->list.count; i++)
        if (!work->list.at[i].removal_due_ms &&
            !str_equal(work->list.at[i].id, work->visitor->scope.workspace))
            return true;
    return fail(err, ERROR_CONFLICT,
                "this is the server's only workspace; make another one first, or remove the "
                "server with its data folder and database");
}

/* At once when it is due; should it be taken back, there is nothing to be done then. */
static bool add_job(DbTx *tx, const EndWork *work, Error *err)
{
    const NewJob job = { .type = S(JOB_REMOVE_WORKSPACES),
                         .subject = work->removal.id,
                         .run_at_ms = work->removal.due_at_ms };
    return job_add(tx, &work->account->system, work->arena, &job, NULL, err);
}

static bool end_work(DbTx *tx, void *argument, Error *err)
{
    EndWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    return workspace_removal_lock(tx, &work->account->system, err) &&
           workspace_list(tx, &work->account->system, work->arena, &work->list, err) &&
           others_stay(work, err) && keeps_operators(work, err) &&
           workspace_removal_ask(tx, scope, &work->removal, err) && add_job(tx, work, err) &&
           audit_workspace(tx, work, "workspace.remove", scope->workspace, err);
}

bool account_end_workspace(Account *account, Arena *arena, const Visitor *visitor,
                           const WorkspaceEndWish *wish, WorkspaceRemoval *removal_r, Error *err)
{
    EndWork work = { .account = account, .arena = arena, .visitor = visitor };
    Str user = visitor->scope.user;
    int64_t now = now_ms();
    if (!scope_needs(&visitor->scope, ROLE_OWNER, err))
        return false;
    if (!str_equal(wish->name, visitor->workspace_name))
        return fail_field(err, "name", "this is not the workspace's name: " STR_FMT,
                          STR_ARG(visitor->workspace_name));
    if (!runs_the_server(visitor) && !account_prove_person(account, visitor, &wish->proof, err))
        return false;
    work.removal = (WorkspaceRemoval){ .id = visitor->scope.workspace,
                                       .asker = user.length ? sha256_hex(arena, user) : S(""),
                                       .asked_at_ms = now,
                                       .due_at_ms = now + account->options.removal_days * DAY_MS };
    if (!store_write(account->db, &account->system, end_work, &work, err))
        return false;
    *removal_r = work.removal;
    return true;
}

static bool keep_work(DbTx *tx, void *argument, Error *err)
{
    const EndWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    return workspace_removal_take_back(tx, scope, err) &&
           audit_workspace(tx, work, "workspace.keep", scope->workspace, err);
}

bool account_keep_workspace(Account *account, const Visitor *visitor, Error *err)
{
    EndWork work = { .account = account, .visitor = visitor };
    return scope_needs(&visitor->scope, ROLE_OWNER, err) &&
           store_write(account->db, &visitor->scope, keep_work, &work, err);
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    EndWork *work = argument;
    const Scope *scope = &work->visitor->scope;
    return workspace_removal_find(tx, scope, work->arena, scope->workspace, &work->removal, err) ||
           err->code == ERROR_NOT_FOUND;
}

bool account_workspace_end(Account *account, Arena *arena, const Visitor *visitor,
                           WorkspaceRemoval *removal_r, Error *err)
{
    EndWork work = { .account = account, .arena = arena, .visitor = visitor };
    if (!store_read(account->db, &visitor->scope, find_work, &work, err))
        return false;
    *removal_r = work.removal;
    return true;
}

/* --- All of the server's --- */

static bool add_owner(DbTx *tx, EndWork *work, Error *err)
{
    Scope scope = { .workspace = work->workspace.id, .role = ROLE_OWNER };
    User owner;
    return user_find_by_email(tx, &work->account->system, work->arena, work->owner, &owner, err) &&
           membership_set(tx, &scope, owner.id, ROLE_OWNER, err);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    EndWork *work = argument;
    work->workspace = (Workspace){ .name = work->name };
    return workspace_add(tx, &work->account->system, work->arena, &work->workspace, err) &&
           (!work->owner.length || add_owner(tx, work, err)) &&
           audit_workspace(tx, work, "workspace.add", work->workspace.id, err);
}

bool account_add_workspace(Account *account, Arena *arena, const Visitor *visitor, Str name,
                           Str owner, Workspace *workspace_r, Error *err)
{
    EndWork work = { .account = account,
                     .arena = arena,
                     .visitor = visitor,
                     .name = str_trim(name),
                     .owner = str_trim(owner) };
    if (!needs_server(visitor, err) || !name_is_good(name, err) ||
        !store_write(account->db, &account->system, add_work, &work, err))
        return false;
    *workspace_r = work.workspace;
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    EndWork *work = argument;
    const Scope *system = &work->account->system;
    return workspace_list(tx, system, work->arena, &work->list, err) &&
           workspace_removal_list(tx, system, work->arena, &work->removals, err);
}

bool account_all_workspaces(Account *account, Arena *arena, const Visitor *visitor,
                            WorkspaceList *list_r, WorkspaceRemovalList *removals_r, Error *err)
{
    EndWork work = { .account = account, .arena = arena, .visitor = visitor };
    if (!needs_server(visitor, err) ||
        !store_read(account->db, &account->system, list_work, &work, err))
        return false;
    *list_r = work.list;
    *removals_r = work.removals;
    return true;
}
