/* notify_test.c - what notices say, and what sending them costs. */
#include "notify/notify.h"

#include "db/fixture_test.h"
#include "store/people_store.h"
#include "store/workspaces_store.h"

Test(notify, a_text_is_filled_with_its_fields)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    NoticeField fields[] = { { "name", S("{value}") },
                             { "value", S("80") },
                             { "count", S("1") },
                             { "lines", S("a\r\nBcc: b@example.org\t\x7F") } };
    static const struct {
        const char *text, *filled;
    } cases[] = {
        { "{name} has {value} %", "{value} has 80 %" },
        { "{none}.", "." },
        { "{count} {count|page is|pages are} new.", "1 page is new." },
        { "{value} {value|page is|pages are} new.", "80 pages are new." },
        { "New in {lines}.", "New in a  Bcc: b@example.org  ." },
        { "plain", "plain" },
        { "}{value}", "}{value}" },
        { "{", "{" },
        { "", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(str_is(notice_fill(arena, cases[i].text, fields, COUNT(fields)), cases[i].filled),
                  "%s", cases[i].text);
}

Test(notify, every_kind_is_found_by_its_name)
{
    NoticeKind kind;
    for (NoticeKind i = 0; i < NOTICE_KIND_COUNT; i++)
        cr_expect(notice_named(str(notice_name(i)), &kind) && kind == i);
    cr_expect(!notice_named(S("none"), &kind));
}

/* --- Sending ---------------------------------------------------------------------------- */

#define MANY 50

typedef struct Bench {
    Arena *arena;
    Scope scope;
    int64_t unread;
} Bench;

static bool add_place(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    Scope system = scope_system();
    Workspace place = { .name = S("Harbour") };
    User user = { .email = S("a@example.org"), .name = S("A") };
    if (!workspace_add(tx, &system, bench->arena, &place, err) ||
        !user_add(tx, &system, bench->arena, &user, err))
        return false;
    bench->scope = (Scope){ .workspace = place.id, .user = user.id, .role = ROLE_OWNER };
    return membership_set(tx, &bench->scope, user.id, ROLE_OWNER, err);
}

/* To the person, to everybody, and what was told already. */
static bool send_many(DbTx *tx, void *argument, Error *err)
{
    const Bench *bench = argument;
    Notice notices[MANY] = { 0 };
    for (size_t i = 0; i < MANY; i++) {
        notices[i] = (Notice){ .kind = NOTICE_workflow, .audience = ROLE_READER };
        if (i % 2)
            notices[i].user = bench->scope.user;
        if (i % 10 == 0)
            notices[i].dedup = S("once");
    }
    return notify_send_many(tx, &bench->scope, bench->arena, notices, MANY, err);
}

static bool count_work(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    return notice_count_unread(tx, &bench->scope, &bench->unread, err);
}

TEST_BOTH(notify, fifty_notices_take_a_dozen_statements_and_each_reaches_its_person)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Bench bench = { .arena = arena };
    Scope system = scope_system();
    Error err = { 0 };
    Db *db;
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(store_write(db, &system, add_place, &bench, &err), "%s", err.message);
    db_close(db);
    /* Events, whether they are new, choices, people, a mail, notices, webhooks, hints, the commit.
     */
    cr_assert(db_open(str_format(arena, "failing:13:%s", url).at, NULL, &db, &err));
    cr_assert(store_write(db, &bench.scope, send_many, &bench, &err), "%s", err.message);
    db_close(db);
    cr_assert(db_open(url, NULL, &db, &err));
    cr_assert(store_read(db, &bench.scope, count_work, &bench, &err), "%s", err.message);
    cr_expect_eq(bench.unread, MANY - 4);
    db_close(db);
}
