/* db_postgres.c - PostgreSQL: a transaction on a pooled connection for each piece of work. */
#include "db/db_postgres.h"

#include "base/clock.h"
#include "base/hash.h"

#include <stdatomic.h>

/* How often work is run again after it lost a race (a deadlock, a serialization failure) or its
 * connection. */
#define TRIES_MAX 8
/* Connections we leave to others: those that listen and tell, and somebody's psql. */
#define CONNECTIONS_LEFT 4

typedef struct PgDb {
    Db base;
    DbOptions options;
    PgCluster *cluster;
    PgReplicas *replicas; /* NULL: none are read */
    DbPool *pool;
    DbNews *news;
    PgHints *hints;
    PgListen *listen;
    PgServer server; /* as the first connection found it */
    atomic_int_fast64_t again_count, lost_count;
} PgDb;

static const DbDriver pg_driver;

static bool open_connection(void *owner, void **connection_r, Error *err)
{
    PgDb *db = owner;
    PgConnection *connection;
    PgServer server;
    if (!pg_cluster_connect(db->cluster, db->options.timeout_ms, &connection, &server, err))
        return false;
    *connection_r = connection;
    return true;
}

static void close_connection(void *connection) { pg_connection_close(connection); }

/* --- Work ---------------------------------------------------------------------------- */

static bool commit(PgTx *tx, Error *err)
{
    char state[6];
    PGresult *result = pg_run(tx->connection, "COMMIT", err, state);

    if (!result) {
        if (tx->connection->is_lost && tx->mode != DB_MODE_READ)
            return fail(err, ERROR_BUSY,
                        "the connection to PostgreSQL was lost while storing; it is not known "
                        "whether the change was kept");
        tx->may_run_again = strcmp(state, "40001") == 0;
        return fail_in(err, "nothing was stored");
    }
    bool was_kept = strcmp(pq.cmdStatus(result), "COMMIT") == 0;
    pq.clear(result);
    return was_kept || fail(err, ERROR_INTERNAL, "PostgreSQL undid the transaction");
}

static void roll_back(PgConnection *connection)
{
    Error ignored;
    char state[6];
    if (connection->is_lost || pq.transactionStatus(connection->pg) == PQTRANS_IDLE)
        return;
    PGresult *result = pg_run(connection, "ROLLBACK", &ignored, state);
    if (!result)
        connection->is_lost = true;
    pq.clear(result);
}

bool pg_work_run(PgHints *hints, PgConnection *connection, DbMode mode, const DbWho *who,
                 DbWork *work, void *argument, bool *may_run_again_r, Error *err)
{
    PgTx tx = { .base = { .driver = &pg_driver, .kind = DB_POSTGRES },
                .connection = connection,
                .mode = mode,
                .who = who };

    bool ok = db_work_run(&tx.base, work, argument, err) && (!tx.is_begun || commit(&tx, err));
    pg_close_rows(&tx);
    if (!ok)
        roll_back(connection);
    if (ok && tx.hints)
        pg_hints_send(hints, tx.hints);
    else
        pg_hint_list_free(tx.hints);
    *may_run_again_r = tx.may_run_again;
    return ok;
}

/* A growing pause with a random part, so that two that met do not meet again. */
static void pause_before(int try)
{
    unsigned char random;
    random_bytes(&random, 1);
    sleep_ms(((int64_t)1 << try) * random / 128);
}

