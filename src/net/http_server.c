/* http_server.c - see http_server.h: loops, connections, starting and stopping. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_listen.h"
#include "net/http_private.h"

#define SWEEP_MS 2000
#define CONNECTIONS_MAX 12000
#define BODY_RATE_AFTER_S 20 /* from then on a body must average BODY_RATE_MIN bytes a second */
#define BODY_RATE_MIN 256
#define WATCH_THREADS 4
#define WATCH_QUEUE_MAX 64

/* --- Loops --- */

/* Clients that take their time with the head, the body or the answer hold a connection. */
static bool is_too_slow(const HttpLink *link, int64_t now)
{
    const HttpExchange *x = link->exchange;
    const HttpServerOptions *options = &link->loop->server->options;
    int64_t idle_ms = (int64_t)options->idle_s * 1000;
    if (!x)
        return now - link->quiet_since_ms >
               (link->had_request ? idle_ms : (int64_t)options->head_s * 1000);
    int64_t age_ms = now - x->request.started_us / 1000;
    if (x->state == HTTP_SENDING)
        return !link->can_write && now - link->moved_ms > idle_ms;
    return x->state == HTTP_READING && age_ms > BODY_RATE_AFTER_S * 1000 &&
           (int64_t)x->body.size < age_ms / 1000 * BODY_RATE_MIN;
}

static void on_sweep(ReactorTimer *timer)
{
    HttpLoop *loop = timer->owner;
    int64_t now = monotonic_ms();
    for (HttpLink *link = loop->links, *next; link; link = next) {
        next = link->next;
        if (is_too_slow(link, now))
            http_link_close(link);
    }
    if (loop->links)
        reactor_set_timer(loop->reactor, timer, now + SWEEP_MS);
}

void loop_add(void *argument)
{
    HttpLink *link = argument;
    HttpLoop *loop = link->loop;
    Error ignored;
    if (loop->is_stopped || !http_link_open(link, &ignored)) {
        tls_link_free(link->tls);
        close(link->fd);
        address_left(loop->server, link->address_key);
        loop->link_count--;
        loop->server->counts.connections--;
        free(link);
        return;
    }
    if (!loop->sweep.slot)
        reactor_set_timer(loop->reactor, &loop->sweep, monotonic_ms() + SWEEP_MS);
}

static bool start_loop(HttpServer *server, int number, Error *err)
{
    HttpLoop *loop = &server->loops[number];
    char name[24];
    snprintf(name, sizeof name, "reactor-%d", number);
    loop->server = server;
    loop->sweep = (ReactorTimer){ .fire = on_sweep, .owner = loop };
    loop->buffer = heap_alloc(HTTP_BUFFER_SIZE);
    return reactor_new(name, &loop->reactor, err);
}

/* --- Starting and stopping --- */

/* As many as there are descriptors for: each may need a second one, for a file or for the service
 * that it waits for. */
static size_t default_connection_max(void)
{
    struct rlimit limit = { .rlim_cur = 1024 };
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    size_t half = (size_t)MIN(limit.rlim_cur, (rlim_t)MB(1)) / 2;
    return MIN(half < 256 ? half / 2 : half - 128, (size_t)CONNECTIONS_MAX);
}

static void fill_defaults(HttpServerOptions *options)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (!options->reactor_count)
        options->reactor_count = (int)MIN(MAX(cores, 1), 4);
    options->reactor_count = MIN(options->reactor_count, 4);
    options->thread_count = options->thread_count ? options->thread_count : 16;
    options->queue_max = options->queue_max ? options->queue_max : 1024;
    options->wait_ms = options->wait_ms ? options->wait_ms : 10000;
    options->connection_max =
        options->connection_max ? options->connection_max : default_connection_max();
    if (!options->connection_max_per_address)
        options->connection_max_per_address = 512;
    options->header_max = options->header_max ? options->header_max : KB(16);
    options->idle_s = options->idle_s ? options->idle_s : 60;
    options->head_s = options->head_s ? options->head_s : 20;
    options->disk_reserve = options->disk_reserve ? options->disk_reserve : MB(256);
}

static bool start_all(HttpServer *server, Error *err)
{
    for (int i = 0; i < server->options.reactor_count; i++) {
        server->loop_count++;
        if (!start_loop(server, i, err))
            return false;
    }
    if (!listeners_open(server, err))
        return false;
    for (int i = 0; i < server->loop_count; i++)
        if (!reactor_start(server->loops[i].reactor, err))
            return false;
    return true;
}

bool http_server_start(const HttpServerOptions *options, const HttpDispatch *dispatch, void *app,
                       HttpServer **server_r, Error *err)
{
    HttpServer *server = heap_alloc(sizeof *server);
    server->options = *options;
    fill_defaults(&server->options);
    server->dispatch = dispatch;
    server->app = app;
    server->spare_fd = -1;
    for (size_t i = 0; i < LISTENER_COUNT; i++)
        server->listeners[i].fd = -1;
    pthread_mutex_init(&server->lock, NULL);
    addresses_open(server);
    server->pool = pool_new("http", server->options.thread_count, server->options.queue_max);
    pool_open_lane(server->pool, MAX(server->options.thread_count / 4, 1));
    server->watch_pool = pool_new("http-watch", WATCH_THREADS, WATCH_QUEUE_MAX);
    *server_r = server; /* the first handler may run, and look at it, before all have started */
    if (start_all(server, err))
        return true;
    *server_r = NULL;
    (void)http_server_stop(server, 0);
    return false;
}

