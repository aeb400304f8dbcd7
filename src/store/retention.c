/* retention.c - see retention.h. */
#include "store/retention.h"

#include "store/sql.h"

static const struct {
    const char *table, *column, *condition;
} kept[] = {
#define KEPT_FOR(id, table, column, condition, setting, what) { table, column, condition },
#define KEPT_DAYS(id, table, column, condition, days, what) { table, column, condition },
#define KEPT_UNTIL(id, table, column, condition, setting, long_, what) { table, column, condition },
#define KEPT_APART(what, long_, setting)
#include "store/retention.def"
#undef KEPT_FOR
#undef KEPT_DAYS
#undef KEPT_UNTIL
#undef KEPT_APART
};

const char *retention_table(RetentionOf of) { return kept[of].table; }

bool retention_cut(DbTx *tx, const Scope *scope, RetentionOf of, int64_t before_ms, int64_t limit,
                   int64_t *removed_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    bool is_sqlite = db_tx_kind(tx) == DB_SQLITE;
    const char *table = kept[of].table, *condition = kept[of].condition;
    Str sql = str_format(
        arena, "DELETE FROM %s WHERE %s(SELECT %s FROM %s WHERE %s < $1%s%s LIMIT $2)%s", table,
        is_sqlite ? "rowid IN " : "ctid = ANY (ARRAY", is_sqlite ? "rowid" : "ctid", table,
        kept[of].column, condition[0] ? " AND " : "", condition, is_sqlite ? "" : ")");
    return sql_needs_system(scope, err) &&
           (db_exec(tx, DB_SAME(sql.at), DB_ARGS(db_int(before_ms), db_int(limit)), removed_r,
                    err) ||
            fail_in(err, "removing old rows of %s", table));
}
