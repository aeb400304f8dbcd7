#include "store/usage_store.h"

#include "store/sql.h"

/* What a sum is by. A day is that of UTC. */
static const struct {
    DbSql name;
} groups[] = {
    [USAGE_BY_DAY] = { { "strftime('%Y-%m-%d', created_at / 1000, 'unixepoch')",
                         "to_char(to_timestamp(created_at / 1000) AT TIME ZONE 'UTC',"
                         " 'YYYY-MM-DD')" } },
    [USAGE_BY_MODEL] = { { "model", "model" } },
    [USAGE_BY_USER] = { { "user_id", "user_id" } },
    [USAGE_BY_FEATURE] = { { "feature", "feature" } },
    [USAGE_BY_KEY] = { { "key_id", "key_id" } },
};

bool usage_add(DbTx *tx, const Scope *scope, Arena *arena, const UsageRow *rows, size_t count,
               Error *err)
{
    enum { COLUMNS = 13 };
    DbValue *values = arena_new_array(arena, DbValue, count * COLUMNS);

    for (size_t i = 0; i < count; i++) {
        const UsageRow *row = &rows[i];
        DbValue value[COLUMNS] = {
            db_text(scope->is_system ? row->workspace : scope->workspace),
            db_text(row->id),
            db_text(row->user),
            db_text(row->key),
            db_text(row->feature),
            db_text(row->model),
            db_text(row->provider),
            db_text(row->status),
            db_int(row->input_tokens),
            db_int(row->output_tokens),
            db_int(row->cost_pico),
            db_int(row->took_ms),
            db_int(row->created_at_ms),
        };
        memcpy(values + i * COLUMNS, value, sizeof(value));
    }
    return db_exec_many(tx,
                        DB_SAME("INSERT INTO usage (workspace, id, user_id, key_id, feature, model,"
                                " provider, status, input_tokens, output_tokens, cost_pico,"
                                " took_ms, created_at)"
                                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
                                " ON CONFLICT (workspace, id) DO NOTHING"),
                        values, COLUMNS, count, err);
}

static void read_sum(DbRows *row, Arena *arena, void *item)
{
    *(UsageSum *)item = (UsageSum){
        .name = db_get_text(row, 0, arena),
        .call_count = db_get_int(row, 1),
        .error_count = db_get_int(row, 2),
        .input_tokens = db_get_int(row, 3),
        .output_tokens = db_get_int(row, 4),
        .cost_pico = db_get_int(row, 5),
        .took_ms = db_get_int(row, 6),
    };
}

bool usage_sum(DbTx *tx, const Scope *scope, Arena *arena, UsageGroup group, int64_t from_ms,
               int64_t to_ms, UsageSumList *list_r, Error *err)
{
    DbSql name = groups[group].name;
    Str sql = str_format(arena,
                         "SELECT %s AS name, count(*),"
                         " CAST(sum(CASE WHEN status IN ('', 'ok', 'done') THEN 0 ELSE 1 END)"
                         "      AS BIGINT),"
                         " CAST(sum(input_tokens) AS BIGINT), CAST(sum(output_tokens) AS BIGINT),"
                         " CAST(sum(cost_pico) AS BIGINT), CAST(sum(took_ms) AS BIGINT)"
                         " FROM usage WHERE workspace = $1 AND created_at >= $2"
                         " AND created_at < $3 GROUP BY 1 ORDER BY 1",
                         db_tx_kind(tx) == DB_SQLITE ? name.sqlite : name.postgres);
    SqlItems items;

    if (!sql_list(
            tx, arena, DB_SAME(sql.at),
            DB_ARGS(db_text(scope->workspace), db_int(from_ms), db_int(to_ms ? to_ms : INT64_MAX)),
            read_sum, sizeof(UsageSum), &items, err))
        return false;
    *list_r = (UsageSumList){ .at = items.at, .count = items.count };
    return true;
}

static void read_usage(DbRows *row, Arena *arena, void *item)
{
    *(UsageRow *)item = (UsageRow){
        .workspace = db_get_text(row, 0, arena),
        .id = db_get_text(row, 1, arena),
        .user = db_get_text(row, 2, arena),
        .key = db_get_text(row, 3, arena),
        .feature = db_get_text(row, 4, arena),
        .model = db_get_text(row, 5, arena),
        .provider = db_get_text(row, 6, arena),
        .status = db_get_text(row, 7, arena),
        .input_tokens = db_get_int(row, 8),
        .output_tokens = db_get_int(row, 9),
        .cost_pico = db_get_int(row, 10),
        .took_ms = db_get_int(row, 11),
        .created_at_ms = db_get_int(row, 12),
    };
}

bool usage_list(DbTx *tx, const Scope *scope, Arena *arena, const Slice *slice, UsageList *list_r,
                Error *err)
{
    size_t limit = (size_t)slice_limit(slice);
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT workspace, id, user_id, key_id, feature, model, provider, status,"
                          " input_tokens, output_tokens, cost_pico, took_ms, created_at FROM usage"
                          " WHERE workspace = $1 AND ($2 = '' OR id < $2)"
                          " ORDER BY id DESC LIMIT $3"),
                  DB_ARGS(db_text(scope->workspace), db_text(slice ? slice->after : STR_NONE),
                          db_int((int64_t)limit + 1)),
                  read_usage, sizeof(UsageRow), &items, err))
        return false;
    UsageList list = { .at = items.at, .count = MIN(items.count, limit) };
    if (items.count > limit)
        list.next = list.at[limit - 1].id;
    *list_r = list;
    return true;
}
