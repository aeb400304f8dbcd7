#include "account/account.h"

#include "account/account_fixture_test.h"
#include "account/key_scopes.h"
#include "account/password.h"
#include "account/throttle.h"
#include "account/token.h"
#include "base/clock.h"
#include "store/events.h"

#include <stdatomic.h>

/* --- A database with accounts --- */

typedef struct Bench {
    Arena *arena;
    Db *db;
    Account *account;
    Visitor owner;
    Str token; /* of the owner's session */
} Bench;

static Error err;

static void bench_open(Bench *bench, const char *url)
{
    *bench = (Bench){ .arena = arena_new(MB(64)) };
    bench->account =
        account_with_ada(bench->arena, url, NULL, &bench->db, &bench->owner, &bench->token);
}

static void bench_close(Bench *bench)
{
    account_close(bench->account);
    db_close(bench->db);
    arena_free(bench->arena);
}

static User add_person(Bench *bench, const char *email, Role role)
{
    SignIn who = { .email = str(email), .name = S("Somebody"), .password = PASSWORD };
    User user;
    cr_assert(
        account_add_person(bench->account, bench->arena, &bench->owner, &who, role, &user, &err),
        "%s", err.message);
    return user;
}

static bool sign_in(Bench *bench, const char *email, Str password, Visitor *visitor_r)
{
    SignIn who = { .email = str(email), .password = password, .address = S("10.0.0.9") };
    Str token;
    return account_sign_in(bench->account, bench->arena, &who, &token, visitor_r, &err);
}

/* --- The first account and sessions --- */

TEST_BOTH(account, the_first_account_owns_the_first_workspace)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor visitor;
    bool needed = true;
    cr_expect(bench.owner.scope.role == ROLE_OWNER);
    cr_expect(str_is(bench.owner.workspace_name, "Harbour"));
    cr_expect(account_needs_setup(bench.account, &needed, &err) && !needed);
    cr_expect(account_of_session(bench.account, bench.arena, bench.token, &visitor, &err));
    cr_expect(str_is(visitor.email, "ada@example.org") && visitor.csrf.length > 40);
    SignIn eve = { .email = S("eve@example.org"), .name = S("Eve"), .password = PASSWORD };
    Str token;
    REFUSED(ERROR_CONFLICT,
            account_setup(bench.account, bench.arena, &eve, &token, &visitor, &err));
    cr_expect(account_sign_out(bench.account, &bench.owner, &err));
    REFUSED(ERROR_NO_LOGIN,
            account_of_session(bench.account, bench.arena, bench.token, &visitor, &err));
    bench_close(&bench);
}

TEST_BOTH(account, wrong_names_addresses_and_passwords_are_named)
{
    static const struct {
        const char *field, *email, *name, *password;
    } cases[] = {
        { "email", "", "A", "correct horse" },
        { "email", "no-address", "A", "correct horse" },
        { "email", "@b.org", "A", "correct horse" },
        { "email", "a@", "A", "correct horse" },
        { "email", "a@b@c", "A", "correct horse" },
        { "email", "a b@c.org", "A", "correct horse" },
        { "email", "a@b.org\r\nBcc: all@c.org", "A", "correct horse" },
        { "email", "a@b.org>", "A", "correct horse" },
        { "name", "a@b.org", "", "correct horse" },
        { "name", "a@b.org", "  ", "correct horse" },
        { "name", "a@b.org", "A\nB", "correct horse" },
        { "password", "a@b.org", "A", "short" },
        { "password", "a@b.org", "A", "aaaaaaaaaaaaaaaa" },
    };
    Bench bench;
    bench_open(&bench, url);
    for (size_t i = 0; i < COUNT(cases); i++) {
        SignIn who = { .email = str(cases[i].email),
                       .name = str(cases[i].name),
                       .password = str(cases[i].password) };
        User user;
        REFUSED(ERROR_INVALID, account_add_person(bench.account, bench.arena, &bench.owner, &who,
                                                  ROLE_READER, &user, &err));
        cr_expect_str_eq(err.field, cases[i].field);
    }
    bench_close(&bench);
}

