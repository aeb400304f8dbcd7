/* async_link.c - see async_link.h. */
#include "net/async_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <unistd.h>

#include "net/http_reader.h"

struct TlsContext {
    SSL_CTX *ssl;
    bool trusts_system;
};

/* --- TLS --- */

static bool fail_tls(Error *err, const char *doing)
{
    unsigned long code = ERR_peek_error();
    const char *why = code ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return fail(err, ERROR_UPSTREAM, "TLS: %s failed: %s", doing,
                why ? why : "the other side broke off");
}

/* NULL: they could not be read, and nobody is trusted. */
static X509_STORE *system_certificates;

static void load_system(void)
{
    X509_STORE *store = X509_STORE_new();
    if (store && X509_STORE_set_default_paths(store))
        system_certificates = store;
    else
        X509_STORE_free(store);
    ERR_clear_error();
}

void tls_load_system(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_system);
}

bool tls_context_new(const char *ca_file, TlsContext **context_r, Error *err)
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_client_method());
    bool good = ssl && SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) &&
                (!ca_file || SSL_CTX_load_verify_file(ssl, ca_file));
    if (!good) {
        SSL_CTX_free(ssl);
        return fail_tls(err, ca_file ? "reading the certificates to trust" : "starting");
    }
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    /* Only the handshake reads to write, so what a write waits for is always that it may write. */
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
    TlsContext *context = heap_alloc(sizeof *context);
    context->ssl = ssl;
    context->trusts_system = !ca_file;
    *context_r = context;
    return true;
}

void tls_context_free(TlsContext *context)
{
    if (!context)
        return;
    SSL_CTX_free(context->ssl);
    free(context);
}

static bool is_address(const char *host)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static bool trust(SSL *ssl, const TlsContext *context)
{
    if (!context->trusts_system)
        return true;
    tls_load_system();
    return !system_certificates || SSL_set1_verify_cert_store(ssl, system_certificates);
}

static bool start_tls(AsyncLink *link, TlsContext *context, const char *host, Error *err)
{
    static const unsigned char protocols[] = "\x08http/1.1";
    SSL *ssl = SSL_new(context->ssl);
    bool good = ssl && trust(ssl, context) && SSL_set_fd(ssl, link->fd) &&
                !SSL_set_alpn_protos(ssl, protocols, sizeof protocols - 1);
    if (good && is_address(host))
        good = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
    else if (good)
        good = SSL_set1_host(ssl, host) && SSL_set_tlsext_host_name(ssl, host);
    if (!good) {
        SSL_free(ssl);
        return fail_tls(err, "starting");
    }
    SSL_set_connect_state(ssl);
    link->tls = ssl;
    return true;
}

/* What OpenSSL's `result` means for the link. */
static LinkResult tls_result(AsyncLink *link, int result, const char *doing, Error *err)
{
    int kind = SSL_get_error(link->tls, result);
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
        link->wants_write = kind == SSL_ERROR_WANT_WRITE;
        return LINK_LATER;
    }
    if (kind == SSL_ERROR_ZERO_RETURN)
        return LINK_CLOSED;
    long verified = SSL_get_verify_result(link->tls);
    if (verified != X509_V_OK && !link->is_connected) {
        ERR_clear_error();
        fail(err, ERROR_UPSTREAM, "its certificate is not trusted: %s",
             X509_verify_cert_error_string(verified));
    } else {
        fail_tls(err, doing);
    }
    return LINK_FAILED;
}

static LinkResult socket_result(Error *err)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return LINK_LATER;
    fail(err, ERROR_UPSTREAM, "the connection broke: %s", strerror(errno));
    return LINK_FAILED;
}

/* --- A way through a proxy: RFC 9110, section 9.3.6 --- */

struct LinkTunnel {
    Str request; /* what of it was not sent */
    HttpReader reader;
    int status;
};

static bool note_status(void *self, const HttpHead *head, Error *err)
{
    struct LinkTunnel *tunnel = self;
    (void)err;
    tunnel->status = head->status;
    return true;
}

static struct LinkTunnel *tunnel_new(const char *request)
{
    struct LinkTunnel *tunnel = heap_alloc(sizeof *tunnel);
    tunnel->request = str(request);
    tunnel->reader = (HttpReader){ .head = note_status, .self = tunnel, .has_no_body = true };
    http_reader_begin(&tunnel->reader);
    return tunnel;
}

static void tunnel_free(struct LinkTunnel *tunnel)
{
    if (!tunnel)
        return;
    http_reader_end(&tunnel->reader);
    free(tunnel);
}

static bool feed_tunnel(struct LinkTunnel *tunnel, Str bytes, Error *err)
{
    size_t used;
    if (!http_reader_feed(&tunnel->reader, bytes, &used, err))
        return false;
    if (http_reader_is_done(&tunnel->reader) && tunnel->status / 100 != 2)
        return fail(err, ERROR_UPSTREAM, "the proxy refused with status %d", tunnel->status);
    /* Who is behind it waits for our first word. */
    return used == bytes.length || fail(err, ERROR_UPSTREAM, "the proxy says too much");
}

