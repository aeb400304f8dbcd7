/* connect_http.c - see connect_http.h. */
#include "connect/connect_http.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "connect/connect_int.h"
#include "net/url_safety.h"

#define REDIRECTS_MAX 5
#define CONNECT_MS 15000
#define ANSWER_MS 60000
#define TOTAL_MS (15 * 60000)
#define ANSWER_MAX MB(8)
#define RETRY_S_MAX 3600
#define RETRY_S_USUAL 60
#define PAUSE_STEP_MS 100
#define WORDS_MAX 160 /* of what a service says */
#define WORDS_BODY_MAX KB(64)

/* --- Addresses --- */

static bool is_web(Str url)
{
    return str_starts(url, S("http://")) || str_starts(url, S("https://"));
}

/* The scheme's own port is left out. */
static Str origin_of(Arena *arena, const Url *url)
{
    bool is_usual = url->port == (str_is(url->scheme, "https") ? 443 : 80);
    Str host = url->is_ip6 ? str_format(arena, "[" STR_FMT "]", STR_ARG(url->host)) : url->host;
    return is_usual ? str_format(arena, STR_FMT "://" STR_FMT, STR_ARG(url->scheme), STR_ARG(host))
                    : str_format(arena, STR_FMT "://" STR_FMT ":%d", STR_ARG(url->scheme),
                                 STR_ARG(host), url->port);
}

/* A path without "." and "..", RFC 3986, section 5.2.4. */
static Str plain_path(Arena *arena, Str path)
{
    Buf out = buf_new(arena, path.length + 2);
    Str rest = path, part;
    while (str_next(&rest, '/', &part)) {
        bool is_end = !rest.length;
        if (str_is(part, "..")) {
            Str so_far = buf_str(&out);
            ptrdiff_t slash = so_far.length
                                  ? str_find_last_char(str_slice(so_far, 0, so_far.length - 1), '/')
                                  : -1;
            out.length = (size_t)(slash + 1);
        } else if (!str_is(part, ".") && (part.length || !out.length)) {
            buf_add(&out, part);
            if (!is_end || str_ends(path, S("/")))
                buf_add_char(&out, '/');
        }
    }
    return str_starts(buf_str(&out), S("/"))
               ? buf_str(&out)
               : str_format(arena, "/" STR_FMT, STR_ARG(buf_str(&out)));
}

/* What people write into addresses and mean: a space is %20. */
static Str escape_spaces(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length * 3 + 1);
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.at[i] <= 0x20 || (unsigned char)text.at[i] == 0x7F)
            buf_addf(&out, "%%%02X", (unsigned char)text.at[i]);
        else
            buf_add_char(&out, text.at[i] == '\\' ? '/' : text.at[i]);
    }
    return buf_str(&out);
}

static Str finish(Arena *arena, Str address)
{
    Url url;
    Error none;
    if (!is_web(address) || !url_parse(arena, address, &url, &none))
        return STR_NONE;
    Str origin = origin_of(arena, &url);
    Str path = url_normalize(arena, plain_path(arena, url.path));
    return str_format(arena, STR_FMT STR_FMT "%s" STR_FMT, STR_ARG(origin), STR_ARG(path),
                      url.query.length ? "?" : "", STR_ARG(url.query));
}

Str connect_resolve(Arena *arena, Str base, Str reference)
{
    Url url;
    Error none;
    ptrdiff_t hash = str_find_char(reference, '#');
    Str to = escape_spaces(arena,
                           str_trim(hash < 0 ? reference : str_slice(reference, 0, (size_t)hash)));
    ptrdiff_t colon = str_find_char(to, ':'), slash = str_find_char(to, '/');
    if (!url_parse(arena, base, &url, &none))
        return STR_NONE;
    if (!to.length)
        return finish(arena, base);
    if (colon > 0 && (slash < 0 || colon < slash))
        return finish(arena, to);
    Str origin = origin_of(arena, &url);
    if (str_starts(to, S("//")))
        return finish(arena,
                      str_format(arena, STR_FMT ":" STR_FMT, STR_ARG(url.scheme), STR_ARG(to)));
    if (str_starts(to, S("/")))
        return finish(arena, str_format(arena, STR_FMT STR_FMT, STR_ARG(origin), STR_ARG(to)));
    Str folder = str_slice(url.path, 0, (size_t)(str_find_last_char(url.path, '/') + 1));
    if (str_starts(to, S("?")))
        folder = url.path;
    return finish(arena, str_format(arena, STR_FMT STR_FMT STR_FMT, STR_ARG(origin),
                                    STR_ARG(folder), STR_ARG(to)));
}