TEST_BOTH(account, an_unknown_address_and_a_wrong_password_look_alike)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor visitor;
    cr_expect(sign_in(&bench, "ADA@example.org", PASSWORD, &visitor), "%s", err.message);
    REFUSED(ERROR_NO_LOGIN, sign_in(&bench, "ada@example.org", S("wrong password"), &visitor));
    Error first = err;
    REFUSED(ERROR_NO_LOGIN, sign_in(&bench, "nobody@example.org", PASSWORD, &visitor));
    cr_expect_str_eq(first.message, err.message);
    for (int i = 0; i < 5; i++)
        (void)sign_in(&bench, "ada@example.org", S("wrong password"), &visitor);
    REFUSED(ERROR_LIMITED, sign_in(&bench, "ada@example.org", PASSWORD, &visitor));
    bench_close(&bench);
}

TEST_BOTH(account, a_new_password_ends_every_other_session)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor elsewhere, again;
    SignIn who = { .email = S("ada@example.org"), .password = PASSWORD, .address = S("10.0.0.2") };
    Str token;
    cr_assert(account_sign_in(bench.account, bench.arena, &who, &token, &elsewhere, &err));
    REFUSED(ERROR_INVALID, account_change_password(bench.account, &bench.owner, S("not the old"),
                                                   S("another good one"), &err));
    cr_expect_str_eq(err.field, "old");
    cr_assert(account_change_password(bench.account, &bench.owner, PASSWORD, S("another good one"),
                                      &err));
    cr_expect(account_of_session(bench.account, bench.arena, bench.token, &again, &err));
    REFUSED(ERROR_NO_LOGIN, account_of_session(bench.account, bench.arena, token, &again, &err));
    REFUSED(ERROR_NO_LOGIN, sign_in(&bench, "ada@example.org", PASSWORD, &again));
    bench_close(&bench);
}

/* --- People --- */

TEST_BOTH(account, roles_bound_what_people_may_give)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor admin, reader;
    User user;
    SignIn who = { .email = S("new@example.org"), .name = S("New"), .password = PASSWORD };
    MembershipList people;
    add_person(&bench, "admin@example.org", ROLE_ADMIN);
    User bo = add_person(&bench, "reader@example.org", ROLE_READER);
    cr_assert(sign_in(&bench, "admin@example.org", PASSWORD, &admin));
    cr_assert(sign_in(&bench, "reader@example.org", PASSWORD, &reader));
    REFUSED(ERROR_DENIED, account_list_people(bench.account, bench.arena, &reader, &people, &err));
    REFUSED(ERROR_DENIED, account_add_person(bench.account, bench.arena, &reader, &who, ROLE_READER,
                                             &user, &err));
    REFUSED(ERROR_DENIED,
            account_add_person(bench.account, bench.arena, &admin, &who, ROLE_OWNER, &user, &err));
    PersonChange up = { .role = ROLE_OWNER, .is_disabled = -1 };
    REFUSED(ERROR_DENIED,
            account_change_person(bench.account, bench.arena, &admin, bo.id, &up, &err));
    PersonChange down = { .role = ROLE_READER, .is_disabled = -1 };
    REFUSED(ERROR_DENIED, account_change_person(bench.account, bench.arena, &admin,
                                                bench.owner.scope.user, &down, &err));
    REFUSED(ERROR_CONFLICT, account_change_person(bench.account, bench.arena, &bench.owner,
                                                  bench.owner.scope.user, &down, &err));
    REFUSED(ERROR_NOT_FOUND, account_change_person(bench.account, bench.arena, &bench.owner,
                                                   S("nobody"), &down, &err));
    cr_expect(account_list_people(bench.account, bench.arena, &admin, &people, &err) &&
              people.count == 3);
    bench_close(&bench);
}

