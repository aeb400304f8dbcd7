/* db_postgres_replicas.c - standbys that are read from, when they have what the primary had
 * committed before the reading began.
 *
 * The primary is asked how far its log is flushed, and a replica is used once it has replayed as
 * much. So whoever reads sees all that anybody was told is kept, on whichever node it was written;
 * nothing has to be remembered between requests. One that has as much of another timeline, because
 * it follows a primary that another one has taken over from, is not read. */
#include "db/db_postgres.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>

#define POLL_MS_MAX 50
/* One that was away, or too far behind, is left alone for so long. */
#define REST_MS 5000

typedef struct Replica {
    PgReplicas *all;
    PgCluster *cluster;
    DbPool *pool;
    DbReplicaCounts counts; /* under the lock of all */
    int64_t rests_until_ms;
} Replica;

struct PgReplicas {
    PgCluster *primary;
    int64_t timeout_ms, wait_ms;
    pthread_mutex_t lock;
    size_t count, turn;
    Replica at[DB_REPLICAS_MAX];
};

/* --- Connections --------------------------------------------------------------------- */

static bool open_replica(void *owner, void **connection_r, Error *err)
{
    Replica *replica = owner;
    PgConnection *connection;
    PgServer server;
    if (!pg_cluster_connect(replica->cluster, replica->all->timeout_ms, &connection, &server, err))
        return false;
    if (!pg_cluster_is_same(replica->all->primary, &server)) {
        pg_connection_close(connection);
        return fail(err, ERROR_INVALID, "it is no replica of this database");
    }
    *connection_r = connection;
    return true;
}

static void close_replica(void *connection) { pg_connection_close(connection); }

PgReplicas *pg_replicas_new(PgCluster *primary, const DbReplicaOptions *options, int64_t timeout_ms)
{
    PgReplicas *replicas = heap_alloc(sizeof *replicas);
    *replicas = (PgReplicas){ .primary = primary,
                              .timeout_ms = timeout_ms,
                              .wait_ms = options->wait_ms,
                              .count = options->count };
    pthread_mutex_init(&replicas->lock, NULL);
    for (size_t i = 0; i < options->count; i++) {
        Replica *replica = &replicas->at[i];
        replica->all = replicas;
        replica->cluster = pg_cluster_new_reading(options->urls[i]);
        replica->pool = db_pool_new((DbPoolOwner){ open_replica, close_replica, replica },
                                    options->connection_max, timeout_ms);
        pg_cluster_name(replica->cluster, replica->counts.name, sizeof replica->counts.name);
    }
    return replicas;
}

void pg_replicas_free(PgReplicas *replicas)
{
    if (!replicas)
        return;
    for (size_t i = 0; i < replicas->count; i++) {
        db_pool_free(replicas->at[i].pool);
        pg_cluster_free(replicas->at[i].cluster);
    }
    pthread_mutex_destroy(&replicas->lock);
    free(replicas);
}

size_t pg_replicas_counts(PgReplicas *replicas, DbReplicaCounts counts_r[DB_REPLICAS_MAX])
{
    if (!replicas)
        return 0;
    pthread_mutex_lock(&replicas->lock);
    for (size_t i = 0; i < replicas->count; i++)
        counts_r[i] = replicas->at[i].counts;
    pthread_mutex_unlock(&replicas->lock);
    return replicas->count;
}

/* --- How far they are ------------------------------------------------------------------ */

bool pg_position(PgConnection *connection, PgPosition *position_r)
{
    Error ignored;
    char state[6];
    PGresult *result =
        pg_run(connection, "SELECT pg_current_wal_flush_lsn()::text", &ignored, state);
    if (!result)
        return false;
    snprintf(position_r->text, sizeof position_r->text, "%s", pq.getvalue(result, 0, 0));
    pq.clear(result);
    return true;
}

typedef enum Reach { REACHED, BEHIND, STRAY, AWAY } Reach;

/* How far one is told by where it follows now, which not every role is shown, and by its last
 * restart point, which comes later: after a fail-over some minutes may pass until it is known to
 * follow the new primary. Where the primary says nothing of its history, neither does a replica. */
#define ITS_TIMELINE                                                                               \
    "GREATEST((SELECT received_tli FROM pg_stat_wal_receiver),"                                    \
    " (SELECT timeline_id FROM pg_control_checkpoint()))"

