/* database_facts.c - see database_facts.h. */
#include "store/database_facts.h"

#include "base/clock.h"
#include "store/sql.h"

static void read_sqlite(DbRows *row, Arena *arena, void *item)
{
    *(DatabaseFacts *)item = (DatabaseFacts){ .version = db_get_text(row, 0, arena),
                                              .keeps_commits = true,
                                              .clock_ms = now_ms() };
}

static void read_postgres(DbRows *row, Arena *arena, void *item)
{
    *(DatabaseFacts *)item = (DatabaseFacts){
        .version = db_get_text(row, 0, arena),
        .major = db_get_int(row, 1),
        .passes_row_rules = db_get_int(row, 2) != 0,
        .unguarded = db_get_int(row, 3),
        .is_recovering = db_get_int(row, 4) != 0,
        .keeps_commits = db_get_int(row, 5) != 0,
        .is_encrypted = db_get_int(row, 6) != 0,
        .connection_max = db_get_int(row, 7),
        .connection_count = db_get_int(row, 8),
        .clock_ms = db_get_int(row, 9),
        .extensions = db_get_text(row, 10, arena),
    };
}

static const char about_server[] =
    "SELECT split_part(current_setting('server_version'), ' ', 1),"
    " current_setting('server_version_num')::int / 10000,"
    " (SELECT (rolsuper OR rolbypassrls)::int FROM pg_roles WHERE rolname = current_user),"
    " (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p')"
    "  AND relnamespace = current_schema()::regnamespace AND relname <> 'schema_version'"
    "  AND NOT (relrowsecurity AND relforcerowsecurity)),"
    " pg_is_in_recovery()::int,"
    " (current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on')::int,"
    " coalesce((SELECT ssl::int FROM pg_stat_ssl WHERE pid = pg_backend_pid()), 0),"
    " least(current_setting('max_connections')::int"
    "  - current_setting('superuser_reserved_connections')::int,"
    "  (SELECT CASE WHEN rolconnlimit < 0 THEN 1000000 ELSE rolconnlimit END FROM pg_roles"
    "   WHERE rolname = session_user),"
    "  (SELECT CASE WHEN datconnlimit < 0 THEN 1000000 ELSE datconnlimit END FROM pg_database"
    "   WHERE datname = current_database())),"
    " (SELECT coalesce(sum(numbackends), 0)::bigint FROM pg_stat_database),"
    " (extract(epoch FROM clock_timestamp()) * 1000)::bigint,"
    " (SELECT coalesce(string_agg(extname, ', ' ORDER BY extname), '') FROM pg_extension)";

static void read_replica(DbRows *row, Arena *arena, void *item)
{
    *(DatabaseReplica *)item = (DatabaseReplica){ .name = db_get_text(row, 0, arena),
                                                  .state = db_get_text(row, 1, arena),
                                                  .lag_bytes = db_get_int(row, 2),
                                                  .is_synchronous = db_get_int(row, 3) != 0 };
}

/* Of a login that is no monitor all but the process is hidden; that there is one shows still. */
static bool find_replicas(DbTx *tx, Arena *arena, DatabaseFacts *facts, Error *err)
{
    SqlItems items;
    if (!sql_list(
            tx, arena,
            DB_SAME("SELECT coalesce(application_name, ''), coalesce(state, 'hidden'),"
                    " coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), -1)::bigint,"
                    " coalesce((sync_state IN ('sync', 'quorum'))::int, 0)"
                    " FROM pg_stat_replication ORDER BY 1"),
            DB_NO_ARGS, read_replica, sizeof(DatabaseReplica), &items, err))
        return false;
    facts->replicas = items.at;
    facts->replica_count = items.count;
    return true;
}

bool database_facts_find(DbTx *tx, const Scope *system, Arena *arena, DatabaseFacts *facts_r,
                         Error *err)
{
    bool is_postgres = db_tx_kind(tx) == DB_POSTGRES;
    DatabaseFacts facts;
    if (!sql_needs_system(system, err) ||
        !sql_find(tx, arena, DB_SQL("SELECT sqlite_version()", about_server), DB_NO_ARGS,
                  is_postgres ? read_postgres : read_sqlite, &facts, "database", STR_NONE, err) ||
        (is_postgres && !facts.is_recovering && !find_replicas(tx, arena, &facts, err)))
        return false;
    *facts_r = facts;
    return true;
}

bool database_answer(DbTx *tx, const Scope *scope, Error *err)
{
    int64_t ignored;
    (void)scope;
    return db_query_int(tx, DB_SAME("SELECT 1"), DB_NO_ARGS, 0, &ignored, err);
}