TEST_BOTH(account, a_disabled_person_is_out_at_once)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor visitor, again;
    User user = add_person(&bench, "bo@example.org", ROLE_EDITOR);
    SignIn who = { .email = S("bo@example.org"), .password = PASSWORD, .address = S("10.0.0.3") };
    Str token, secret;
    ApiKey key;
    cr_assert(account_sign_in(bench.account, bench.arena, &who, &token, &visitor, &err));
    cr_assert(account_add_key(bench.account, bench.arena, &visitor,
                              &(KeyWish){ .name = S("k"), .role = ROLE_EDITOR, .expires_at_ms = 0 },
                              &key, &secret, &err));
    cr_expect(account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &again, &err));
    PersonChange out = { .is_disabled = 1 };
    cr_assert(account_change_person(bench.account, bench.arena, &bench.owner, user.id, &out, &err));
    REFUSED(ERROR_NO_LOGIN, account_of_session(bench.account, bench.arena, token, &again, &err));
    REFUSED(ERROR_NO_LOGIN,
            account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &again, &err));
    REFUSED(ERROR_NO_LOGIN, sign_in(&bench, "bo@example.org", PASSWORD, &again));
    bench_close(&bench);
}

typedef struct Joining {
    Arena *arena;
    Str user;
} Joining;

static bool join_second(DbTx *tx, void *argument, Error *error)
{
    Joining *joining = argument;
    Scope system = scope_system();
    Workspace second = { .name = S("Second"), .settings = S("{}") };
    if (!workspace_add(tx, &system, joining->arena, &second, error))
        return false;
    Scope inside = { .workspace = second.id, .role = ROLE_OWNER, .is_system = true };
    return membership_set(tx, &inside, joining->user, ROLE_OWNER, error);
}

TEST_BOTH(account, a_person_of_two_workspaces_is_not_taken_over_from_one)
{
    Bench bench;
    bench_open(&bench, url);
    User user = add_person(&bench, "both@example.org", ROLE_READER);
    Joining joining = { bench.arena, user.id };
    Scope system = scope_system();
    cr_assert(store_write(bench.db, &system, join_second, &joining, &err), "%s", err.message);
    PersonChange take = { .password = S("known to the admin"), .is_disabled = -1 };
    REFUSED(ERROR_DENIED,
            account_change_person(bench.account, bench.arena, &bench.owner, user.id, &take, &err));
    PersonChange role = { .role = ROLE_EDITOR, .is_disabled = -1 };
    cr_expect(account_change_person(bench.account, bench.arena, &bench.owner, user.id, &role, &err),
              "%s", err.message);
    bench_close(&bench);
}

static bool leave_second(DbTx *tx, void *argument, Error *error)
{
    const Joining *joining = argument;
    Scope system = scope_system();
    MembershipList list;
    if (!membership_list_of_user(tx, &system, joining->arena, joining->user, &list, error))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        Scope inside = { .workspace = list.at[i].workspace, .role = ROLE_OWNER };
        if (str_is(list.at[i].workspace_name, "Harbour") &&
            !membership_remove(tx, &inside, joining->user, error))
            return false;
    }
    return true;
}

TEST_BOTH(account, somebody_of_another_workspace_joins_with_the_password_they_have)
{
    Bench bench;
    bench_open(&bench, url);
    Joining joining = { bench.arena, add_person(&bench, "both@example.org", ROLE_READER).id };
    Scope system = scope_system();
    SignIn who = { .email = S("Both@example.org"), .name = S("Other"), .password = S("another") };
    Visitor visitor;
    User user;
    cr_assert(store_write(bench.db, &system, join_second, &joining, &err), "%s", err.message);
    REFUSED(ERROR_CONFLICT, account_add_person(bench.account, bench.arena, &bench.owner, &who,
                                               ROLE_READER, &user, &err));
    cr_assert(store_write(bench.db, &system, leave_second, &joining, &err), "%s", err.message);
    cr_assert(account_add_person(bench.account, bench.arena, &bench.owner, &who, ROLE_EDITOR, &user,
                                 &err),
              "%s", err.message);
    cr_expect(str_equal(user.id, joining.user) && str_is(user.name, "Somebody"));
    cr_expect(sign_in(&bench, "both@example.org", PASSWORD, &visitor));
    bench_close(&bench);
}

