/* server_facts_test.c - what is found of the server itself, each condition by a row. */
#include "base/clock.h"
#include "db/fixture_test.h"
#include "models/server_facts.h"
#include "store/settings_store.h"
#include "store/workspaces_store.h"

#define NOW INT64_C(1800000000000)
#define MINUTE_MS INT64_C(60000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define QUIET .memory_free = -1, .vectors_missing = -1 /* what nobody says */

static void note(void *self, AlertRule rule, Str subject, double value)
{
    buf_addf(self, "%s%s" STR_FMT " %.0f; ", alert_rule_name(rule), subject.length ? " " : "",
             STR_ARG(subject), value);
}

Test(models, alerts_about_the_server_are_found_by_its_facts)
{
    static const DatabaseReplica behind = { .name = S_INIT("b"), .lag_bytes = 300 << 20 };
    static const DatabaseReplica unknown = { .name = S_INIT("b"), .lag_bytes = -1 };
    static const struct {
        NodeFacts node;
        ServerFacts facts;
        const char *found;
    } cases[] = {
        { .node = { .name = S_INIT("a"), QUIET, .disk_used = 93, .seen_at_ms = NOW - MINUTE_MS },
          .found = "full_disk a 93; " },
        { .node = { .name = S_INIT("gone"),
                    .memory_free = 1,
                    .disk_used = 93,
                    .seen_at_ms = NOW - 20 * MINUTE_MS },
          .found = "" },
        { .node = { .name = S_INIT("a"),
                    QUIET,
                    .seen_at_ms = NOW,
                    .away_ms = 90000,
                    .back_at_ms = NOW - 1 },
          .found = "full_disk a 0; database_away a 90; " },
        { .node = { .name = S_INIT("a"),
                    QUIET,
                    .seen_at_ms = NOW,
                    .away_ms = 90000,
                    .back_at_ms = NOW - 6 * MINUTE_MS },
          .found = "full_disk a 0; " },
        { .node = { .name = S_INIT("a"),
                    .seen_at_ms = NOW,
                    .memory_free = 3,
                    .vectors_missing = 7 },
          .found = "full_disk a 0; low_memory a 3; missing_vectors a 7; " },
        { .node = { .name = S_INIT("a"),
                    QUIET,
                    .seen_at_ms = NOW,
                    .certificate_until_ms = NOW - 2 * DAY_MS },
          .found = "full_disk a 0; certificate_expiring a -2; " },
        { .facts = { .replicas = &behind, .replica_count = 1 }, .found = "late_replica b 300; " },
        { .facts = { .replicas = &unknown, .replica_count = 1 }, .found = "" },
        { .facts = { .backup_failures = 3 }, .found = "failing_backup 3; " },
        { .facts = { .started_at_ms = NOW - 9 * DAY_MS }, .found = "old_backup 9; " },
        { .facts = { .started_at_ms = NOW - 9 * DAY_MS, .backup_at_ms = NOW - 2 * DAY_MS },
          .found = "old_backup 2; " },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Buf found = buf_new(arena, KB(4));
        NodeFacts node = cases[i].node;
        ServerFacts facts = cases[i].facts;
        facts.nodes = &node;
        facts.node_count = node.name.length > 0;
        alerts_judge_server(&facts, NOW, note, &found);
        cr_expect(str_is(buf_str(&found), cases[i].found), "case %zu: " STR_FMT, i,
                  STR_ARG(buf_str(&found)));
    }
}

Test(models, a_database_that_is_away_is_told_after_a_minute_and_once)
{
    static const struct {
        bool answers;
        int64_t at_s;
        bool is_news;
        int64_t last_s;
    } looks[] = {
        { true, 0, false, 0 },     { false, 30, false, 0 },   { true, 60, false, 30 },
        { false, 90, false, 30 },  { false, 120, false, 30 }, { false, 150, true, 30 },
        { false, 180, false, 30 }, { true, 210, true, 120 },  { true, 240, false, 120 },
    };
    NodeAway away = { 0 };
    for (size_t i = 0; i < COUNT(looks); i++) {
        cr_expect_eq(node_away_look(&away, looks[i].answers, NOW + looks[i].at_s * 1000),
                     looks[i].is_news, "look %zu", i);
        cr_expect_eq(away.last_ms, looks[i].last_s * 1000, "look %zu", i);
    }
}

typedef struct Bench {
    Arena *arena;
    ServerFacts facts;
} Bench;

static bool fill(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    const Scope system = scope_system();
    Workspace place = { .name = S("Harbour") };
    return workspace_add(tx, &system, bench->arena, &place, err) &&
           setting_set(tx, &system, S("node:a"), S("{\"disk_used\":91.5}"), err) &&
           setting_set(tx, &system, S("backup_failures"), S("{\"count\":2}"), err) &&
           setting_set(tx, &system, S("last_backup"), S("{}"), err);
}

static bool find(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    const Scope system = scope_system();
    return server_facts_find(tx, &system, bench->arena, &bench->facts, err);
}

TEST_BOTH(models, facts_of_the_server_are_read_from_what_nodes_and_commands_wrote)
{
    Bench bench = { .arena = arena_new(MB(64)) };
    const Scope system = scope_system();
    Error err;
    Db *db;
    clock_set(NOW);
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(store_write(db, &system, fill, &bench, &err), "%s", err.message);
    cr_assert(store_read(db, &system, find, &bench, &err), "%s", err.message);
    cr_assert_eq(bench.facts.node_count, 1);
    cr_expect(str_is(bench.facts.nodes[0].name, "a"));
    cr_expect_float_eq(bench.facts.nodes[0].disk_used, 91.5, 1e-6);
    cr_expect_eq(bench.facts.nodes[0].memory_free, -1);
    cr_expect_eq(bench.facts.nodes[0].vectors_missing, -1);
    cr_expect_eq(bench.facts.backup_failures, 2);
    cr_expect_eq(bench.facts.backup_at_ms, NOW);
    cr_expect_eq(bench.facts.started_at_ms, NOW);
    db_close(db);
    arena_free(bench.arena);
}
