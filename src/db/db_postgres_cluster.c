/* db_postgres_cluster.c - the servers that an address names, and which of them is the primary.
 *
 * After a fail-over an old primary may come back and take writes that nobody will ever see. So all
 * servers of the address are asked before one is chosen, at the start and whenever the chosen one
 * fails: the one that can be written and is on the newest timeline wins. A server on an older
 * timeline than any seen before is refused, also after a restart (db_remember()). */
#include "db/db_postgres.h"

#include "base/file.h"
#include "base/log.h"

#include <pthread.h>

#define HOSTS_MAX 16

typedef struct Known {
    char system[PG_SYSTEM_MAX]; /* the cluster's own number; empty: none seen yet */
    int64_t timeline;           /* the newest seen */
} Known;

struct PgCluster {
    Arena *arena;
    const char *url, *known_path; /* known_path may be NULL */
    PgHost hosts[HOSTS_MAX];
    size_t host_count; /* at most 1: libpq goes where the address says */
    bool needs_primary;
    bool is_any; /* whatever answers, whatever the address wishes */
    pthread_mutex_t choosing;
    pthread_mutex_t lock; /* of what follows; taken after `choosing` */
    Known known;
    size_t chosen;
    uint64_t choice_count;
    bool was_found; /* by the last choice; otherwise why not: */
    Error why_not;
};

/* --- The address --------------------------------------------------------------------- */

/* The pieces of "a,b,,c"; a single one is for all. */
static size_t split(Arena *arena, const char *list, const char *pieces[HOSTS_MAX])
{
    Str rest = str(list), piece;
    size_t count = 0;
    while (count < HOSTS_MAX && str_next(&rest, ',', &piece))
        pieces[count++] = str_c(arena, piece);
    for (size_t i = count; count == 1 && i < HOSTS_MAX; i++)
        pieces[i] = pieces[0];
    return count;
}

/* With any other wish than to write, the address chooses among its servers, not we. */
static bool wants_primary(const char *attributes)
{
    return !attributes || strcmp(attributes, "read-write") == 0 ||
           strcmp(attributes, "primary") == 0;
}

static void read_address(PgCluster *cluster)
{
    const char *hosts[HOSTS_MAX] = { 0 }, *addresses[HOSTS_MAX] = { 0 }, *ports[HOSTS_MAX] = { 0 };
    size_t host_count = 0, address_count = 0;
    PQconninfoOption *options = pq.conninfoParse(cluster->url, NULL);

    for (PQconninfoOption *one = options; one && one->keyword; one++) {
        if (strcmp(one->keyword, "host") == 0)
            host_count = split(cluster->arena, one->val, hosts);
        else if (strcmp(one->keyword, "hostaddr") == 0)
            address_count = split(cluster->arena, one->val, addresses);
        else if (strcmp(one->keyword, "port") == 0)
            (void)split(cluster->arena, one->val, ports);
        else if (strcmp(one->keyword, "target_session_attrs") == 0)
            cluster->needs_primary = cluster->needs_primary && wants_primary(one->val);
    }
    pq.conninfoFree(options);
    cluster->hosts[0] = (PgHost){ hosts[0], addresses[0], ports[0] };
    cluster->host_count = cluster->needs_primary ? MAX(host_count, address_count) : 0;
    for (size_t i = 1; i < cluster->host_count; i++)
        cluster->hosts[i] = (PgHost){ hosts[i], addresses[i], ports[i] };
}

static PgCluster *new_cluster(const char *url, bool needs_primary)
{
    PgCluster *cluster = heap_alloc(sizeof *cluster);
    cluster->arena = arena_new(MB(1));
    cluster->url = str_c(cluster->arena, str(url));
    pthread_mutex_init(&cluster->choosing, NULL);
    pthread_mutex_init(&cluster->lock, NULL);
    cluster->needs_primary = needs_primary;
    cluster->is_any = !needs_primary;
    read_address(cluster);
    return cluster;
}

PgCluster *pg_cluster_new(const char *url) { return new_cluster(url, true); }
PgCluster *pg_cluster_new_reading(const char *url) { return new_cluster(url, false); }

void pg_cluster_free(PgCluster *cluster)
{
    if (!cluster)
        return;
    pthread_mutex_destroy(&cluster->choosing);
    pthread_mutex_destroy(&cluster->lock);
    arena_free(cluster->arena);
    free(cluster);
}

/* --- The fence ----------------------------------------------------------------------- */