TEST_BOTH(account, who_is_removed_is_out_and_their_keys_stay_out_when_they_come_back)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor bo, admin, again;
    SignIn who = { .email = S("bo@example.org"), .password = PASSWORD, .address = S("10.0.0.3") };
    Str token, secret;
    ApiKey key;
    User user;
    add_person(&bench, "bo@example.org", ROLE_EDITOR);
    add_person(&bench, "admin@example.org", ROLE_ADMIN);
    cr_assert(sign_in(&bench, "admin@example.org", PASSWORD, &admin));
    cr_assert(account_sign_in(bench.account, bench.arena, &who, &token, &bo, &err));
    cr_assert(account_add_key(bench.account, bench.arena, &bo,
                              &(KeyWish){ .name = S("k"), .role = ROLE_EDITOR, .expires_at_ms = 0 },
                              &key, &secret, &err));
    REFUSED(ERROR_DENIED, account_remove_person(bench.account, &bo, S("admin@example.org"), &err));
    REFUSED(ERROR_DENIED, account_remove_person(bench.account, &admin, S("ada@example.org"), &err));
    REFUSED(ERROR_CONFLICT,
            account_remove_person(bench.account, &bench.owner, bench.owner.scope.user, &err));
    REFUSED(ERROR_NOT_FOUND, account_remove_person(bench.account, &admin, S("nobody"), &err));
    cr_assert(account_remove_person(bench.account, &admin, S("bo@example.org"), &err), "%s",
              err.message);
    REFUSED(ERROR_NO_LOGIN, account_of_session(bench.account, bench.arena, token, &again, &err));
    cr_assert(
        account_add_person(bench.account, bench.arena, &admin, &who, ROLE_EDITOR, &user, &err));
    REFUSED(ERROR_NO_LOGIN,
            account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &again, &err));
    REFUSED(ERROR_NO_LOGIN, account_of_session(bench.account, bench.arena, token, &again, &err));
    cr_expect(sign_in(&bench, "bo@example.org", PASSWORD, &again));
    bench_close(&bench);
}

/* --- Groups --- */

static void count_lines(void *argument, const char *channel, Str text)
{
    atomic_int *count = argument;
    EventLine line;
    (void)channel;
    while (event_line_next(&text, &line))
        *count += line.kind == EVENT_group;
}

TEST_BOTH(account, open_pages_are_told_of_each_change_of_a_group)
{
    Bench bench;
    bench_open(&bench, url);
    atomic_int count = 0;
    GroupChange change = { .name = S("Finance") };
    Group group;
    MembershipList members;
    int64_t until = monotonic_ms() + 15000;
    cr_assert(db_listen(bench.db, EVENTS_CHANGED, count_lines, &count, &err), "%s", err.message);
    cr_assert(account_save_group(bench.account, bench.arena, &bench.owner, STR_NONE, &change,
                                 &group, &members, &err));
    change = (GroupChange){ .add = { &bench.owner.scope.user, 1 } };
    cr_assert(account_save_group(bench.account, bench.arena, &bench.owner, group.id, &change,
                                 &group, &members, &err));
    cr_assert(account_remove_group(bench.account, bench.arena, &bench.owner, group.id, &err));
    while (count < 3 && monotonic_ms() < until)
        sleep_ms(2);
    cr_expect_eq(count, 3);
    db_unlisten(bench.db, EVENTS_CHANGED, count_lines, &count);
    bench_close(&bench);
}

