/* db_postgres_listen.c - a connection of its own that LISTENs, and comes back when it is lost. In
 * between it asks, in one statement, for what news that were lost would have told (db_watch()): it
 * does so as the system once and for all, so that needs no transaction. */
#include "db/db_postgres.h"

#include "base/clock.h"
#include "base/log.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FIRST_WAIT_MS 5000 /* of pg_listen_add() for a server that is away */
#define CHECK_MS 20000     /* how often a silent connection is tried */
#define WATCH_MS 4000      /* how often one is that also asks */
#define WATCHES_MAX 8
#define WATCH_SQL_MAX KB(4)
#define RECONNECT_MS_MAX 1000

typedef struct Channel {
    char name[DB_CHANNEL_MAX + 1];
    const char *watch; /* a query; NULL: none */
    bool is_heard;
    struct Channel *next;
} Channel;

struct PgListen {
    PgCluster *cluster;
    DbNews *news;
    PgHints *hints;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_started, stopping, must_try;
    int wake_fd; /* written to when there is a channel more, or to stop */
    Channel *channels;
};

static bool listen_to(PgListen *listen, PgConnection *connection)
{
    for (;;) {
        pthread_mutex_lock(&listen->lock);
        Channel *channel = listen->channels;
        while (channel && channel->is_heard)
            channel = channel->next;
        pthread_mutex_unlock(&listen->lock);
        if (!channel)
            return true;
        char text[DB_CHANNEL_MAX + 20], state[6];
        Error ignored;
        snprintf(text, sizeof text, "LISTEN %s", channel->name);
        PGresult *result = pg_run(connection, text, &ignored, state);
        pq.clear(result);
        if (!result)
            return false;
        pthread_mutex_lock(&listen->lock);
        channel->is_heard = true;
        pthread_cond_broadcast(&listen->changed);
        pthread_mutex_unlock(&listen->lock);
    }
}

static void tell_news(PgListen *listen, PGconn *pg)
{
    PGnotify *note;
    while ((note = pq.notifies(pg))) {
        if (!pg_hints_are_from(listen->hints, note->be_pid))
            db_news_post(listen->news, note->relname, str(note->extra));
        pq.freemem(note);
    }
}

/* False when the thread should end. */
static bool wait_wake(PgListen *listen, PGconn *pg, int wait_ms)
{
    uint64_t count;
    struct pollfd fds[2] = { { .fd = listen->wake_fd, .events = POLLIN },
                             { .fd = pg ? pq.socket(pg) : -1, .events = POLLIN } };

    (void)!poll(fds, 2, wait_ms);
    if (fds[0].revents)
        (void)!read(listen->wake_fd, &count, sizeof count);
    pthread_mutex_lock(&listen->lock);
    bool goes_on = !listen->stopping;
    pthread_mutex_unlock(&listen->lock);
    return goes_on;
}

/* All queries that are watched, and whose they are. */
typedef struct Watches {
    char sql[WATCH_SQL_MAX];
    char channels[WATCHES_MAX][DB_CHANNEL_MAX + 1];
    size_t count, length;
} Watches;

static void collect(PgListen *listen, Watches *watches)
{
    *watches = (Watches){ 0 };
    pthread_mutex_lock(&listen->lock);
    for (Channel *channel = listen->channels; channel; channel = channel->next) {
        if (!channel->watch)
            continue;
        watches->length +=
            (size_t)snprintf(watches->sql + watches->length, WATCH_SQL_MAX - watches->length,
                             "%s(%s)", watches->count ? ", " : "SELECT ", channel->watch);
        memcpy(watches->channels[watches->count++], channel->name, sizeof channel->name);
    }
    pthread_mutex_unlock(&listen->lock);
}

static bool is_watching(PgListen *listen)
{
    bool is_watching = false;
    pthread_mutex_lock(&listen->lock);
    for (Channel *channel = listen->channels; channel && !is_watching; channel = channel->next)
        is_watching = channel->watch;
    pthread_mutex_unlock(&listen->lock);
    return is_watching;
}

/* A statement that fails is the database's trouble (it has no tables yet), not the connection's. */
static bool ask(PgListen *listen, PgConnection *connection)
{
    Watches watches;
    Error err;
    char state[6], text[200];
    collect(listen, &watches);
    PGresult *result = pg_run(connection, watches.count ? watches.sql : "SELECT 1", &err, state);
    if (!result && !connection->is_lost)
        log_debug("db", "what may have been missed is not known: %s", err.message);
    for (size_t i = 0; result && i < watches.count; i++) {
        snprintf(text, sizeof text, "watch %s", pq.getvalue(result, 0, (int)i));
        db_news_post(listen->news, watches.channels[i], str(text));
    }
    pq.clear(result);
    return !connection->is_lost && !pg_cluster_has_left(listen->cluster, connection);
}

/* Who asked for it need not ask again. */
static bool take_wish(PgListen *listen)
{
    pthread_mutex_lock(&listen->lock);
    bool must_try = listen->must_try;
    listen->must_try = false;
    pthread_mutex_unlock(&listen->lock);
    return must_try;
}