static void save_known(const PgCluster *cluster, const Known *known)
{
    char text[PG_SYSTEM_MAX + 24];
    Error err;
    snprintf(text, sizeof text, "%s %" PRId64 "\n", known->system, known->timeline);
    if (cluster->known_path && !file_write(cluster->known_path, str(text), 0600, &err))
        log_warn("db", "the timeline of the database is not remembered: %s", err.message);
}

static bool is_of_known_cluster(const Known *known, const PgServer *server)
{
    return !known->system[0] || strcmp(known->system, server->system) == 0;
}

/* Under the lock. A library may be taken to another cluster: what was seen of the old one says
 * nothing about it. */
static bool is_newest(PgCluster *cluster, const PgServer *server, Error *err)
{
    Known *known = &cluster->known;
    if (!server->system[0] || server->is_standby)
        return true; /* nothing is known of it, or nothing can be written to it */
    if (is_of_known_cluster(known, server) && server->timeline < known->timeline)
        return fail(err, ERROR_BUSY,
                    "this server was the primary until another one took over (its timeline is "
                    "%" PRId64 ", the newest %" PRId64 "): make it a standby again (pg_rewind)%s%s",
                    server->timeline, known->timeline,
                    cluster->known_path ? ", or if going back is meant, remove " : "",
                    cluster->known_path ? cluster->known_path : "");
    if (is_of_known_cluster(known, server) && known->system[0] &&
        server->timeline == known->timeline)
        return true;
    memcpy(known->system, server->system, sizeof known->system);
    known->timeline = server->timeline;
    save_known(cluster, known);
    return true;
}

void pg_cluster_remember(PgCluster *cluster, const char *path)
{
    Known before = { 0 };
    Error ignored;
    Str text, system;

    pthread_mutex_lock(&cluster->lock);
    cluster->known_path = str_c(cluster->arena, str(path));
    if (file_exists(path) && file_read(cluster->arena, path, 100, &text, &ignored) &&
        str_next(&text, ' ', &system) && system.length < PG_SYSTEM_MAX &&
        str_to_int(str_trim(text), 0, INT32_MAX, &before.timeline))
        memcpy(before.system, system.at, system.length);
    bool is_same = strcmp(before.system, cluster->known.system) == 0;
    if (is_same && before.timeline >= cluster->known.timeline)
        cluster->known = before;
    else if (cluster->known.system[0])
        save_known(cluster, &cluster->known);
    cluster->choice_count = 0;
    pthread_mutex_unlock(&cluster->lock);
}

static bool may_be_used(PgCluster *cluster, const PgServer *server, Error *err)
{
    if (cluster->needs_primary && (server->is_standby || server->is_read_only))
        return fail(err, ERROR_BUSY, "the server is %s",
                    server->is_standby ? "a standby" : "read-only");
    pthread_mutex_lock(&cluster->lock);
    bool is_good = is_newest(cluster, server, err);
    pthread_mutex_unlock(&cluster->lock);
    return is_good;
}

/* --- Choosing ------------------------------------------------------------------------ */

static bool open_usable(PgCluster *cluster, const PgHost *host, int64_t timeout_ms,
                        PgConnection **connection_r, PgServer *server_r, Error *err)
{
    PgConnection *connection;
    if (!pg_connection_open(cluster->url, host, timeout_ms, &connection, server_r, err))
        return false;
    if (!may_be_used(cluster, server_r, err)) {
        pg_connection_close(connection);
        return fail_in(err, "connecting to PostgreSQL");
    }
    *connection_r = connection;
    return true;
}

/* Asks every server; the first one last, so that of several with nothing against them it is taken.
 */
static bool choose(PgCluster *cluster, int64_t timeout_ms, PgConnection **connection_r,
                   PgServer *server_r, Error *err)
{
    PgConnection *best = NULL, *connection;
    PgServer server;
    Error why;
    size_t at = 0;

    for (size_t i = cluster->host_count; i-- > 0;) {
        if (!open_usable(cluster, &cluster->hosts[i], timeout_ms, &connection, &server, &why)) {
            *err = why;
            continue;
        }
        if (best && server.timeline < server_r->timeline) {
            pg_connection_close(connection);
            continue;
        }
        pg_connection_close(best);
        best = connection;
        *server_r = server;
        at = i;
    }
    pthread_mutex_lock(&cluster->lock);
    if (best)
        cluster->chosen = at;
    pthread_mutex_unlock(&cluster->lock);
    *connection_r = best;
    return best;
}

static uint64_t read_choice(PgCluster *cluster, size_t *chosen_r)
{
    pthread_mutex_lock(&cluster->lock);
    uint64_t count = cluster->choice_count;
    *chosen_r = cluster->chosen;
    pthread_mutex_unlock(&cluster->lock);
    return count;
}