/* --- Keys --- */

TEST_BOTH(account, a_key_has_at_most_its_maker_s_rights_and_ends_when_revoked)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor editor, visitor;
    ApiKey key, mine;
    ApiKeyList list;
    Str secret, other;
    add_person(&bench, "ed@example.org", ROLE_EDITOR);
    cr_assert(sign_in(&bench, "ed@example.org", PASSWORD, &editor));
    REFUSED(ERROR_DENIED,
            account_add_key(bench.account, bench.arena, &editor,
                            &(KeyWish){ .name = S("k"), .role = ROLE_ADMIN, .expires_at_ms = 0 },
                            &key, &secret, &err));
    cr_assert(
        account_add_key(bench.account, bench.arena, &bench.owner,
                        &(KeyWish){ .name = S("hers"), .role = ROLE_ADMIN, .expires_at_ms = 0 },
                        &key, &other, &err));
    cr_assert(
        account_add_key(bench.account, bench.arena, &editor,
                        &(KeyWish){ .name = S("mine"), .role = ROLE_READER, .expires_at_ms = 0 },
                        &mine, &secret, &err));
    cr_expect(str_starts(secret, S("lk_")) && secret.length == 46);
    cr_expect(account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &visitor, &err));
    cr_expect(visitor.scope.role == ROLE_READER && str_is(visitor.email, "ed@example.org"));
    cr_expect(account_list_keys(bench.account, bench.arena, &editor, &list, &err) &&
              list.count == 1);
    REFUSED(ERROR_NOT_FOUND, account_revoke_key(bench.account, &editor, key.id, &err));
    cr_expect(account_revoke_key(bench.account, &editor, mine.id, &err));
    REFUSED(ERROR_NO_LOGIN,
            account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &visitor, &err));
    cr_expect(account_of_key(bench.account, bench.arena, other, S("10.0.0.7"), &visitor, &err));
    bench_close(&bench);
}

TEST_BOTH(account, an_auditor_sees_people_and_keys_and_only_administrators_make_their_keys)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor auditor, editor, admin, visitor;
    MembershipList people;
    ApiKeyList list;
    ApiKey key;
    Str secret;
    const KeyWish wish = { .name = S("log"), .role = ROLE_AUDITOR };
    add_person(&bench, "audit@example.org", ROLE_AUDITOR);
    add_person(&bench, "ed@example.org", ROLE_EDITOR);
    User ad = add_person(&bench, "admin@example.org", ROLE_ADMIN);
    cr_assert(sign_in(&bench, "audit@example.org", PASSWORD, &auditor));
    cr_assert(sign_in(&bench, "ed@example.org", PASSWORD, &editor));
    cr_assert(sign_in(&bench, "admin@example.org", PASSWORD, &admin));
    REFUSED(ERROR_DENIED,
            account_add_key(bench.account, bench.arena, &editor, &wish, &key, &secret, &err));
    cr_assert(account_add_key(bench.account, bench.arena, &admin, &wish, &key, &secret, &err));
    cr_expect(account_list_people(bench.account, bench.arena, &auditor, &people, &err) &&
              people.count == 4);
    cr_expect(account_list_keys(bench.account, bench.arena, &auditor, &list, &err) &&
              list.count == 1);
    REFUSED(ERROR_NOT_FOUND, account_revoke_key(bench.account, &auditor, key.id, &err));
    cr_expect(account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &visitor, &err) &&
              visitor.scope.role == ROLE_AUDITOR);
    /* Who is a reader now has no key that reads the audit log. */
    PersonChange down = { .role = ROLE_READER, .is_disabled = -1 };
    cr_assert(account_change_person(bench.account, bench.arena, &bench.owner, ad.id, &down, &err));
    REFUSED(ERROR_NO_LOGIN,
            account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &visitor, &err));
    bench_close(&bench);
}

