/* imap_link.c - see imap_link.h. */
#include "net/imap_link.h"

#include <errno.h>
#include <poll.h>

#define CONNECT_S 20L
#define SIGN_IN_S 60L
#define BUFFER KB(64)
#define IDLE_MS (25 * 60000) /* servers hang up after 29 minutes, RFC 2177 */
#define KEEPALIVE_S 60L      /* a server that vanished while nothing was said is noticed */

/* --- Connecting --- */

static const struct {
    const char *scheme;
    int port;
    long tls; /* CURLUSESSL_... */
} kinds[] = {
    [IMAP_TLS] = { "imaps", 993, CURLUSESSL_ALL },
    [IMAP_STARTTLS] = { "imap", 143, CURLUSESSL_ALL },
    [IMAP_PLAIN] = { "imap", 143, CURLUSESSL_NONE },
};

static void set_server(Imap *imap, const ImapServer *server)
{
    int port = server->port ? server->port : kinds[server->security].port;
    bool is_ip6 = str_find_char(server->host, ':') >= 0;
    Str url = str_format(imap->arena, "%s://%s" STR_FMT "%s:%d/", kinds[server->security].scheme,
                         is_ip6 ? "[" : "", STR_ARG(server->host), is_ip6 ? "]" : "", port);
    bool is_pinned_ip6 = str_find_char(server->pinned_address, ':') >= 0;
    if (server->pinned_address.length)
        imap->pin = libcurl.slist_append(
            NULL, str_format(imap->arena,
                             is_pinned_ip6 ? STR_FMT ":%d:[" STR_FMT "]" : STR_FMT ":%d:" STR_FMT,
                             STR_ARG(server->host), port, STR_ARG(server->pinned_address))
                      .at);
    libcurl.easy_setopt(imap->handle, CURLOPT_URL, url.at);
    libcurl.easy_setopt(imap->handle, CURLOPT_RESOLVE, imap->pin);
    libcurl.easy_setopt(imap->handle, CURLOPT_USE_SSL, kinds[server->security].tls);
    if (server->ca_file)
        libcurl.easy_setopt(imap->handle, CURLOPT_CAINFO, server->ca_file);
    libcurl.easy_setopt(imap->handle, CURLOPT_USERNAME, str_c(imap->arena, server->user));
    if (server->token.length)
        libcurl.easy_setopt(imap->handle, CURLOPT_XOAUTH2_BEARER,
                            str_c(imap->arena, server->token));
    else
        libcurl.easy_setopt(imap->handle, CURLOPT_PASSWORD, str_c(imap->arena, server->password));
}

