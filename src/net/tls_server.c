/* tls_server.c - see tls_server.h.
 *
 * OpenSSL wants a write that had to wait to be repeated with the same bytes, so they are kept: to
 * whoever sends they have gone. */
#include "net/tls_server.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/certificate.h"

#define LOOK_MS 5000
#define RECORD_MAX KB(16)

typedef struct FileMark { /* another file, or another content, has another */
    struct timespec changed;
    ino_t number;
    off_t size;
} FileMark;

struct TlsFiles {
    char *certificate, *key;
    pthread_mutex_t lock;
    SSL_CTX *context;
    FileMark marks[2]; /* of what was read last, or could not be */
    int64_t looked_ms;
};

struct TlsLink {
    SSL *ssl;
    bool is_open, is_broken;
    char *kept; /* to be sent again; NULL: nothing */
    size_t kept_length;
};

/* --- Files --- */

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *length,
                           const unsigned char *in, unsigned int in_length, void *argument)
{
    static const unsigned char spoken[] = "\x08http/1.1";
    unsigned char *chosen;
    (void)ssl, (void)argument;
    if (SSL_select_next_proto(&chosen, length, spoken, sizeof spoken - 1, in, in_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK; /* who offers other protocols alone may still speak ours */
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *make_context(const TlsFiles *files, Error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    ERR_clear_error();
    if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) ||
        !certificate_use(context, files->certificate, files->key, err)) {
        if (!context)
            fail(err, ERROR_INTERNAL, "TLS cannot be begun");
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"lectern", 7);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return context;
}

static FileMark mark_of(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return (FileMark){ 0 };
    return (FileMark){ about.st_mtim, about.st_ino, about.st_size };
}

static bool is_same(const FileMark *a, const FileMark *b)
{
    return a->number == b->number && a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Under the lock. */
static bool read_again(TlsFiles *files, Error *err)
{
    files->marks[0] = mark_of(files->certificate);
    files->marks[1] = mark_of(files->key);
    SSL_CTX *context = make_context(files, err);
    if (!context)
        return false;
    SSL_CTX_free(files->context); /* connections hold it on their own */
    files->context = context;
    return true;
}

bool tls_files_open(const char *certificate, const char *key, TlsFiles **files_r, Error *err)
{
    TlsFiles *files = heap_alloc(sizeof *files);
    files->certificate = heap_text(certificate);
    files->key = heap_text(key);
    pthread_mutex_init(&files->lock, NULL);
    files->looked_ms = monotonic_ms();
    if (read_again(files, err)) {
        *files_r = files;
        return true;
    }
    tls_files_free(files);
    return false;
}

bool tls_files_read(TlsFiles *files, Error *err)
{
    pthread_mutex_lock(&files->lock);
    bool good = read_again(files, err);
    pthread_mutex_unlock(&files->lock);
    return good;
}

void tls_files_look(TlsFiles *files)
{
    Error err;
    int64_t now = monotonic_ms();
    pthread_mutex_lock(&files->lock);
    bool looks = now - files->looked_ms >= LOOK_MS;
    if (looks) {
        FileMark marks[] = { mark_of(files->certificate), mark_of(files->key) };
        files->looked_ms = now;
        if (is_same(&marks[0], &files->marks[0]) && is_same(&marks[1], &files->marks[1]))
            ;
        else if (read_again(files, &err))
            log_info("tls", "the certificate is read again");
        else
            log_error("tls", "the certificate of before is used on: %s", err.message);
    }
    pthread_mutex_unlock(&files->lock);
}

void tls_files_free(TlsFiles *files)
{
    if (!files)
        return;
    SSL_CTX_free(files->context);
    pthread_mutex_destroy(&files->lock);
    free(files->certificate);
    free(files->key);
    free(files);
}

/* --- Connections --- */

TlsLink *tls_link_new(TlsFiles *files, int fd)
{
    TlsLink *link = heap_alloc(sizeof *link);
    pthread_mutex_lock(&files->lock);
    link->ssl = SSL_new(files->context);
    pthread_mutex_unlock(&files->lock);
    if (!link->ssl || !SSL_set_fd(link->ssl, fd))
        link->is_broken = true;
    else
        SSL_set_accept_state(link->ssl);
    return link;
}

void tls_link_free(TlsLink *link)
{
    if (!link)
        return;
    ERR_clear_error();
    if (link->is_open && !link->is_broken)
        (void)SSL_shutdown(link->ssl);
    ERR_clear_error();
    SSL_free(link->ssl);
    free(link->kept);
    free(link);
}

static TlsResult result_of(TlsLink *link, int returned)
{
    switch (SSL_get_error(link->ssl, returned)) {
    case SSL_ERROR_WANT_READ: return TLS_WANTS_READ;
    case SSL_ERROR_WANT_WRITE: return TLS_WANTS_WRITE;
    case SSL_ERROR_ZERO_RETURN: return TLS_ENDED;
    default: break;
    }
    unsigned long code = ERR_peek_error();
    bool is_plain = !link->is_open && ERR_GET_LIB(code) == ERR_LIB_SSL &&
                    ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST;
    ERR_clear_error();
    link->is_broken = true;
    return is_plain ? TLS_PLAIN_HTTP : TLS_BROKEN;
}

TlsResult tls_link_greet(TlsLink *link)
{
    if (link->is_open)
        return TLS_DONE;
    if (link->is_broken)
        return TLS_BROKEN;
    ERR_clear_error();
    int done = SSL_do_handshake(link->ssl);
    link->is_open = done == 1;
    return link->is_open ? TLS_DONE : result_of(link, done);
}

TlsResult tls_link_read(TlsLink *link, char *bytes, size_t size, size_t *got_r)
{
    *got_r = 0;
    if (link->is_broken)
        return TLS_BROKEN;
    ERR_clear_error();
    int done = SSL_read_ex(link->ssl, bytes, size, got_r);
    return done == 1 ? TLS_DONE : result_of(link, done);
}

static TlsResult write_bytes(TlsLink *link, const char *bytes, size_t length)
{
    size_t written;
    ERR_clear_error();
    int done = SSL_write_ex(link->ssl, bytes, length, &written);
    return done == 1 ? TLS_DONE : result_of(link, done);
}

/* What fits into one record: small pieces would each be one of their own. */
static size_t gather(Str *parts, size_t count, char *record)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        size_t taken = MIN(parts[i].length, RECORD_MAX - length);
        if (taken)
            memcpy(record + length, parts[i].at, taken);
        parts[i] = str_from(parts[i], taken);
        length += taken;
    }
    return length;
}

static TlsResult write_kept(TlsLink *link)
{
    TlsResult result = write_bytes(link, link->kept, link->kept_length);
    if (result == TLS_DONE) {
        free(link->kept);
        link->kept = NULL;
    }
    return result;
}

TlsResult tls_link_write(TlsLink *link, Str *parts, size_t count)
{
    static _Thread_local char record[RECORD_MAX];
    TlsResult result = link->is_broken ? TLS_BROKEN : link->kept ? write_kept(link) : TLS_DONE;
    while (result == TLS_DONE) {
        size_t length = gather(parts, count, record);
        if (!length)
            return TLS_DONE;
        result = write_bytes(link, record, length);
        if (result == TLS_WANTS_WRITE || result == TLS_WANTS_READ) {
            link->kept = heap_alloc(length);
            link->kept_length = length;
            memcpy(link->kept, record, length);
        }
    }
    return result;
}