TEST_BOTH(account, who_runs_the_server_owns_its_first_workspace)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor admin, local;
    Visitor elsewhere = { .scope = { .workspace = S("other"), .role = ROLE_OWNER },
                          .key = S("key") };
    add_person(&bench, "admin@example.org", ROLE_ADMIN);
    cr_assert(sign_in(&bench, "admin@example.org", PASSWORD, &admin));
    cr_expect(account_check_operator(bench.account, &bench.owner, &err), "%s", err.message);
    REFUSED(ERROR_DENIED, account_check_operator(bench.account, &admin, &err));
    REFUSED(ERROR_DENIED, account_check_operator(bench.account, &elsewhere, &err));
    /* Whoever is on its machine is, in every workspace. */
    cr_assert(account_of_owner(bench.account, bench.arena, S(""), &local, &err));
    cr_expect(account_check_operator(bench.account, &local, &err), "%s", err.message);
    bench_close(&bench);
}

TEST_BOTH(account, a_key_limited_to_collections_is_an_editors_at_most_and_makes_no_keys)
{
    Bench bench;
    bench_open(&bench, url);
    ApiKey key;
    Str secret, ids[] = { S("none") };
    Visitor limited;
    KeyWish wish = { .name = S("l"), .role = ROLE_ADMIN, .collections = { ids, 1 } };
    REFUSED(ERROR_INVALID,
            account_add_key(bench.account, bench.arena, &bench.owner, &wish, &key, &secret, &err));
    wish.role = ROLE_EDITOR;
    REFUSED(ERROR_NOT_FOUND,
            account_add_key(bench.account, bench.arena, &bench.owner, &wish, &key, &secret, &err));
    limited = bench.owner;
    limited.scope.collections = S("some");
    wish.collections.count = 0;
    REFUSED(ERROR_DENIED,
            account_add_key(bench.account, bench.arena, &limited, &wish, &key, &secret, &err));
    bench_close(&bench);
}

TEST_BOTH(account, a_key_of_nobody_sees_only_itself)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor local, robot;
    ApiKey first, second;
    ApiKeyList list;
    Str secret, other;
    cr_assert(account_of_owner(bench.account, bench.arena, S(""), &local, &err));
    cr_assert(account_add_key(bench.account, bench.arena, &local,
                              &(KeyWish){ .name = S("a"), .role = ROLE_READER, .expires_at_ms = 0 },
                              &first, &secret, &err));
    cr_assert(account_add_key(bench.account, bench.arena, &local,
                              &(KeyWish){ .name = S("b"), .role = ROLE_ADMIN, .expires_at_ms = 0 },
                              &second, &other, &err));
    cr_assert(account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &robot, &err));
    cr_expect(account_list_keys(bench.account, bench.arena, &robot, &list, &err) &&
              list.count == 1 && str_equal(list.at[0].id, first.id));
    REFUSED(ERROR_NOT_FOUND, account_revoke_key(bench.account, &robot, second.id, &err));
    cr_expect(account_revoke_key(bench.account, &robot, first.id, &err));
    bench_close(&bench);
}

TEST_BOTH(account, a_key_past_its_time_and_a_workspace_that_is_not_are_refused)
{
    Bench bench;
    bench_open(&bench, url);
    Visitor visitor;
    ApiKey key;
    Str secret;
    cr_assert(account_add_key(
        bench.account, bench.arena, &bench.owner,
        &(KeyWish){ .name = S("k"), .role = ROLE_READER, .expires_at_ms = now_ms() - 1 }, &key,
        &secret, &err));
    REFUSED(ERROR_NO_LOGIN,
            account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &visitor, &err));
    REFUSED(ERROR_NOT_FOUND,
            account_of_owner(bench.account, bench.arena, S("nowhere"), &visitor, &err));
    bench_close(&bench);
}

/* --- Pieces --- */