/* Many threads lose their connections at once: one of them chooses for all. `seen` is the choice
 * that has failed the caller. */
static bool choose_once(PgCluster *cluster, uint64_t seen, int64_t timeout_ms,
                        PgConnection **connection_r, PgServer *server_r, Error *err)
{
    size_t chosen;
    bool is_open;

    pthread_mutex_lock(&cluster->choosing);
    if (read_choice(cluster, &chosen) == seen) {
        is_open = choose(cluster, timeout_ms, connection_r, server_r, err);
        pthread_mutex_lock(&cluster->lock);
        cluster->choice_count++;
        cluster->was_found = is_open;
        if (!is_open)
            cluster->why_not = *err;
        pthread_mutex_unlock(&cluster->lock);
        pthread_mutex_unlock(&cluster->choosing);
        return is_open;
    }
    bool was_found = cluster->was_found;
    if (!was_found)
        *err = cluster->why_not;
    pthread_mutex_unlock(&cluster->choosing);
    return was_found &&
           open_usable(cluster, &cluster->hosts[chosen], timeout_ms, connection_r, server_r, err);
}

bool pg_cluster_connect(PgCluster *cluster, int64_t timeout_ms, PgConnection **connection_r,
                        PgServer *server_r, Error *err)
{
    static const PgHost any = { 0 };
    size_t chosen;
    uint64_t seen = read_choice(cluster, &chosen);

    if (cluster->host_count <= 1)
        return open_usable(cluster, cluster->is_any ? &any : NULL, timeout_ms, connection_r,
                           server_r, err);
    return (seen && open_usable(cluster, &cluster->hosts[chosen], timeout_ms, connection_r,
                                server_r, err)) ||
           choose_once(cluster, seen, timeout_ms, connection_r, server_r, err);
}

bool pg_cluster_has_left(const PgCluster *cluster, const PgConnection *connection)
{
    return cluster->needs_primary && (pg_is_on(connection, "in_hot_standby") ||
                                      pg_is_on(connection, "default_transaction_read_only"));
}

/* --- For whoever looks after it -------------------------------------------------------- */

static Str host_name(Arena *arena, const PgHost *host)
{
    const char *name = host->host ? host->host : host->address;
    return str_format(arena, "%s%s%s", name ? name : "the server", host->port ? ":" : "",
                      host->port ? host->port : "");
}

void pg_cluster_name(const PgCluster *cluster, char *name_r, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str name = host_name(arena, &cluster->hosts[0]);
    snprintf(name_r, size, STR_FMT, STR_ARG(name));
}

bool pg_cluster_is_same(PgCluster *cluster, const PgServer *server)
{
    pthread_mutex_lock(&cluster->lock);
    bool is_same = !server->system[0] || is_of_known_cluster(&cluster->known, server);
    pthread_mutex_unlock(&cluster->lock);
    return is_same;
}

int64_t pg_cluster_timeline(PgCluster *cluster)
{
    pthread_mutex_lock(&cluster->lock);
    int64_t timeline = cluster->known.timeline;
    pthread_mutex_unlock(&cluster->lock);
    return timeline;
}

static DbServerRole role_of(PgCluster *cluster, const PgServer *server)
{
    if (server->is_standby)
        return DB_SERVER_STANDBY;
    pthread_mutex_lock(&cluster->lock);
    bool is_old = server->system[0] && is_of_known_cluster(&cluster->known, server) &&
                  server->timeline < cluster->known.timeline;
    pthread_mutex_unlock(&cluster->lock);
    return is_old ? DB_SERVER_OLD_PRIMARY : DB_SERVER_PRIMARY;
}

static DbServer look_at(PgCluster *cluster, const PgHost *host, Arena *arena)
{
    DbServer found = { .name = host_name(arena, host), .role = DB_SERVER_AWAY };
    PgConnection *connection;
    PgServer server;
    Error err;
    if (!pg_connection_open(cluster->url, host, 5000, &connection, &server, &err)) {
        found.reason = str_copy(arena, str(err.message));
        return found;
    }
    pg_connection_close(connection);
    found.role = role_of(cluster, &server);
    found.timeline = server.timeline;
    found.is_read_only = server.is_read_only;
    return found;
}

size_t pg_cluster_servers(PgCluster *cluster, Arena *arena, DbServer **servers_r)
{
    *servers_r = arena_new_array(arena, DbServer, cluster->host_count);
    for (size_t i = 0; i < cluster->host_count; i++)
        (*servers_r)[i] = look_at(cluster, &cluster->hosts[i], arena);
    return cluster->host_count;
}
