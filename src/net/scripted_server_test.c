/* scripted_server_test.c - see scripted_server_test.h. */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/scripted_server_test.h"

/* The connection being served. */
typedef struct Peer {
    int fd;
    SSL *tls;
    char *kept; /* read but not used: a request that came with the one before */
    size_t kept_size, capacity;
} Peer;

int scripted_listen(int backlog, int *port_r)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    cr_assert(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, backlog) == 0);
    cr_assert(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *port_r = ntohs(address.sin_port);
    return fd;
}

static void drop(Peer *peer, const ScriptedServer *server)
{
    if (peer->tls && !server->ignores_tls_end)
        (void)SSL_shutdown(peer->tls);
    SSL_free(peer->tls);
    fd_auto(&peer->fd);
    free(peer->kept);
    *peer = (Peer){ .fd = -1 };
}

static void reset(Peer *peer)
{
    struct linger at_once = { .l_onoff = 1 };
    (void)setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(peer->fd);
    peer->fd = -1;
}

static void take_peer(Peer *peer, ScriptedServer *server)
{
    drop(peer, server);
    struct pollfd waits = { .fd = server->listener, .events = POLLIN };
    if (poll(&waits, 1, 5000) != 1)
        return;
    peer->fd = accept(server->listener, NULL, NULL);
    server->accepted++;
}

static void begin_tls(Peer *peer, const ScriptedServer *server)
{
    peer->tls = SSL_new(server->tls);
    SSL_set_fd(peer->tls, peer->fd);
    (void)SSL_accept(peer->tls);
}

static void send_all(Peer *peer, Str bytes)
{
    while (bytes.length) {
        ssize_t count = peer->tls ? SSL_write(peer->tls, bytes.at, (int)bytes.length)
                                  : send(peer->fd, bytes.at, bytes.length, MSG_NOSIGNAL);
        if (count <= 0)
            return;
        bytes = str_from(bytes, (size_t)count);
    }
}

static bool read_more(Peer *peer)
{
    if (peer->capacity < peer->kept_size + KB(64)) {
        peer->capacity = peer->kept_size * 2 + KB(64);
        peer->kept = heap_grow(peer->kept, peer->capacity);
    }
    ssize_t count = peer->tls ? SSL_read(peer->tls, peer->kept + peer->kept_size, KB(64))
                              : recv(peer->fd, peer->kept + peer->kept_size, KB(64), 0);
    if (count > 0)
        peer->kept_size += (size_t)count;
    return count > 0;
}

static void use_up(Peer *peer, size_t count)
{
    memmove(peer->kept, peer->kept + count, peer->kept_size - count);
    peer->kept_size -= count;
}

/* The length that the head promises; the head is used up. */
static size_t read_head(ScriptedServer *server, Peer *peer)
{
    const char *end;
    while (!peer->kept_size || !(end = memmem(peer->kept, peer->kept_size, "\r\n\r\n", 4)))
        if (!read_more(peer))
            return 0;
    const char *length = memmem(peer->kept, (size_t)(end - peer->kept), "Content-Length: ", 16);
    size_t size = length ? strtoul(length + 16, NULL, 10) : 0;
    if (!server->head[0])
        snprintf(server->head, sizeof server->head, "%.*s", (int)(end + 4 - peer->kept),
                 peer->kept);
    use_up(peer, (size_t)(end + 4 - peer->kept));
    return size;
}

static void read_line(Peer *peer)
{
    const char *end;
    while (!peer->kept_size || !(end = memchr(peer->kept, '\n', peer->kept_size)))
        if (!read_more(peer))
            return;
    use_up(peer, (size_t)(end + 1 - peer->kept));
}

static void read_request(ScriptedServer *server, Peer *peer)
{
    size_t size = read_head(server, peer);
    while (peer->kept_size < size)
        if (!read_more(peer))
            return;
    server->body = heap_grow(server->body, size + 1);
    memcpy(server->body, peer->kept, size);
    server->body_size = size;
    use_up(peer, size);
}

static void send_chunks(Peer *peer)
{
    char chunk[KB(1) + 7];
    memcpy(chunk, "400\r\n", 5);
    memset(chunk + 5, 'x', KB(1));
    memcpy(chunk + 5 + KB(1), "\r\n", 2);
    for (int i = 0; i < 10240; i++)
        send_all(peer, (Str){ chunk, sizeof chunk });
    send_all(peer, S("0\r\n\r\n"));
}

static void *serve(void *argument)
{
    ScriptedServer *server = argument;
    Peer peer = { .fd = -1 };
    const char *const *text = server->texts;
    for (const char *step = server->script; *step; step++)
        switch (*step) {
        case 'a': take_peer(&peer, server); break;
        case 't': begin_tls(&peer, server); break;
        case 'h': (void)read_head(server, &peer); break;
        case 'r': read_request(server, &peer); break;
        case 'l': read_line(&peer); break;
        case 's': send_all(&peer, str(*text++)); break;
        case 'e': send_all(&peer, (Str){ server->body, server->body_size }); break;
        case 'b': send_chunks(&peer); break;
        case 'w': sleep_ms(100); break;
        case 'c': drop(&peer, server); break;
        case 'x': reset(&peer); break;
        default: cr_assert_fail("no step '%c'", *step);
        }
    drop(&peer, server);
    return NULL;
}

void scripted_start(ScriptedServer *server)
{
    server->listener = scripted_listen(16, &server->port);
    cr_assert(pthread_create(&server->thread, NULL, serve, server) == 0);
}

void scripted_end(ScriptedServer *server)
{
    pthread_join(server->thread, NULL);
    close(server->listener);
    free(server->body);
}
