/* sessions.c - where a person is signed in, and signing out from elsewhere. */
#include "account/account_int.h"
#include "base/clock.h"
#include "store/audit_store.h"

typedef struct SessionsWork {
    Account *account;
    Arena *arena;
    const Visitor *visitor;
    Str user, id;
    Session session;
    SessionList list;
} SessionsWork;

static bool list_sessions(DbTx *tx, void *argument, Error *err)
{
    SessionsWork *work = argument;
    int64_t now = now_ms();
    size_t kept = 0;
    if (!session_list(tx, &work->visitor->scope, work->arena, work->user, &work->list, err))
        return false;
    for (size_t i = 0; i < work->list.count; i++)
        if (work->list.at[i].expires_at_ms > now)
            work->list.at[kept++] = work->list.at[i];
    work->list.count = kept;
    return true;
}

bool account_list_sessions(Account *account, Arena *arena, const Visitor *visitor, Str user,
                           SessionList *list_r, Error *err)
{
    SessionsWork work = { .account = account,
                          .arena = arena,
                          .visitor = visitor,
                          .user = user.length ? user : visitor->scope.user };
    bool is_own = str_equal(work.user, visitor->scope.user);
    if ((!is_own && !scope_needs(&visitor->scope, ROLE_ADMIN, err)) ||
        !store_read(account->db, &visitor->scope, list_sessions, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

/* Whose is not one's own to end is not there. */
static bool may_end(const SessionsWork *work)
{
    const Scope *scope = &work->visitor->scope;
    const Session *session = &work->session;
    bool is_own = scope->user.length && str_equal(session->user, scope->user);
    return str_equal(session->workspace, scope->workspace) &&
           (is_own || (scope->role >= ROLE_ADMIN && scope->role >= session->role));
}

static bool end_session(DbTx *tx, void *argument, Error *err)
{
    SessionsWork *work = argument;
    const Scope *scope = &work->visitor->scope, *system = &work->account->system;
    AuditEntry entry = { .action = S("session.end"), .subject_kind = S("user") };
    if (!session_find(tx, system, work->arena, work->id, now_ms(), &work->session, err))
        return false;
    if (!may_end(work))
        return fail(err, ERROR_NOT_FOUND, "there is no session '" STR_FMT "'",
                    STR_ARG(str_slice(work->id, 0, 8)));
    entry.subject = work->session.user;
    return session_remove(tx, scope, work->id, err) && audit_add(tx, scope, &entry, err);
}

bool account_end_session(Account *account, const Visitor *visitor, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    SessionsWork work = { .account = account, .arena = arena, .visitor = visitor, .id = id };
    return store_write(account->db, &account->system, end_session, &work, err);
}

static bool end_others(DbTx *tx, void *argument, Error *err)
{
    SessionsWork *work = argument;
    const Visitor *visitor = work->visitor;
    AuditEntry entry = { .action = S("session.end_others"),
                         .subject_kind = S("user"),
                         .subject = visitor->scope.user };
    return session_remove_of_user(tx, &work->account->system, visitor->scope.user, visitor->session,
                                  err) &&
           audit_add(tx, &visitor->scope, &entry, err);
}

bool account_end_other_sessions(Account *account, const Visitor *visitor, Error *err)
{
    SessionsWork work = { .account = account, .visitor = visitor };
    if (!visitor->scope.user.length)
        return fail(err, ERROR_INVALID, "a key is signed in nowhere");
    return store_write(account->db, &account->system, end_others, &work, err);
}
