#include "account/account.h"
#include "account/account_fixture_test.h"
#include "account/second_factor.h"
#include "base/clock.h"
#include "store/audit_store.h"
#include "store/workspace_removals_store.h"

/* Ada owns Harbour, reads in Second and in Leaving, which is being removed, and is nobody in Third.
 */
typedef struct Bench {
    Arena *arena;
    Db *db;
    Account *account;
    Str token;
    Visitor ada;
    Workspace second, third, leaving;
} Bench;

static Error err;

static bool add_workspaces(DbTx *tx, void *argument, Error *why)
{
    Bench *bench = argument;
    Scope system = scope_system();
    Workspace *all[] = { &bench->second, &bench->third, &bench->leaving };
    const char *names[] = { "Second", "Third", "Leaving" };
    for (size_t i = 0; i < COUNT(all); i++) {
        *all[i] = (Workspace){ .name = str(names[i]), .settings = S("{}") };
        if (!workspace_add(tx, &system, bench->arena, all[i], why))
            return false;
        Scope inside = { .workspace = all[i]->id, .role = ROLE_OWNER };
        if (all[i] != &bench->third &&
            !membership_set(tx, &inside, bench->ada.scope.user, ROLE_READER, why))
            return false;
    }
    WorkspaceRemoval removal = { .id = bench->leaving.id, .asked_at_ms = 1, .due_at_ms = 2 };
    Scope inside = { .workspace = bench->leaving.id, .role = ROLE_OWNER };
    if (!workspace_removal_ask(tx, &inside, &removal, why))
        return false;
    removal.began_at_ms = 3;
    return workspace_removal_save(tx, &system, &removal, why);
}

static void bench_open(Bench *bench, const char *url)
{
    *bench = (Bench){ .arena = arena_new(MB(64)) };
    bench->account =
        account_with_ada(bench->arena, url, NULL, &bench->db, &bench->ada, &bench->token);
    Scope system = scope_system();
    cr_assert(store_write(bench->db, &system, add_workspaces, bench, &err), "%s", err.message);
}

static void bench_close(Bench *bench)
{
    account_close(bench->account);
    db_close(bench->db);
    arena_free(bench->arena);
}

static bool change(Bench *bench, const Visitor *visitor, Str workspace, Visitor *visitor_r)
{
    return account_change_workspace(bench->account, bench->arena, visitor, workspace, visitor_r,
                                    &err);
}

static bool come_back(Bench *bench, Visitor *visitor_r)
{
    return account_of_session(bench->account, bench->arena, bench->token, visitor_r, &err);
}

typedef struct Entries {
    Arena *arena;
    Scope scope;
    const char *action;
    AuditList list;
} Entries;

static bool list_entries(DbTx *tx, void *argument, Error *why)
{
    Entries *entries = argument;
    AuditFilter filter = { .action = str(entries->action) };
    Slice slice = { .limit = 10 };
    return audit_list(tx, &entries->scope, entries->arena, &filter, &slice, &entries->list, why);
}

static size_t entries_of(Bench *bench, Str workspace, const char *action)
{
    Entries entries = { .arena = bench->arena,
                        .scope = { .workspace = workspace, .role = ROLE_OWNER },
                        .action = action };
    cr_assert(store_read(bench->db, &entries.scope, list_entries, &entries, &err), "%s",
              err.message);
    return entries.list.count;
}

TEST_BOTH(workspace_change, a_session_goes_on_in_another_workspace_with_the_role_there)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor there, again;
    Str first = bench.ada.scope.workspace;
    cr_assert(change(&bench, &bench.ada, bench.second.id, &there), "%s", err.message);
    cr_expect(str_is(there.workspace_name, "Second") && there.scope.role == ROLE_READER);
    cr_expect(str_equal(there.session, bench.ada.session));
    cr_assert(come_back(&bench, &again), "%s", err.message);
    cr_expect(str_equal(again.scope.workspace, bench.second.id) && again.scope.role == ROLE_READER);
    cr_expect(str_equal(again.csrf, there.csrf) && !str_equal(again.csrf, bench.ada.csrf));
    cr_expect_eq(entries_of(&bench, first, "session.leave"), 1);
    cr_expect_eq(entries_of(&bench, first, "session.enter"), 0);
    cr_expect_eq(entries_of(&bench, bench.second.id, "session.enter"), 1);
    cr_assert(change(&bench, &again, first, &there), "%s", err.message);
    cr_expect(there.scope.role == ROLE_OWNER);
    bench_close(&bench);
}

