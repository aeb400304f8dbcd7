/* http_listen.c - see http_listen.h. */
#include "net/http_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/forwarded.h"

/* --- Connections of one address --- */

typedef struct AddressCount {
    uint64_t key;
    size_t count;
    struct AddressCount *next;
} AddressCount;

#define BUCKETS 256

struct AddressTable {
    AddressCount *buckets[BUCKETS];
};

void addresses_open(HttpServer *server)
{
    server->addresses = heap_alloc(sizeof *server->addresses);
}

void addresses_close(HttpServer *server)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (AddressCount *at = server->addresses->buckets[i], *next; at; at = next) {
            next = at->next;
            free(at);
        }
    free(server->addresses);
}

static AddressCount **find_address(HttpServer *server, uint64_t key)
{
    AddressCount **at = &server->addresses->buckets[key * 0x9E3779B97F4A7C15u >> 56];
    while (*at && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

/* One more connection of this address; false when it has too many. Any thread. */
static bool address_came(HttpServer *server, uint64_t key)
{
    if (!key)
        return true;
    pthread_mutex_lock(&server->lock);
    AddressCount **at = find_address(server, key);
    if (!*at) {
        *at = heap_alloc(sizeof **at);
        (*at)->key = key;
    }
    bool fits = (*at)->count < server->options.connection_max_per_address;
    (*at)->count += fits;
    pthread_mutex_unlock(&server->lock);
    return fits;
}

void address_left(HttpServer *server, uint64_t key)
{
    if (!key)
        return;
    pthread_mutex_lock(&server->lock);
    AddressCount **at = find_address(server, key);
    AddressCount *found = *at;
    if (found && --found->count == 0) {
        *at = found->next;
        free(found);
    }
    pthread_mutex_unlock(&server->lock);
}

/* IPv6: a network of 64 bits belongs to one customer, so it counts as one address. */
static uint64_t describe_peer(const struct sockaddr_storage *address, char *text, size_t size)
{
    uint64_t key = 0;
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)address;
        inet_ntop(AF_INET, &four->sin_addr, text, (socklen_t)size);
        return (uint64_t)1 << 32 | ntohl(four->sin_addr.s_addr);
    }
    if (address->ss_family != AF_INET6) {
        snprintf(text, size, "local");
        return 0;
    }
    const struct sockaddr_in6 *six = (const void *)address;
    const uint8_t *bytes = six->sin6_addr.s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        inet_ntop(AF_INET, bytes + 12, text, (socklen_t)size);
        uint32_t four;
        memcpy(&four, bytes + 12, sizeof four);
        return (uint64_t)1 << 32 | ntohl(four);
    }
    inet_ntop(AF_INET6, bytes, text, (socklen_t)size);
    memcpy(&key, bytes, sizeof key);
    return key ? key : 1;
}

/* --- Accepting --- */