static bool pg_db_run(Db *base, DbMode mode, const DbWho *who, DbWork *work, void *argument,
                      Error *err)
{
    PgDb *db = (PgDb *)base;

    for (int try = 1;; try++) {
        DbPooled pooled;
        if (!db_pool_take(db->pool, &pooled, err))
            return false;
        PgConnection *connection = pooled.connection;
        bool may_run_again = false;
        bool ok =
            pg_work_run(db->hints, connection, mode, who, work, argument, &may_run_again, err);
        if (!connection->is_lost && pg_cluster_has_left(db->cluster, connection)) {
            connection->is_lost = true;
            /* What was read may be old already; what was committed is. */
            if (ok && mode == DB_MODE_READ)
                ok = fail(err, ERROR_BUSY, "this server of PostgreSQL is not the primary any more");
            may_run_again = may_run_again || mode == DB_MODE_READ;
        }
        if (mode == DB_MODE_SCHEMA && ok)
            db_pool_renew(db->pool); /* tables and roles may be others now */
        if (connection->is_lost) {
            atomic_fetch_add(&db->lost_count, 1);
            db_pool_renew(db->pool); /* the others are most likely lost too */
            pg_listen_try(db->listen);
            db_pool_drop(db->pool, &pooled);
        } else
            db_pool_give(db->pool, &pooled);
        if (ok || !may_run_again || try == TRIES_MAX)
            return ok;
        atomic_fetch_add(&db->again_count, 1);
        pause_before(try);
    }
}

/* --- The rest of the driver ---------------------------------------------------------- */

static bool pg_listen_to(Db *base, const char *channel, DbListener *listener, void *argument,
                         Error *err)
{
    PgDb *db = (PgDb *)base;
    return db_news_listen(db->news, channel, listener, argument, err) &&
           pg_listen_add(db->listen, channel, err);
}

static bool pg_watch(Db *base, const char *channel, const char *sql)
{
    return pg_listen_watch(((PgDb *)base)->listen, channel, sql);
}

static void pg_unlisten(Db *base, const char *channel, DbListener *listener, void *argument)
{
    db_news_unlisten(((PgDb *)base)->news, channel, listener, argument);
}

static bool pg_forget(Db *base, Error *err)
{
    (void)base;
    (void)err;
    return true;
}

static void pg_describe(Db *base, Buf *json_members)
{
    PgDb *db = (PgDb *)base;
    buf_addf(json_members, "\"kind\":\"postgresql\",\"version\":\"%d.%d\"",
             db->server.version / 10000, db->server.version % 10000);
    db_pool_describe(db->pool, json_members);
    buf_addf(json_members,
             ",\"run_again\":%" PRIdFAST64 ",\"connections_lost\":%" PRIdFAST64
             ",\"takes_on_lectern_app\":%s",
             atomic_load(&db->again_count), atomic_load(&db->lost_count),
             db->server.is_restricted ? "true" : "false");
    if (db->server.connection_max - CONNECTIONS_LEFT < db->options.connection_max)
        buf_addf(json_members,
                 ",\"warning\":\"PostgreSQL allows %d connections in all, so at most %d are used "
                 "instead of %d; raise its max_connections\"",
                 db->server.connection_max, MAX(1, db->server.connection_max - CONNECTIONS_LEFT),
                 db->options.connection_max);
}

static size_t pg_servers(Db *base, Arena *arena, DbServer **servers_r)
{
    return pg_cluster_servers(((PgDb *)base)->cluster, arena, servers_r);
}

static bool pg_remember(Db *base, const char *path, Error *err)
{
    PgDb *db = (PgDb *)base;
    DbPooled pooled;
    pg_cluster_remember(db->cluster, path);
    db_pool_renew(db->pool);
    if (!db_pool_take(db->pool, &pooled, err))
        return false;
    db_pool_give(db->pool, &pooled);
    return true;
}

/* --- Replicas ------------------------------------------------------------------------ */

static void pg_use_replicas(Db *base, const DbReplicaOptions *options)
{
    PgDb *db = (PgDb *)base;
    db->replicas = pg_replicas_new(db->cluster, options, db->options.timeout_ms);
}

static bool find_position(PgDb *db, PgPosition *position_r)
{
    DbPooled pooled;
    Error ignored;
    if (!db_pool_take(db->pool, &pooled, &ignored))
        return false;
    PgConnection *connection = pooled.connection;
    bool is_found = pg_position(connection, position_r);
    position_r->timeline = pg_cluster_timeline(db->cluster);
    if (connection->is_lost)
        db_pool_drop(db->pool, &pooled);
    else
        db_pool_give(db->pool, &pooled);
    return is_found;
}