int http_server_port(const HttpServer *server) { return server->port; }

static void stop_accepting(void *argument) { listeners_close(argument); }
static void begin_accepting(void *argument)
{
    HttpServer *server = argument;
    Error err;
    if (!listeners_watch(server, &err))
        log_error("http", "nobody can connect: %s", err.message);
}

static void stop_endless(void *argument) { streams_end(argument, false); }
static void stop_waiting(void *argument)
{
    exchanges_end(argument);
    streams_end(argument, true);
}

static void stop_loop(void *argument)
{
    HttpLoop *loop = argument;
    loop->is_stopped = true;
    while (loop->links)
        http_link_close(loop->links);
    reactor_clear_timer(loop->reactor, &loop->sweep);
    lingers_end(loop);
    if (loop->server->dispatch->leave)
        loop->server->dispatch->leave(loop->server->app, loop->reactor);
}

/* Run on the loop's thread, or here when it never started. */
static void tell_loop(HttpLoop *loop, ReactorCall *call, void *argument)
{
    if (reactor_has_started(loop->reactor))
        reactor_post(loop->reactor, call, argument);
    else
        call(argument);
}

static void tell_loops(HttpServer *server, ReactorCall *call)
{
    for (int i = 0; i < server->loop_count; i++)
        if (server->loops[i].reactor)
            tell_loop(&server->loops[i], call, &server->loops[i]);
}

void http_server_accept(HttpServer *server)
{
    tell_loop(&server->loops[0], begin_accepting, server);
}

HttpSockets http_server_sockets(const HttpServer *server)
{
    return (HttpSockets){ .tcp = server->listeners[LISTENER_TCP].fd,
                          .local = server->listeners[LISTENER_LOCAL].fd,
                          .redirect = server->listeners[LISTENER_REDIRECT].fd };
}

void http_server_leave(HttpServer *server)
{
    if (!atomic_exchange(&server->is_leaving, true))
        tell_loops(server, stop_endless);
}

bool http_server_is_leaving(const HttpServer *server)
{
    return server->is_leaving && !server->is_given_away;
}

static void beat(void *server) { ((HttpServer *)server)->beats_due--; }

bool http_server_beats(HttpServer *server)
{
    if (server->beats_due > 0)
        return false;
    server->beats_due = server->loop_count;
    for (int i = 0; i < server->loop_count; i++)
        tell_loop(&server->loops[i], beat, server);
    return true;
}

static void post_semaphore(void *argument) { sem_post(argument); }

void http_server_hand_over(HttpServer *server)
{
    sem_t done;
    server->is_given_away = true;
    http_server_leave(server);
    sem_init(&done, 0, 0);
    tell_loop(&server->loops[0], stop_accepting, server);
    tell_loop(&server->loops[0], post_semaphore, &done);
    while (sem_wait(&done) != 0)
        ;
    sem_destroy(&done);
}

void http_server_drain(HttpServer *server, int64_t for_ms)
{
    if (!server)
        return;
    http_server_leave(server);
    tell_loop(&server->loops[0], stop_accepting, server);
    int64_t end = monotonic_ms() + for_ms;
    /* Whoever is connected may be sending a request now, and finds nobody else for it when the
     * connection is closed: where another process goes on, they have time to see that it ends. */
    while ((server->counts.active || (server->is_given_away && server->counts.connections)) &&
           monotonic_ms() < end)
        sleep_ms(5);
}

bool http_server_stop(HttpServer *server, int64_t grace_ms)
{
    if (!server)
        return true;
    server->is_leaving = true;
    if (server->loop_count && server->loops[0].reactor)
        tell_loop(&server->loops[0], stop_accepting, server);
    tell_loops(server, stop_waiting);
    int64_t end = monotonic_ms() + grace_ms;
    while (server->counts.active && monotonic_ms() < end)
        sleep_ms(5);
    /* What is left reads or sends bodies, or runs a handler; only the latter may not be freed. */
    if (server->counts.running)
        return false;

    for (int i = 0; i < server->loop_count; i++) {
        if (server->loops[i].reactor)
            tell_loop(&server->loops[i], stop_loop, &server->loops[i]);
        reactor_free(server->loops[i].reactor);
        free(server->loops[i].buffer);
    }
    pool_free(server->pool);
    pool_free(server->watch_pool);
    addresses_close(server);
    pthread_mutex_destroy(&server->lock);
    free(server);
    return true;
}

HttpServerCounts http_server_counts(HttpServer *server)
{
    return (HttpServerCounts){
        .requests = server->counts.requests,
        .refused = server->counts.refused,
        .bytes_in = server->counts.bytes_in,
        .bytes_out = server->counts.bytes_out,
        .connections = server->counts.connections,
        .active = server->counts.active,
        .streams = server->counts.streams,
        .waiting = pool_waiting(server->pool),
    };
}