static void turn_away(int fd)
{
    static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
                                 "Retry-After: 2\r\nContent-Length: 0\r\n\r\n";
    (void)!send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

static HttpLoop *emptiest_loop(HttpServer *server)
{
    HttpLoop *best = &server->loops[0];
    for (int i = 1; i < server->loop_count; i++)
        if (server->loops[i].link_count < best->link_count)
            best = &server->loops[i];
    return best;
}

static void take_connection(HttpServer *server, int fd, const struct sockaddr_storage *address,
                            const ReactorWatch *from)
{
    char peer[64];
    uint64_t key = describe_peer(address, peer, sizeof peer);
    if (trusted_proxies_have(server->options.trusted, str(peer)))
        key = 0; /* everybody comes from there */
    if (server->counts.connections >= server->options.connection_max ||
        !address_came(server, key)) {
        turn_away(fd);
        return;
    }
    HttpLoop *loop = emptiest_loop(server);
    HttpLink *link = heap_alloc(sizeof *link);
    *link =
        (HttpLink){ .loop = loop, .fd = fd, .address_key = key, .quiet_since_ms = monotonic_ms() };
    memcpy(link->peer, peer, sizeof peer);
    link->is_redirected = from == &server->listeners[LISTENER_REDIRECT];
    if (server->options.tls && from == &server->listeners[LISTENER_TCP]) {
        tls_files_look(server->options.tls);
        link->tls = tls_link_new(server->options.tls, fd);
    }
    loop->link_count++;
    server->counts.connections++;
    if (loop == &server->loops[0])
        loop_add(link);
    else
        reactor_post(loop->reactor, loop_add, link);
}

/* Out of descriptors: give up the spare one to accept and close the waiting connection, which
 * would otherwise keep the listening socket ready for ever. */
static void shed_connection(HttpServer *server, int listener)
{
    fd_auto(&server->spare_fd);
    int fd = accept(listener, NULL, NULL);
    fd_auto(&fd);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_accept(ReactorWatch *watch, uint32_t events)
{
    HttpServer *server = watch->owner;
    (void)events;
    for (int i = 0; i < 64; i++) {
        struct sockaddr_storage address = { 0 };
        socklen_t size = sizeof address;
        int fd =
            accept4(watch->fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
            shed_connection(server, watch->fd);
        if (fd < 0)
            return;
        take_connection(server, fd, &address, watch);
    }
}

/* --- Listening --- */

static bool explain(Error *err, int number, Str host, Str port)
{
    switch (number) {
    case EADDRINUSE:
        return fail(err, ERROR_CONFLICT,
                    "port " STR_FMT " of " STR_FMT
                    " is in use by another program; stop it, or choose another port",
                    STR_ARG(port), STR_ARG(host));
    case EADDRNOTAVAIL:
        return fail(err, ERROR_INVALID, STR_FMT " is not an address of this machine",
                    STR_ARG(host));
    case EACCES:
        return fail(err, ERROR_DENIED, "port " STR_FMT " needs more rights; choose one above 1023",
                    STR_ARG(port));
    default:
        errno = number;
        return fail_errno(err, "listening on " STR_FMT ":" STR_FMT, STR_ARG(host), STR_ARG(port));
    }
}

static void set_listener(HttpServer *server, Listener which, int fd)
{
    server->listeners[which] = (ReactorWatch){ .fd = fd, .ready = on_accept, .owner = server };
}

static int bind_address(const struct addrinfo *where)
{
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, off = 0;
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (where->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

static int port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    const struct sockaddr_in *four = (const void *)&address; /* the port is at one place in both */
    return ntohs(four->sin_port);
}

static bool open_tcp(Str address, int *fd_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    ptrdiff_t colon = str_find_last_char(address, ':');
    int64_t number;
    Str port = str_from(address, (size_t)(colon + 1));
    if (colon < 0 || !str_to_int(port, 0, 65535, &number))
        return fail(err, ERROR_INVALID, "'" STR_FMT "' is not ADDRESS:PORT", STR_ARG(address));
    Str host = str_slice(address, 0, (size_t)colon);
    if (str_starts(host, S("[")) && str_ends(host, S("]")))
        host = str_slice(host, 1, host.length - 1);

    struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    int failure =
        getaddrinfo(host.length ? str_c(arena, host) : NULL, str_c(arena, port), &hints, &found);
    if (failure)
        return fail(err, ERROR_INVALID, "cannot listen on '" STR_FMT "': %s", STR_ARG(host),
                    gai_strerror(failure));
    int fd = bind_address(found);
    int reason = errno;
    freeaddrinfo(found);
    if (fd < 0)
        return explain(err, reason, host, port);
    *fd_r = fd;
    return true;
}

bool http_server_may_listen(Str address, Error *err)
{
    AUTO_CLOSE int fd = -1;
    return open_tcp(address, &fd, err);
}

static bool listen_tcp(HttpServer *server, Listener which, Str address, Error *err)
{
    int fd;
    if (!open_tcp(address, &fd, err))
        return false;
    set_listener(server, which, fd);
    return true;
}

static bool listen_local(HttpServer *server, const char *path, Error *err)
{
    struct sockaddr_un where = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof where.sun_path)
        return fail(err, ERROR_INVALID, "the path of the local socket is longer than %zu bytes: %s",
                    sizeof where.sun_path - 1, path);
    memcpy(where.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail_errno(err, "making the local socket");
    (void)unlink(path); /* of a server that died; the folder's lock keeps out a living one */
    if (bind(fd, (struct sockaddr *)&where, sizeof where) != 0 || chmod(path, 0600) != 0 ||
        listen(fd, SOMAXCONN) != 0) {
        fail_errno(err, "making the local socket %s", path);
        close(fd);
        return false;
    }
    set_listener(server, LISTENER_LOCAL, fd);
    return true;
}

bool listeners_open(HttpServer *server, Error *err)
{
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const HttpServerOptions *options = &server->options;
    if (options->given) {
        set_listener(server, LISTENER_LOCAL, options->given->local);
        set_listener(server, LISTENER_TCP, options->given->tcp);
        set_listener(server, LISTENER_REDIRECT, options->given->redirect);
    }
    const int *local = &server->listeners[LISTENER_LOCAL].fd;
    const int *tcp = &server->listeners[LISTENER_TCP].fd;
    const int *redirect = &server->listeners[LISTENER_REDIRECT].fd;
    if ((options->local_path && *local < 0 && !listen_local(server, options->local_path, err)) ||
        (options->listen && *tcp < 0 &&
         !listen_tcp(server, LISTENER_TCP, str(options->listen), err)) ||
        (options->listen_redirect && *redirect < 0 &&
         !listen_tcp(server, LISTENER_REDIRECT, str(options->listen_redirect), err)))
        return false;
    if (*local >= 0)
        server->local_path = heap_text(options->local_path);
    if (*tcp >= 0)
        server->port = port_of(*tcp);
    return options->is_held || listeners_watch(server, err);
}

bool listeners_watch(HttpServer *server, Error *err)
{
    /* The local one first: who sees the other ready may use the command line at once. */
    for (size_t i = 0; i < LISTENER_COUNT; i++)
        if (server->listeners[i].fd >= 0 &&
            !reactor_watch(server->loops[0].reactor, &server->listeners[i], EPOLLIN, err))
            return false;
    return true;
}

void listeners_close(HttpServer *server)
{
    for (size_t i = 0; i < COUNT(server->listeners); i++) {
        if (server->listeners[i].fd < 0)
            continue;
        reactor_unwatch(server->loops[0].reactor, &server->listeners[i]);
        close(server->listeners[i].fd);
        server->listeners[i].fd = -1;
    }
    if (server->local_path && !server->is_given_away)
        (void)unlink(server->local_path);
    free(server->local_path);
    server->local_path = NULL;
    fd_auto(&server->spare_fd);
    server->spare_fd = -1;
}

/* --- Lingering --- */

#define LINGER_MS 5000
#define LINGER_BYTES MB(64)
#define LINGER_COUNT_MAX 128

struct Linger {
    HttpLoop *loop;
    ReactorWatch watch;
    ReactorTimer timer;
    size_t drained;
    struct Linger *next, *previous;
};

static void linger_end(struct Linger *one)
{
    HttpLoop *loop = one->loop;
    reactor_unwatch(loop->reactor, &one->watch);
    reactor_clear_timer(loop->reactor, &one->timer);
    close(one->watch.fd);
    if (one->previous)
        one->previous->next = one->next;
    else
        loop->lingers = one->next;
    if (one->next)
        one->next->previous = one->previous;
    loop->linger_count--;
    free(one);
}

static void on_linger_time(ReactorTimer *timer) { linger_end(timer->owner); }

static void on_linger_bytes(ReactorWatch *watch, uint32_t events)
{
    struct Linger *one = watch->owner;
    char bytes[KB(16)];
    (void)events;
    for (int i = 0; i < 16; i++) {
        ssize_t got = recv(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        one->drained += (size_t)MAX(got, 0);
        if (got <= 0 || one->drained > LINGER_BYTES) {
            linger_end(one);
            return;
        }
    }
}

bool linger(HttpLoop *loop, int fd)
{
    Error ignored;
    if (loop->linger_count >= LINGER_COUNT_MAX)
        return false;
    (void)shutdown(fd, SHUT_WR);
    struct Linger *one = heap_alloc(sizeof *one);
    one->loop = loop;
    one->watch = (ReactorWatch){ .fd = fd, .ready = on_linger_bytes, .owner = one };
    one->timer = (ReactorTimer){ .fire = on_linger_time, .owner = one };
    one->next = loop->lingers;
    if (loop->lingers)
        loop->lingers->previous = one;
    loop->lingers = one;
    loop->linger_count++;
    reactor_set_timer(loop->reactor, &one->timer, monotonic_ms() + LINGER_MS);
    if (!reactor_watch(loop->reactor, &one->watch, EPOLLIN | EPOLLRDHUP, &ignored))
        linger_end(one);
    return true;
}

void lingers_end(HttpLoop *loop)
{
    while (loop->lingers)
        linger_end(loop->lingers);
}