static LinkResult tunnel_go_on(AsyncLink *link, Error *err)
{
    struct LinkTunnel *tunnel = link->tunnel;
    while (tunnel->request.length) {
        ssize_t count = send(link->fd, tunnel->request.at, tunnel->request.length, MSG_NOSIGNAL);
        if (count < 0) {
            LinkResult result = socket_result(err);
            link->wants_write = result == LINK_LATER;
            return result;
        }
        tunnel->request = str_from(tunnel->request, (size_t)count);
    }
    while (!http_reader_is_done(&tunnel->reader)) {
        char bytes[KB(4)];
        ssize_t count = recv(link->fd, bytes, sizeof bytes, 0);
        if (count < 0)
            return socket_result(err);
        if (!count)
            return fail(err, ERROR_UPSTREAM, "the proxy closed the connection"), LINK_FAILED;
        if (!feed_tunnel(tunnel, (Str){ bytes, (size_t)count }, err))
            return LINK_FAILED;
    }
    return LINK_DONE;
}

/* --- Connecting --- */

bool link_open(AsyncLink *link, const struct sockaddr *address, socklen_t size, TlsContext *tls,
               const char *host, const char *tunnel, Error *err)
{
    *link = (AsyncLink){ .fd = socket(address->sa_family,
                                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) };
    if (link->fd < 0)
        return fail_errno(err, "making a connection");
    (void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    if (connect(link->fd, address, size) != 0 && errno != EINPROGRESS) {
        fail(err, ERROR_UPSTREAM, "connecting: %s", strerror(errno));
        link_close(link);
        return false;
    }
    link->wants_write = true;
    if (tunnel)
        link->tunnel = tunnel_new(tunnel);
    if (tls && !start_tls(link, tls, host, err)) {
        link_close(link);
        return false;
    }
    return true;
}

LinkResult link_connect(AsyncLink *link, Error *err)
{
    int failure = 0;
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &failure, &(socklen_t){ sizeof failure }) != 0 ||
        failure) {
        fail(err, ERROR_UPSTREAM, "connecting: %s", strerror(failure ? failure : errno));
        return LINK_FAILED;
    }
    link->wants_write = false;
    if (link->tunnel) {
        LinkResult result = tunnel_go_on(link, err);
        if (result != LINK_DONE)
            return result;
        tunnel_free(link->tunnel);
        link->tunnel = NULL;
    }
    if (link->tls) {
        ERR_clear_error(); /* SSL_get_error() would take another's for its own */
        int result = SSL_do_handshake(link->tls);
        if (result != 1)
            return tls_result(link, result, "the handshake", err);
    }
    link->is_connected = true;
    return LINK_DONE;
}

void link_close(AsyncLink *link)
{
    if (link->tls) {
        (void)SSL_shutdown(link->tls);
        SSL_free(link->tls);
        ERR_clear_error();
    }
    tunnel_free(link->tunnel);
    link->tunnel = NULL;
    fd_auto(&link->fd);
    link->fd = -1;
    link->tls = NULL;
}

/* --- Reading and writing --- */

bool link_is_quiet(const AsyncLink *link)
{
    char byte;
    return !(link->tls && SSL_has_pending(link->tls)) &&
           recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

LinkResult link_read(AsyncLink *link, char *out, size_t max, size_t *count_r, Error *err)
{
    if (link->tls) {
        ERR_clear_error();
        int count = SSL_read(link->tls, out, (int)MIN(max, (size_t)INT_MAX));
        if (count <= 0)
            return tls_result(link, count, "reading", err);
        *count_r = (size_t)count;
        return LINK_DONE;
    }
    ssize_t count = recv(link->fd, out, max, 0);
    if (count < 0)
        return socket_result(err);
    *count_r = (size_t)count;
    return count ? LINK_DONE : LINK_CLOSED;
}

LinkResult link_write(AsyncLink *link, const struct iovec *parts, int part_count, size_t *count_r,
                      Error *err)
{
    if (link->tls) {
        int first = 0;
        while (first < part_count - 1 && !parts[first].iov_len)
            first++;
        ERR_clear_error();
        int count = SSL_write(link->tls, parts[first].iov_base,
                              (int)MIN(parts[first].iov_len, (size_t)INT_MAX));
        if (count <= 0) {
            LinkResult result = tls_result(link, count, "writing", err);
            link->wants_write = false; /* the writer knows what it has left */
            return result;
        }
        *count_r = (size_t)count;
        return LINK_DONE;
    }
    struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)parts,
                              .msg_iovlen = (size_t)part_count };
    ssize_t count = sendmsg(link->fd, &message, MSG_NOSIGNAL);
    if (count < 0)
        return socket_result(err);
    *count_r = (size_t)count;
    return LINK_DONE;
}