Str connect_origin(Arena *arena, Str address)
{
    Url url;
    Error none;
    return is_web(address) && url_parse(arena, address, &url, &none) ? origin_of(arena, &url)
                                                                     : STR_NONE;
}

bool connect_same_origin(Arena *arena, Str a, Str b)
{
    Url one, two;
    Error none;
    return url_parse(arena, a, &one, &none) && url_parse(arena, b, &two, &none) &&
           str_equal(origin_of(arena, &one), origin_of(arena, &two));
}

HttpPair connect_bearer(Arena *arena, Str token)
{
    return (HttpPair){ S("Authorization"), str_format(arena, "Bearer " STR_FMT, STR_ARG(token)) };
}

Str connect_url_name(Arena *arena, Str address, Str media_type)
{
    Url url;
    Error none;
    Str name = S("page");
    if (url_parse(arena, address, &url, &none)) {
        Str path =
            str_ends(url.path, S("/")) ? str_slice(url.path, 0, url.path.length - 1) : url.path;
        Str decoded;
        name = path.length ? path_name(path) : url.host;
        if (url_decode(arena, name, false, &decoded, &none))
            name = decoded;
    }
    bool is_page =
        str_starts(media_type, S("text/html")) || str_starts(media_type, S("application/xhtml"));
    if (is_page && !str_ends_ignore_case(name, S(".html")) &&
        !str_ends_ignore_case(name, S(".htm")))
        name = str_format(arena, STR_FMT ".html", STR_ARG(name));
    return name;
}

/* --- Asking --- */

static bool pause_between(ConnectRun *run, int64_t pause_ms, Error *err)
{
    int64_t until = run->asked_at_ms + pause_ms;
    while (run->asked_at_ms) {
        int64_t left = until - monotonic_ms();
        if (left <= 0)
            break;
        if (connect_is_stopped(run))
            return job_stopped(run->job, err);
        sleep_ms(MIN(left, (int64_t)PAUSE_STEP_MS));
    }
    run->asked_at_ms = monotonic_ms();
    return true;
}

/* Without its query, which may hold a secret. */
static Str shown(Str address)
{
    ptrdiff_t query = str_find_char(address, '?');
    return str_slice(address, 0, query < 0 ? MIN(address.length, (size_t)200) : (size_t)query);
}

/* When to come again: Retry-After, or GitHub's time of day. */
static bool limited(ConnectRun *run, Str where, const HttpAnswer *answer, Error *err)
{
    int64_t wait_s = RETRY_S_USUAL, reset_s, now_s = now_ms() / 1000;
    if (str_to_int(http_answer_header(answer, "X-RateLimit-Reset"), 1, INT64_MAX / 2, &reset_s))
        wait_s = MAX(MIN(reset_s - now_s, (int64_t)RETRY_S_MAX), (int64_t)1);
    (void)str_to_int(http_answer_header(answer, "Retry-After"), 1, RETRY_S_MAX, &wait_s);
    run->retry_ms = wait_s * 1000;
    return fail(err, ERROR_LIMITED, STR_FMT " wants to be asked again in %" PRId64 " s",
                STR_ARG(where), wait_s);
}

/* What the service says of it, in its own words: JSON as of GitHub and Notion, or XML as of S3 and
 * WebDAV. */
static Str words_of(Arena *arena, Str body)
{
    AUTO_JSON json_t *json = NULL;
    Buf out = buf_new(arena, KB(1));
    Error none;
    Str words = STR_NONE;
    if (str_starts(body, S("{")) && json_parse(body, WORDS_BODY_MAX, &json, &none))
        words = json_member_text(json, "message");
    ptrdiff_t open = str_find_ignore_case(body, S("message>"));
    if (str_starts(body, S("<")) && open >= 0) {
        words = str_from(body, (size_t)open + strlen("message>"));
        ptrdiff_t close = str_find_char(words, '<');
        words = close < 0 ? STR_NONE : str_slice(words, 0, (size_t)close);
    }
    words = str_slice(words, 0, utf8_floor(words, MIN(words.length, (size_t)WORDS_MAX)));
    if (words.length && utf8_is_valid(words))
        buf_add(&out, S("; it says: "));
    for (size_t i = 0; out.length && i < words.length; i++)
        buf_add_char(&out, (unsigned char)words.at[i] < 0x20 ? ' ' : words.at[i]);
    return buf_str(&out);
}