/* Until the connection is lost (true) or the thread should end (false). */
static bool hear(PgListen *listen, PgConnection *connection)
{
    int64_t asked_ms = monotonic_ms();
    while (listen_to(listen, connection)) {
        int64_t every_ms = is_watching(listen) ? WATCH_MS : CHECK_MS;
        tell_news(listen, connection->pg);
        int64_t left_ms = asked_ms + every_ms - monotonic_ms();
        if (!wait_wake(listen, connection->pg, (int)MAX(left_ms, 0)))
            return false;
        if (!pq.consumeInput(connection->pg))
            return true;
        if (take_wish(listen) || monotonic_ms() - asked_ms >= every_ms) {
            if (!ask(listen, connection))
                return true;
            asked_ms = monotonic_ms();
        }
    }
    return true;
}

static bool become_system(PgConnection *connection)
{
    Error ignored;
    char state[6];
    PGresult *result = pg_run(connection, "SET lectern.system = 'on'", &ignored, state);
    pq.clear(result);
    return result;
}

static void forget_heard(PgListen *listen)
{
    pthread_mutex_lock(&listen->lock);
    for (Channel *channel = listen->channels; channel; channel = channel->next)
        channel->is_heard = false;
    pthread_mutex_unlock(&listen->lock);
}

static void *run(void *argument)
{
    PgListen *listen = argument;
    PgConnection *connection;
    PgServer server;
    Error ignored;
    int wait_ms = 100;
    bool goes_on = true, was_lost = false;

    while (goes_on) {
        if (!pg_cluster_connect(listen->cluster, 30000, &connection, &server, &ignored)) {
            was_lost = true;
            goes_on = wait_wake(listen, NULL, wait_ms);
            wait_ms = MIN(wait_ms * 2, RECONNECT_MS_MAX);
            continue;
        }
        wait_ms = 100;
        if (become_system(connection) && was_lost && listen_to(listen, connection))
            db_news_post(listen->news, NULL, STR_NONE); /* what came meanwhile was missed */
        goes_on = hear(listen, connection);
        was_lost = true;
        pg_connection_close(connection);
        forget_heard(listen);
    }
    return NULL;
}

PgListen *pg_listen_new(PgCluster *cluster, DbNews *news, PgHints *hints)
{
    PgListen *listen = heap_alloc(sizeof *listen);
    listen->cluster = cluster;
    listen->news = news;
    listen->hints = hints;
    listen->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&listen->lock, NULL);
    pthread_cond_init(&listen->changed, NULL);
    return listen;
}

static void wake(PgListen *listen)
{
    uint64_t one = 1;
    (void)!write(listen->wake_fd, &one, sizeof one);
}

void pg_listen_try(PgListen *listen)
{
    pthread_mutex_lock(&listen->lock);
    listen->must_try = true;
    pthread_mutex_unlock(&listen->lock);
    wake(listen);
}

bool pg_listen_add(PgListen *listen, const char *name, Error *err)
{
    int64_t until_ms = monotonic_ms() + FIRST_WAIT_MS;
    pthread_mutex_lock(&listen->lock);
    Channel *channel = listen->channels;
    while (channel && strcmp(channel->name, name) != 0)
        channel = channel->next;
    if (!channel) {
        channel = heap_alloc(sizeof *channel);
        snprintf(channel->name, sizeof channel->name, "%s", name);
        channel->next = listen->channels;
        listen->channels = channel;
    }
    bool ok = listen->is_started || pthread_create(&listen->thread, NULL, run, listen) == 0;
    if (ok && !listen->is_started)
        pthread_setname_np(listen->thread, "db-listen");
    listen->is_started = ok;
    wake(listen);
    while (ok && !channel->is_heard && cond_wait_until(&listen->changed, &listen->lock, until_ms))
        ;
    pthread_mutex_unlock(&listen->lock);
    return ok || fail(err, ERROR_BUSY, "no thread could be started to listen to '%s'", name);
}

bool pg_listen_watch(PgListen *listen, const char *name, const char *sql)
{
    size_t count = 0, length = strlen(sql) + S(", ()").length;
    Channel *found = NULL;
    pthread_mutex_lock(&listen->lock);
    for (Channel *channel = listen->channels; channel; channel = channel->next) {
        found = strcmp(channel->name, name) == 0 ? channel : found;
        count += channel->watch != NULL;
        length += channel->watch ? strlen(channel->watch) + S(", ()").length : 0;
    }
    bool has_room = found && count < WATCHES_MAX && length + S("SELECT ").length < WATCH_SQL_MAX;
    if (has_room) {
        found->watch = sql;
        listen->must_try = true;
    }
    pthread_mutex_unlock(&listen->lock);
    if (has_room)
        wake(listen);
    return has_room;
}

void pg_listen_free(PgListen *listen)
{
    if (!listen)
        return;
    pthread_mutex_lock(&listen->lock);
    listen->stopping = true;
    pthread_mutex_unlock(&listen->lock);
    wake(listen);
    if (listen->is_started)
        pthread_join(listen->thread, NULL);
    for (Channel *channel = listen->channels, *next; channel; channel = next) {
        next = channel->next;
        free(channel);
    }
    close(listen->wake_fd);
    pthread_cond_destroy(&listen->changed);
    pthread_mutex_destroy(&listen->lock);
    free(listen);
}