static void set_session(Imap *imap, char *error_text)
{
    libcurl.easy_setopt(imap->handle, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    libcurl.easy_setopt(imap->handle, CURLOPT_CONNECT_ONLY, 1L);
    libcurl.easy_setopt(imap->handle, CURLOPT_SSL_VERIFYPEER, 1L);
    libcurl.easy_setopt(imap->handle, CURLOPT_SSL_VERIFYHOST, 2L);
    libcurl.easy_setopt(imap->handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    libcurl.easy_setopt(imap->handle, CURLOPT_PROXY, "");
    libcurl.easy_setopt(imap->handle, CURLOPT_NOSIGNAL, 1L);
    libcurl.easy_setopt(imap->handle, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    libcurl.easy_setopt(imap->handle, CURLOPT_TIMEOUT, SIGN_IN_S);
    libcurl.easy_setopt(imap->handle, CURLOPT_TCP_KEEPALIVE, 1L);
    libcurl.easy_setopt(imap->handle, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S);
    libcurl.easy_setopt(imap->handle, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_S);
    libcurl.easy_setopt(imap->handle, CURLOPT_ERRORBUFFER, error_text);
}

static bool explain(CURLcode code, const char *text, Error *err)
{
    const char *why = text[0] ? text : libcurl.easy_strerror(code);
    if (code == CURLE_LOGIN_DENIED)
        return fail(err, ERROR_DENIED, "the mail server refuses user or password");
    if (code == CURLE_USE_SSL_FAILED)
        return fail(err, ERROR_DENIED, "the mail server offers no STARTTLS");
    if (code == CURLE_OPERATION_TIMEDOUT)
        return fail(err, ERROR_TIMEOUT, "the mail server took too long: %s", why);
    return fail(err, ERROR_UPSTREAM, "the mail server could not be asked: %s", why);
}

bool imap_open(const ImapServer *server, Imap **imap_r, Error *err)
{
    char error_text[CURL_ERROR_SIZE] = "";
    if (!libcurl_load(err))
        return false;
    Imap *imap = heap_alloc(sizeof *imap);
    imap->arena = arena_new(MB(16));
    imap->idle_ms = server->idle_ms ? server->idle_ms : IDLE_MS;
    imap->buffer = arena_alloc_raw(imap->arena, BUFFER);
    imap->handle = libcurl.easy_init();
    set_session(imap, error_text);
    set_server(imap, server);
    CURLcode code = libcurl.easy_perform(imap->handle);
    libcurl.easy_setopt(imap->handle, CURLOPT_ERRORBUFFER, NULL);
    libcurl.easy_getinfo(imap->handle, CURLINFO_ACTIVESOCKET, &imap->socket);
    if (code != CURLE_OK) {
        imap_close(imap);
        return explain(code, error_text, err);
    }
    *imap_r = imap;
    return true;
}

void imap_close(Imap *imap)
{
    if (!imap)
        return;
    libcurl.easy_cleanup(imap->handle);
    libcurl.slist_free_all(imap->pin);
    arena_free(imap->arena);
    free(imap);
}

/* --- Bytes --- */

static bool wait_for(Imap *imap, short events, int64_t wait_ms, Error *err)
{
    struct pollfd descriptor = { .fd = imap->socket, .events = events };
    int ready;
    do
        ready = poll(&descriptor, 1, (int)wait_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0 || fail(err, ERROR_TIMEOUT, "the mail server has stopped answering");
}

bool imap_send(Imap *imap, Str bytes, Error *err)
{
    while (bytes.length) {
        size_t sent = 0;
        CURLcode code = libcurl.easy_send(imap->handle, bytes.at, bytes.length, &sent);
        if (code == CURLE_AGAIN && wait_for(imap, POLLOUT, IMAP_WAIT_MS, err))
            continue;
        if (code != CURLE_OK)
            return code == CURLE_AGAIN ? false : explain(code, "", err);
        bytes = str_from(bytes, sent);
    }
    return true;
}

bool imap_receive(Imap *imap, int64_t wait_ms, Error *err)
{
    size_t got = 0;
    if (imap->from) {
        memmove(imap->buffer, imap->buffer + imap->from, imap->to - imap->from);
        imap->to -= imap->from;
        imap->from = 0;
    }
    for (;;) {
        CURLcode code =
            libcurl.easy_recv(imap->handle, imap->buffer + imap->to, BUFFER - imap->to, &got);
        if (code == CURLE_AGAIN) {
            if (!wait_for(imap, POLLIN, wait_ms, err))
                return false;
            continue;
        }
        if (code != CURLE_OK)
            return explain(code, "", err);
        imap->to += got;
        return got || fail(err, ERROR_UPSTREAM, "the mail server has hung up");
    }
}

bool imap_line(Imap *imap, int64_t wait_ms, Str *line_r, Error *err)
{
    size_t looked = 0;
    for (;;) {
        Str there = { imap->buffer + imap->from, imap->to - imap->from };
        ptrdiff_t end = str_find_char(str_from(there, looked), '\n');
        if (end >= 0) {
            size_t length = looked + (size_t)end;
            imap->from += length + 1;
            *line_r =
                str_slice(there, 0, length && there.at[length - 1] == '\r' ? length - 1 : length);
            return true;
        }
        looked = there.length;
        if (looked >= BUFFER)
            return fail(err, ERROR_UPSTREAM, "a line of the mail server is too long");
        if (!imap_receive(imap, wait_ms, err))
            return false;
    }
}