TEST_BOTH(workspace_change, the_next_sign_in_begins_where_the_last_one_was)
{
    Bench bench;
    bench_open(&bench, url);
    SignIn who = { .email = S("ada@example.org"), .password = PASSWORD };
    Visitor visitor;
    Str token;
    cr_assert(account_sign_in(bench.account, bench.arena, &who, &token, &visitor, &err));
    cr_expect(str_equal(visitor.scope.workspace, bench.ada.scope.workspace));
    sleep_ms(2);
    cr_assert(change(&bench, &visitor, bench.second.id, &visitor), "%s", err.message);
    cr_assert(account_sign_out(bench.account, &visitor, &err), "%s", err.message);
    cr_assert(account_sign_in(bench.account, bench.arena, &who, &token, &visitor, &err));
    cr_expect(str_equal(visitor.scope.workspace, bench.second.id));
    bench_close(&bench);
}

TEST_BOTH(workspace_change, nobody_enters_a_workspace_that_is_not_theirs)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor key = bench.ada, machine, there;
    key.session = S("");
    key.key = S("k");
    cr_assert(account_of_owner(bench.account, bench.arena, S(""), &machine, &err));
    const struct {
        const Visitor *visitor;
        Str wanted;
        ErrorCode code;
    } cases[] = {
        { &bench.ada, bench.third.id, ERROR_NOT_FOUND },
        { &bench.ada, bench.leaving.id, ERROR_NOT_FOUND },
        { &bench.ada, S("none"), ERROR_NOT_FOUND },
        { &bench.ada, S(""), ERROR_NOT_FOUND },
        { &bench.ada, S("Second"), ERROR_NOT_FOUND },
        { &key, bench.second.id, ERROR_INVALID },
        { &machine, bench.second.id, ERROR_INVALID },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        err = (Error){ 0 };
        cr_expect(!change(&bench, cases[i].visitor, cases[i].wanted, &there) &&
                      err.code == cases[i].code,
                  "%zu: %s", i, err.message);
    }
    cr_assert(come_back(&bench, &there), "%s", err.message);
    cr_expect(str_equal(there.scope.workspace, bench.ada.scope.workspace) &&
              str_equal(there.csrf, bench.ada.csrf));
    bench_close(&bench);
}

static bool take_out_of_second(DbTx *tx, void *argument, Error *why)
{
    const Bench *bench = argument;
    Scope inside = { .workspace = bench->second.id, .role = ROLE_OWNER };
    return membership_remove(tx, &inside, bench->ada.scope.user, why);
}

TEST_BOTH(workspace_change, who_was_taken_out_neither_stays_nor_comes_back)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor there;
    Scope system = scope_system();
    cr_assert(change(&bench, &bench.ada, bench.second.id, &there), "%s", err.message);
    cr_assert(store_write(bench.db, &system, take_out_of_second, &bench, &err), "%s", err.message);
    REFUSED(ERROR_NO_LOGIN, come_back(&bench, &there));
    SignIn who = { .email = S("ada@example.org"), .password = PASSWORD };
    cr_assert(account_sign_in(bench.account, bench.arena, &who, &bench.token, &there, &err));
    cr_expect(str_equal(there.scope.workspace, bench.ada.scope.workspace));
    REFUSED(ERROR_NOT_FOUND, change(&bench, &there, bench.second.id, &there));
    bench_close(&bench);
}

TEST_BOTH(workspace_change, where_a_second_factor_is_needed_nobody_comes_without_one)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor there, owner = {
        .scope = { .workspace = bench.second.id, .user = bench.ada.scope.user, .role = ROLE_OWNER }
    };
    cr_assert(account_require_second_factor(bench.account, &owner, true, &err), "%s", err.message);
    REFUSED(ERROR_DENIED, change(&bench, &bench.ada, bench.second.id, &there));
    cr_expect(strstr(err.message, "second factor") != NULL);
    cr_assert(account_require_second_factor(bench.account, &owner, false, &err), "%s", err.message);
    cr_expect(change(&bench, &bench.ada, bench.second.id, &there), "%s", err.message);
    bench_close(&bench);
}