Test(account, passwords_fit_their_hash_only)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str hash, again;
    cr_assert(password_hash(arena, PASSWORD, &hash, &err));
    cr_assert(password_hash(arena, PASSWORD, &again, &err));
    cr_expect(str_starts(hash, S("$argon2id$")) && !str_equal(hash, again));
    cr_expect(password_fits(PASSWORD, hash));
    cr_expect(!password_fits(S("correct horse batter"), hash));
    cr_expect(!password_fits(S(""), hash));
    cr_expect(!password_fits(PASSWORD, S("")));
    cr_expect(!password_fits(PASSWORD, S("$argon2id$nonsense")));
}

Test(account, tokens_are_long_and_never_the_same)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str a = token_new(arena, "lk_"), b = token_new(arena, "lk_");
    cr_expect(a.length == 46 && !str_equal(a, b));
    cr_expect(token_hash(arena, a).length == 64 &&
              !str_equal(token_hash(arena, a), token_hash(arena, b)));
}

Test(account, five_failures_are_free_then_one_waits)
{
    Throttle *throttle = throttle_new();
    for (int i = 0; i < 4; i++)
        throttle_failed(throttle, S("eve"));
    cr_expect(throttle_allows(throttle, S("eve"), &err));
    throttle_failed(throttle, S("eve"));
    REFUSED(ERROR_LIMITED, throttle_allows(throttle, S("eve"), &err));
    cr_expect(throttle_allows(throttle, S("ada"), &err));
    throttle_succeeded(throttle, S("eve"));
    cr_expect(throttle_allows(throttle, S("eve"), &err));
    throttle_free(throttle);
}

/* --- Where people are signed in --- */

TEST_BOTH(account, sessions_are_ended_by_their_person_or_who_may_change_that_person)
{
    Bench bench;
    Visitor editor, admin, twice;
    SessionList list;
    bench_open(&bench, url);
    User ed = add_person(&bench, "ed@example.org", ROLE_EDITOR);
    add_person(&bench, "amy@example.org", ROLE_ADMIN);
    cr_assert(sign_in(&bench, "ed@example.org", PASSWORD, &editor) &&
              sign_in(&bench, "ed@example.org", PASSWORD, &twice) &&
              sign_in(&bench, "amy@example.org", PASSWORD, &admin));
    Account *account = bench.account;
    REFUSED(ERROR_DENIED,
            account_list_sessions(account, bench.arena, &editor, admin.scope.user, &list, &err));
    REFUSED(ERROR_NOT_FOUND, account_end_session(account, &editor, admin.session, &err));
    REFUSED(ERROR_NOT_FOUND, account_end_session(account, &admin, bench.owner.session, &err));
    REFUSED(ERROR_NOT_FOUND, account_end_session(account, &admin, S("none"), &err));
    cr_expect(account_list_sessions(account, bench.arena, &editor, S(""), &list, &err) &&
              list.count == 2);
    cr_expect(account_end_session(account, &editor, twice.session, &err), "%s", err.message);
    cr_expect(account_end_session(account, &admin, editor.session, &err), "%s", err.message);
    cr_expect(account_list_sessions(account, bench.arena, &admin, ed.id, &list, &err) &&
              list.count == 0);
    bench_close(&bench);
}

