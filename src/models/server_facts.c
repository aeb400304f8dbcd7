/* server_facts.c - see server_facts.h. */
#include "models/server_facts.h"

#include "base/json.h"
#include "store/settings_store.h"
#include "store/workspaces_store.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define SEEN_MS (INT64_C(10) * 60 * 1000) /* a node that was not seen for so long is gone */
#define BACK_MS (INT64_C(5) * 60 * 1000)  /* how long an absence of the database is news */
#define NODES_MAX 1000
#define NODE S("node:")

static double number_of(const json_t *json, const char *name)
{
    return json_number_value(json_object_get(json, name));
}

static int64_t integer_of(const json_t *json, const char *name)
{
    return (int64_t)number_of(json, name);
}

/* What a node of an older program does not say is -1. */
static double said_number(const json_t *json, const char *name)
{
    return json_object_get(json, name) ? number_of(json, name) : -1;
}

static void take_node(ServerFacts *facts, const Setting *setting, const json_t *json)
{
    if (facts->node_count == NODES_MAX)
        return;
    facts->nodes[facts->node_count++] =
        (NodeFacts){ .name = str_from(setting->name, NODE.length),
                     .disk_used = number_of(json, "disk_used"),
                     .memory_free = said_number(json, "memory_free"),
                     .certificate_until_ms = integer_of(json, "certificate_until_ms"),
                     .vectors_missing = said_number(json, "vectors_missing"),
                     .away_ms = integer_of(json, "away_ms"),
                     .back_at_ms = integer_of(json, "back_at_ms"),
                     .seen_at_ms = setting->updated_at_ms };
}

static void take(ServerFacts *facts, const Setting *setting)
{
    AUTO_JSON json_t *json = NULL;
    Error ignored;
    if (!json_parse(setting->value, KB(64), &json, &ignored))
        return;
    if (str_starts(setting->name, NODE))
        take_node(facts, setting, json);
    else if (str_is(setting->name, "last_backup"))
        facts->backup_at_ms = setting->updated_at_ms;
    else if (str_is(setting->name, "backup_failures"))
        facts->backup_failures = integer_of(json, "count");
}

bool server_facts_find(DbTx *tx, const Scope *system, Arena *arena, ServerFacts *facts_r,
                       Error *err)
{
    SettingList settings;
    WorkspaceList places;
    DatabaseFacts database;
    if (!setting_list(tx, system, arena, &settings, err) ||
        !workspace_list(tx, system, arena, &places, err) ||
        !database_facts_find(tx, system, arena, &database, err))
        return false;
    ServerFacts facts = { .nodes = arena_new_array(arena, NodeFacts, NODES_MAX),
                          .replicas = database.replicas,
                          .replica_count = database.replica_count,
                          .started_at_ms = places.count ? places.at[0].created_at_ms : 0 };
    for (size_t i = 0; i < settings.count; i++)
        take(&facts, &settings.at[i]);
    *facts_r = facts;
    return true;
}

static void judge_node(const NodeFacts *node, int64_t now_ms, AlertFound *found, void *self)
{
    if (now_ms - node->seen_at_ms > SEEN_MS)
        return;
    found(self, ALERT_full_disk, node->name, node->disk_used);
    if (node->memory_free >= 0)
        found(self, ALERT_low_memory, node->name, node->memory_free);
    if (node->certificate_until_ms)
        found(self, ALERT_certificate_expiring, node->name,
              (double)(node->certificate_until_ms - now_ms) / (double)DAY_MS);
    if (node->vectors_missing >= 0)
        found(self, ALERT_missing_vectors, node->name, node->vectors_missing);
    if (node->back_at_ms && now_ms - node->back_at_ms < BACK_MS)
        found(self, ALERT_database_away, node->name, (double)node->away_ms / 1000);
}

void alerts_judge_server(const ServerFacts *facts, int64_t now_ms, AlertFound *found, void *self)
{
    int64_t since = MAX(facts->backup_at_ms, facts->started_at_ms);
    for (size_t i = 0; i < facts->node_count; i++)
        judge_node(&facts->nodes[i], now_ms, found, self);
    for (size_t i = 0; i < facts->replica_count; i++)
        if (facts->replicas[i].lag_bytes >= 0)
            found(self, ALERT_late_replica, facts->replicas[i].name,
                  (double)facts->replicas[i].lag_bytes / (double)MB(1));
    if (facts->backup_failures)
        found(self, ALERT_failing_backup, STR_NONE, (double)facts->backup_failures);
    if (since)
        found(self, ALERT_old_backup, STR_NONE, (double)(now_ms - since) / (double)DAY_MS);
}