/* A replica that was promoted follows nobody, and one of an old primary has rows that nobody else
 * will ever see. */
static Reach look(PgConnection *connection, const PgPosition *position)
{
    char text[400], state[6];
    Error ignored;
    snprintf(text, sizeof text,
             "SELECT CASE WHEN NOT pg_is_in_recovery() THEN 'a'"
             " WHEN pg_last_wal_replay_lsn() >= '%s'"
             " THEN CASE WHEN %s < %" PRId64 " THEN 's' ELSE 'r' END ELSE 'b' END",
             position->text, position->timeline ? ITS_TIMELINE : "0", position->timeline);
    PGresult *result = pg_run(connection, text, &ignored, state);
    char said = result ? pq.getvalue(result, 0, 0)[0] : 'a';
    pq.clear(result);
    return said == 'r' ? REACHED : said == 'b' ? BEHIND : said == 's' ? STRAY : AWAY;
}

static Reach wait_for(const PgReplicas *replicas, PgConnection *connection,
                      const PgPosition *position)
{
    int64_t until_ms = monotonic_ms() + replicas->wait_ms;
    int64_t pause_ms = 1;
    for (;;) {
        Reach reach = look(connection, position);
        if (reach != BEHIND || monotonic_ms() >= until_ms)
            return reach;
        sleep_ms(pause_ms);
        pause_ms = MIN(pause_ms * 2, POLL_MS_MAX);
    }
}

/* --- Reading --------------------------------------------------------------------------- */

/* The next that is not resting; NULL when all are. */
static Replica *next_replica(PgReplicas *replicas)
{
    Replica *found = NULL;
    int64_t now = monotonic_ms();
    pthread_mutex_lock(&replicas->lock);
    for (size_t i = 0; i < replicas->count && !found; i++) {
        Replica *replica = &replicas->at[replicas->turn++ % replicas->count];
        if (now >= replica->rests_until_ms)
            found = replica;
    }
    pthread_mutex_unlock(&replicas->lock);
    return found;
}

static void rest(Replica *replica, int64_t *count, const char *why)
{
    pthread_mutex_lock(&replica->all->lock);
    ++*count;
    replica->rests_until_ms = monotonic_ms() + REST_MS;
    pthread_mutex_unlock(&replica->all->lock);
    log_warn("db", "the replica %s is left alone for %d s: %s", replica->counts.name,
             REST_MS / 1000, why);
}

static bool is_ready(Replica *replica, PgConnection *connection, const PgPosition *position)
{
    switch (wait_for(replica->all, connection, position)) {
    case REACHED: return true;
    case BEHIND: rest(replica, &replica->counts.behind, "it is too far behind"); return false;
    case STRAY:
        rest(replica, &replica->counts.stray,
             "it follows an old primary, or does not show yet that it follows the new one");
        return false;
    case AWAY:
        rest(replica, &replica->counts.away, "it is none any more, or was lost");
        return false;
    }
    return false;
}

PgReplicaRead pg_replicas_read(PgReplicas *replicas, const PgPosition *position, const DbWho *who,
                               DbWork *work, void *argument, Error *err)
{
    Replica *replica = next_replica(replicas);
    DbPooled pooled;
    bool may_run_again = false, is_done = false;

    if (!replica)
        return PG_REPLICA_NONE;
    if (!db_pool_take(replica->pool, &pooled, err)) {
        rest(replica, &replica->counts.away, err->message);
        return PG_REPLICA_NONE;
    }
    PgConnection *connection = pooled.connection;
    bool was_used = is_ready(replica, connection, position);
    if (was_used)
        is_done =
            pg_work_run(NULL, connection, DB_MODE_READ, who, work, argument, &may_run_again, err);
    if (connection->is_lost) {
        db_pool_renew(replica->pool);
        db_pool_drop(replica->pool, &pooled);
    } else
        db_pool_give(replica->pool, &pooled);
    if (!was_used || may_run_again)
        return PG_REPLICA_NONE;
    pthread_mutex_lock(&replicas->lock);
    replica->counts.reads++;
    pthread_mutex_unlock(&replicas->lock);
    return is_done ? PG_REPLICA_DONE : PG_REPLICA_FAILED;
}