TEST_BOTH(account, a_key_gives_no_scopes_that_it_has_not)
{
    Bench bench;
    bench_open(&bench, url);
    ApiKey key;
    Str secret, other;
    Visitor robot;
    KeyWish wish = { .name = S("maker"),
                     .role = ROLE_ADMIN,
                     .scopes = KEY_LIMITED | KEY_ADMIN | KEY_READ };
    cr_assert(account_add_key(bench.account, bench.arena, &bench.owner, &wish, &key, &secret, &err),
              "%s", err.message);
    cr_assert(account_of_key(bench.account, bench.arena, secret, S("10.9.8.7"), &robot, &err));
    cr_expect(robot.key_scopes == wish.scopes);
    KeyWish more = { .name = S("more"), .role = ROLE_READER, .scopes = KEY_LIMITED | KEY_WRITE };
    KeyWish all = { .name = S("all"), .role = ROLE_READER };
    KeyWish fewer = { .name = S("fewer"), .role = ROLE_READER, .scopes = KEY_LIMITED | KEY_READ };
    REFUSED(ERROR_DENIED,
            account_add_key(bench.account, bench.arena, &robot, &more, &key, &other, &err));
    REFUSED(ERROR_DENIED,
            account_add_key(bench.account, bench.arena, &robot, &all, &key, &other, &err));
    cr_expect(account_add_key(bench.account, bench.arena, &robot, &fewer, &key, &other, &err), "%s",
              err.message);
    KeyWish scim = { .name = S("scim"), .role = ROLE_EDITOR, .scopes = KEY_LIMITED | KEY_SCIM };
    REFUSED(ERROR_INVALID,
            account_add_key(bench.account, bench.arena, &bench.owner, &scim, &key, &other, &err));
    ApiKeyList list;
    cr_assert(account_list_keys(bench.account, bench.arena, &bench.owner, &list, &err));
    bool found = false;
    for (size_t i = 0; i < list.count; i++)
        if (str_is(list.at[i].name, "maker"))
            found = str_is(list.at[i].last_address, "10.9.8.7") && list.at[i].last_used_at_ms;
    cr_expect(found, "where it was used last is kept");
    bench_close(&bench);
}

TEST_BOTH(account, a_service_account_comes_in_by_keys_alone_and_no_longer_once_it_is_disabled)
{
    Bench bench;
    bench_open(&bench, url);
    User robot;
    ApiKey key;
    Str secret, token;
    Visitor visitor;
    REFUSED(ERROR_INVALID, account_add_service(bench.account, bench.arena, &bench.owner, S("Robot"),
                                               ROLE_OWNER, &robot, &err));
    cr_assert(account_add_service(bench.account, bench.arena, &bench.owner, S("Robot"), ROLE_EDITOR,
                                  &robot, &err),
              "%s", err.message);
    SignIn who = { .email = robot.email, .password = S(""), .address = S("10.0.0.9") };
    REFUSED(ERROR_NO_LOGIN,
            account_sign_in(bench.account, bench.arena, &who, &token, &visitor, &err));
    KeyWish wish = { .name = S("nightly"), .role = ROLE_ADMIN, .service = robot.id };
    REFUSED(ERROR_DENIED,
            account_add_key(bench.account, bench.arena, &bench.owner, &wish, &key, &secret, &err));
    wish.role = ROLE_READER;
    Visitor editor = bench.owner;
    editor.scope.role = ROLE_EDITOR;
    REFUSED(ERROR_DENIED,
            account_add_key(bench.account, bench.arena, &editor, &wish, &key, &secret, &err));
    cr_assert(account_add_key(bench.account, bench.arena, &bench.owner, &wish, &key, &secret, &err),
              "%s", err.message);
    cr_assert(account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &visitor, &err));
    cr_expect(str_equal(visitor.scope.user, robot.id) && str_is(visitor.name, "Robot") &&
              !visitor.email.length);
    PersonChange password = { .password = PASSWORD, .is_disabled = -1 };
    REFUSED(ERROR_INVALID, account_change_person(bench.account, bench.arena, &bench.owner, robot.id,
                                                 &password, &err));
    PersonChange off = { .is_disabled = 1 };
    cr_assert(account_change_person(bench.account, bench.arena, &bench.owner, robot.id, &off, &err),
              "%s", err.message);
    REFUSED(ERROR_NO_LOGIN,
            account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &visitor, &err));
    /* A person gets no key from others. */
    wish.service = add_person(&bench, "bo@example.org", ROLE_EDITOR).id;
    REFUSED(ERROR_INVALID,
            account_add_key(bench.account, bench.arena, &bench.owner, &wish, &key, &secret, &err));
    bench_close(&bench);
}