static bool judge(ConnectRun *run, Str address, const HttpAnswer *answer, Error *err)
{
    Str where = shown(address);
    int status = answer->status;
    if ((status >= 200 && status < 300) || status == 304 || status == 404 || status == 410)
        return true;
    if (status == 429 || (status == 503 && http_answer_header(answer, "Retry-After").length))
        return limited(run, where, answer, err);
    if (status == 403 && str_is(http_answer_header(answer, "X-RateLimit-Remaining"), "0"))
        return limited(run, where, answer, err);
    Str words = words_of(run->arena, answer->body);
    if (status == 401 || status == 403)
        return fail(err, ERROR_DENIED,
                    STR_FMT " refuses with status %d: give the connection the right secrets, or "
                            "have them allow this" STR_FMT,
                    STR_ARG(where), status, STR_ARG(words));
    return fail(err, status >= 500 ? ERROR_UPSTREAM : ERROR_INVALID,
                STR_FMT " answers with status %d" STR_FMT, STR_ARG(where), status, STR_ARG(words));
}

static bool has_sign_in(const ConnectAsk *ask, const Url *url)
{
    for (size_t i = 0; i < ask->header_count; i++)
        if (str_equal_ignore_case(ask->headers[i].name, S("Authorization")))
            return true;
    return url->user.length || url->password.length;
}

/* With the user and the password of the connection's own address, where it leads to that server. */
static Str signed_in(const ConnectRun *run, const ConnectAsk *ask, Str address)
{
    Url own, url;
    Error none;
    Str own_address = connect_text(run, "url");
    if (!url_parse(run->arena, own_address, &own, &none) ||
        (!own.user.length && !own.password.length) ||
        !url_parse(run->arena, address, &url, &none) || has_sign_in(ask, &url) ||
        !connect_same_origin(run->arena, own_address, address))
        return address;
    Str rest = str_from(address, url.scheme.length + strlen("://"));
    Str user = url_encode(run->arena, own.user), password = url_encode(run->arena, own.password);
    return str_format(run->arena, STR_FMT "://" STR_FMT ":" STR_FMT "@" STR_FMT,
                      STR_ARG(url.scheme), STR_ARG(user), STR_ARG(password), STR_ARG(rest));
}

static bool ask_once(ConnectRun *run, const ConnectAsk *ask, Str address, bool is_first,
                     HttpAnswer *answer_r, Error *err)
{
    UrlSafety safety = { .allows_private = run->connection.allows_private };
    ConnectTake take = { run, ask->into };
    HttpCall call = { .method = ask->method,
                      .url = signed_in(run, ask, address),
                      .body = ask->body,
                      .connect_ms = CONNECT_MS,
                      .first_byte_ms = ANSWER_MS,
                      .idle_ms = ANSWER_MS,
                      .total_ms = TOTAL_MS,
                      .answer_max = ask->answer_max ? ask->answer_max : ANSWER_MAX };
    if (ask->into) {
        call.receive = connect_receive;
        call.self = &take;
    }
    if (is_first || connect_same_origin(run->arena, ask->url, address)) {
        call.headers = ask->headers;
        call.header_count = ask->header_count;
    }
    return pause_between(run, ask->pause_ms, err) &&
           url_check(run->arena, address, &safety, &call.pinned_address, err) &&
           http_call(run->connect->http, run->arena, &call, answer_r, err);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool connect_ask(ConnectRun *run, const ConnectAsk *ask, ConnectAnswer *answer_r, Error *err)
{
    Str address = ask->url;
    for (int hop = 0; hop <= REDIRECTS_MAX; hop++) {
        HttpAnswer answer;
        if (!ask_once(run, ask, address, hop == 0, &answer, err))
            return fail_in(err, STR_FMT, STR_ARG(shown(address)));
        if (!is_redirect(answer.status)) {
            *answer_r = (ConnectAnswer){ answer.status, answer.body, address, answer };
            return judge(run, address, &answer, err);
        }
        Str next = connect_resolve(run->arena, address, http_answer_header(&answer, "Location"));
        if (!next.length)
            return fail(err, ERROR_UPSTREAM, STR_FMT " redirects to nowhere",
                        STR_ARG(shown(address)));
        if (ask->stays && !connect_same_origin(run->arena, ask->url, next))
            return fail(err, ERROR_UNSUPPORTED, "it leads to another server: " STR_FMT,
                        STR_ARG(shown(next)));
        address = next;
    }
    return fail(err, ERROR_UPSTREAM, STR_FMT " redirects more than %d times",
                STR_ARG(shown(ask->url)), REDIRECTS_MAX);
}