static bool pg_read_replica(Db *base, const DbWho *who, DbWork *work, void *argument, Error *err)
{
    PgDb *db = (PgDb *)base;
    PgPosition position;
    PgReplicaRead read = PG_REPLICA_NONE;
    if (db->replicas && find_position(db, &position))
        read = pg_replicas_read(db->replicas, &position, who, work, argument, err);
    return read == PG_REPLICA_NONE ? db_read(base, who, work, argument, err)
                                   : read == PG_REPLICA_DONE;
}

static size_t pg_replica_counts(Db *base, DbReplicaCounts counts_r[DB_REPLICAS_MAX])
{
    return pg_replicas_counts(((PgDb *)base)->replicas, counts_r);
}

static void pg_close(Db *base)
{
    PgDb *db = (PgDb *)base;
    pg_listen_free(db->listen);
    pg_hints_free(db->hints);
    db_news_free(db->news);
    pg_replicas_free(db->replicas);
    db_pool_free(db->pool);
    pg_cluster_free(db->cluster);
    free(db);
}

static const DbDriver pg_driver = {
    .run = pg_db_run,
    .exec = pg_exec,
    .exec_many = pg_exec_many,
    .load = pg_load,
    .exec_script = pg_exec_script,
    .query = pg_query,
    .next = pg_next,
    .get = pg_get,
    .rows_close = pg_rows_close,
    .notify = pg_notify,
    .hint = pg_hint,
    .listen = pg_listen_to,
    .watch = pg_watch,
    .unlisten = pg_unlisten,
    .forget = pg_forget,
    .describe = pg_describe,
    .servers = pg_servers,
    .remember = pg_remember,
    .use_replicas = pg_use_replicas,
    .read_replica = pg_read_replica,
    .replica_counts = pg_replica_counts,
    .close = pg_close,
};

/* One that only standbys answer for has a primary again when one of them is promoted. */
static bool is_without_primary(const char *url)
{
    static const PgHost any = { 0 };
    PgConnection *connection;
    PgServer server;
    Error ignored;
    if (!pg_connection_open(url, &any, 5000, &connection, &server, &ignored))
        return false;
    pg_connection_close(connection);
    return server.is_standby || server.is_read_only;
}

bool db_postgres_is_away(const char *url)
{
    static const char *const names[] = { "dbname", "connect_timeout", NULL };
    const char *values[] = { url, "10", NULL };
    Error ignored;
    PGPing said = libpq_load(&ignored) ? pq.pingParams(names, values, 1) : PQPING_NO_ATTEMPT;
    return said == PQPING_REJECT || said == PQPING_NO_RESPONSE ||
           (said == PQPING_OK && is_without_primary(url));
}

bool db_postgres_open(const char *url, const DbOptions *options, Db **db_r, Error *err)
{
    PgConnection *first;
    PgServer server;

    if (!libpq_load(err))
        return false;
    /* The first connection shows whether the server is there and how many it allows. */
    PgCluster *cluster = pg_cluster_new(url);
    if (!pg_cluster_connect(cluster, options->timeout_ms, &first, &server, err)) {
        pg_cluster_free(cluster);
        return false;
    }

    PgDb *db = heap_alloc(sizeof *db);
    db->base = (Db){ &pg_driver, DB_POSTGRES };
    db->cluster = cluster;
    db->options = *options;
    db->server = server;
    db->pool = db_pool_new((DbPoolOwner){ open_connection, close_connection, db },
                           options->connection_max, options->timeout_ms);
    db_pool_limit(db->pool, MAX(1, server.connection_max - CONNECTIONS_LEFT));
    db_pool_begin_with(db->pool, first);
    db->news = db_news_new();
    db->hints = pg_hints_new(cluster, db->news);
    db->listen = pg_listen_new(cluster, db->news, db->hints);
    *db_r = &db->base;
    return true;
}
