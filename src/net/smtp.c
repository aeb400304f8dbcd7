/* smtp.c - see smtp.h. */
#include "net/smtp.h"

#include "net/libcurl.h"
#include "net/url.h"

#define MAIL_MAX MB(1)
#define CONNECT_S 10L
#define TOTAL_S 60L
#define TRY_S 15L

static const struct {
    const char *scheme, *curl_scheme;
    int port;
    long tls; /* CURLUSESSL_... */
} kinds[] = {
    { "smtps", "smtps", 465, CURLUSESSL_ALL },
    { "smtp", "smtp", 587, CURLUSESSL_ALL },
    { "smtp+plain", "smtp", 25, CURLUSESSL_NONE },
};

static bool read_url(Arena *arena, Str text, Url *url_r, size_t *kind_r, Error *err)
{
    if (!url_parse(arena, text, url_r, err))
        return false;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(url_r->scheme, kinds[i].scheme)) {
            *kind_r = i;
            return true;
        }
    return fail(err, ERROR_INVALID, "begins with smtp://, smtps:// or smtp+plain://, not " STR_FMT,
                STR_ARG(str_slice(url_r->scheme, 0, 40)));
}

bool smtp_check(Str url, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Url parts;
    size_t kind;
    return read_url(arena, url, &parts, &kind, err) || fail_in(err, "smtp_url");
}

static size_t read_message(char *out, size_t size, size_t count, void *self)
{
    Str *rest = self;
    size_t length = MIN(size * count, rest->length);
    memcpy(out, rest->at, length);
    *rest = str_from(*rest, length);
    return length;
}

static Str server_address(Arena *arena, const Url *url, size_t kind)
{
    return str_format(arena, url->is_ip6 ? "%s://[" STR_FMT "]:%d" : "%s://" STR_FMT ":%d",
                      kinds[kind].curl_scheme, STR_ARG(url->host),
                      url->port ? url->port : kinds[kind].port);
}

static void set_server(CURL *handle, Arena *arena, const SmtpServer *server, const Url *url,
                       size_t kind)
{
    libcurl.easy_setopt(handle, CURLOPT_URL, server_address(arena, url, kind).at);
    libcurl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    libcurl.easy_setopt(handle, CURLOPT_USE_SSL, kinds[kind].tls);
    libcurl.easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    libcurl.easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    libcurl.easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    libcurl.easy_setopt(handle, CURLOPT_PROXY, "");
    libcurl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    libcurl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    libcurl.easy_setopt(handle, CURLOPT_TIMEOUT, TOTAL_S);
    if (server->ca_file)
        libcurl.easy_setopt(handle, CURLOPT_CAINFO, server->ca_file);
    if (url->user.length) {
        libcurl.easy_setopt(handle, CURLOPT_USERNAME, str_c(arena, url->user));
        libcurl.easy_setopt(handle, CURLOPT_PASSWORD, str_c(arena, url->password));
    }
}

/* RFC 5321, section 4.2.1: 4xx may be tried again, 5xx not. A refused password may be mended by
 * whoever keeps the server, so its mails wait. */
static bool explain(CURL *handle, CURLcode code, const char *text, Error *err)
{
    long status = 0;
    libcurl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    const char *why = text[0] ? text : libcurl.easy_strerror(code);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return fail(err, ERROR_TIMEOUT, "the mail server took too long: %s", why);
    if (code == CURLE_LOGIN_DENIED)
        return fail(err, ERROR_UPSTREAM, "the mail server refused user or password of smtp_url");
    if (code == CURLE_USE_SSL_FAILED)
        return fail(err, ERROR_UPSTREAM,
                    "the mail server offers no STARTTLS; a relay without it is smtp+plain://...");
    return fail(err, status >= 500 ? ERROR_INVALID : ERROR_UPSTREAM,
                "the mail server did not take the mail: %s", why);
}

bool smtp_send(const SmtpServer *server, const Mail *mail, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    char error_text[CURL_ERROR_SIZE] = "";
    Buf message = buf_new(arena, MAIL_MAX);
    Url url;
    size_t kind;
    if (!libcurl_load(err) || !read_url(arena, server->url, &url, &kind, err) ||
        !mail_write(mail, &message, err))
        return false;
    Str rest = buf_str(&message);
    CURL *handle = libcurl.easy_init();
    struct curl_slist *to =
        libcurl.slist_append(NULL, str_format(arena, "<" STR_FMT ">", STR_ARG(mail->to)).at);
    set_server(handle, arena, server, &url, kind);
    libcurl.easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text);
    libcurl.easy_setopt(
        handle, CURLOPT_MAIL_FROM,
        str_format(arena, "<" STR_FMT ">", STR_ARG(mail_address_of(mail->from))).at);
    libcurl.easy_setopt(handle, CURLOPT_MAIL_RCPT, to);
    libcurl.easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    libcurl.easy_setopt(handle, CURLOPT_READFUNCTION, read_message);
    libcurl.easy_setopt(handle, CURLOPT_READDATA, &rest);
    libcurl.easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)rest.length);
    CURLcode code = libcurl.easy_perform(handle);
    bool good = code == CURLE_OK || explain(handle, code, error_text, err);
    libcurl.easy_cleanup(handle);
    libcurl.slist_free_all(to);
    return good;
}

bool smtp_try(const SmtpServer *server, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    char error_text[CURL_ERROR_SIZE] = "";
    Url url;
    size_t kind;
    if (!libcurl_load(err) || !read_url(arena, server->url, &url, &kind, err))
        return false;
    CURL *handle = libcurl.easy_init();
    set_server(handle, arena, server, &url, kind);
    libcurl.easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text);
    libcurl.easy_setopt(handle, CURLOPT_TIMEOUT, TRY_S);
    libcurl.easy_setopt(handle, CURLOPT_CONNECT_ONLY, 1L); /* with all that comes before a mail */
    CURLcode code = libcurl.easy_perform(handle);
    bool good = code == CURLE_OK || explain(handle, code, error_text, err);
    libcurl.easy_cleanup(handle);
    return good;
}
