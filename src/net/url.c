/* url.c - see url.h. */
#include "net/url.h"

#include <ctype.h>

#include "base/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool url_decode(Arena *arena, Str text, bool is_form, Str *text_r, Error *err)
{
    char *out = arena_alloc(arena, text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c == '%') {
            int high = i + 2 < text.length ? hex_digit(text.at[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text.at[i + 2]) : -1;
            if (low < 0)
                return fail(err, ERROR_INVALID, "broken %%-escape in the address");
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && is_form) {
            c = ' ';
        }
        if (c == '\0')
            return fail(err, ERROR_INVALID, "a NUL in the address");
        out[length++] = c;
    }
    Str decoded = { out, length };
    if (!utf8_is_valid(decoded))
        return fail(err, ERROR_INVALID, "the address is not valid UTF-8");
    *text_r = decoded;
    return true;
}

static bool is_unreserved(char c) { return isalnum((unsigned char)c) || HAS_CHAR(c, "-._~"); }

Str url_encode(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length * 3 + 1);
    for (size_t i = 0; i < text.length; i++)
        if (is_unreserved(text.at[i]))
            buf_add_char(&out, text.at[i]);
        else
            buf_addf(&out, "%%%02X", (unsigned char)text.at[i]);
    return buf_str(&out);
}

Str url_normalize(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length * 3 + 1);
    for (size_t i = 0; i < text.length; i++) {
        int high = -1, low = -1;
        if (text.at[i] == '%' && i + 2 < text.length) {
            high = hex_digit(text.at[i + 1]);
            low = hex_digit(text.at[i + 2]);
        }
        bool is_coded = high >= 0 && low >= 0;
        char c = is_coded ? (char)(high * 16 + low) : text.at[i];
        if (is_coded)
            i += 2;
        if (is_unreserved(c) || (!is_coded && (unsigned char)c < 0x80))
            buf_add_char(&out, c);
        else
            buf_addf(&out, "%%%02X", (unsigned char)c);
    }
    return buf_str(&out);
}

void url_form_add(Buf *form, const char *name, Str value)
{
    Str escaped = url_encode(form->arena, value);
    if (value.length)
        buf_addf(form, "%s%s=" STR_FMT, form->length ? "&" : "", name, STR_ARG(escaped));
}

Str url_with_query(Arena *arena, Str url, Str query)
{
    const char *between = str_find_char(url, '?') < 0 ? "?" : "&";
    return str_format(arena, STR_FMT "%s" STR_FMT, STR_ARG(url), between, STR_ARG(query));
}

bool url_query(Arena *arena, Str query, size_t pair_max, HttpPairs *pairs_r, Error *err)
{
    VEC(HttpPair) pairs = { 0 };
    Str piece;
    while (query.length && str_next(&query, '&', &piece)) {
        if (!piece.length)
            continue;
        if (pairs.count == pair_max)
            return fail(err, ERROR_INVALID, "more than %zu query parameters", pair_max);
        ptrdiff_t equals = str_find_char(piece, '=');
        Str name = equals < 0 ? piece : str_slice(piece, 0, (size_t)equals);
        Str value = equals < 0 ? S("") : str_from(piece, (size_t)equals + 1);
        HttpPair pair;
        if (!url_decode(arena, name, true, &pair.name, err) ||
            !url_decode(arena, value, true, &pair.value, err))
            return false;
        *vec_push(arena, &pairs) = pair;
    }
    *pairs_r = (HttpPairs){ pairs.at, pairs.count };
    return true;
}

/* --- Whole URLs --- */

static int default_port(Str scheme)
{
    static const struct {
        const char *scheme;
        int port;
    } known[] = { { "http", 80 }, { "https", 443 }, { "ws", 80 },    { "wss", 443 },
                  { "smtp", 25 }, { "smtps", 465 }, { "imap", 143 }, { "imaps", 993 } };
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_is(scheme, known[i].scheme))
            return known[i].port;
    return 0;
}

/* Take "scheme://" off the front of *rest. */
static bool take_scheme(Arena *arena, Str *rest, Str *scheme_r)
{
    ptrdiff_t end = str_find(*rest, S("://"));
    if (end <= 0 || end > 20 || !isalpha((unsigned char)rest->at[0]))
        return false;
    for (ptrdiff_t i = 0; i < end; i++)
        if (!isalnum((unsigned char)rest->at[i]) && !HAS_CHAR(rest->at[i], "+-."))
            return false;
    *scheme_r = str_lower(arena, str_slice(*rest, 0, (size_t)end));
    *rest = str_from(*rest, (size_t)end + 3);
    return true;
}

static bool host_is_valid(Str host, bool is_ip6)
{
    if (!host.length || host.length > 253)
        return false;
    for (size_t i = 0; i < host.length; i++) {
        char c = host.at[i];
        bool fits = is_ip6 ? hex_digit(c) >= 0 || HAS_CHAR(c, ":.")
                           : isalnum((unsigned char)c) || HAS_CHAR(c, "-._") || (c & 0x80);
        if (!fits)
            return false;
    }
    return true;
}

/* "host", "host:80", "[::1]:80" */
static bool read_host(Arena *arena, Str text, Url *url)
{
    Str port = STR_NONE, host = text;
    if (str_starts(text, S("["))) {
        ptrdiff_t end = str_find_char(text, ']');
        if (end < 0)
            return false;
        url->is_ip6 = true;
        host = str_slice(text, 1, (size_t)end);
        Str after = str_from(text, (size_t)end + 1);
        if (after.length && after.at[0] != ':')
            return false;
        port = str_from(after, 1);
    } else {
        ptrdiff_t colon = str_find_char(text, ':');
        if (colon >= 0) {
            host = str_slice(text, 0, (size_t)colon);
            port = str_from(text, (size_t)colon + 1);
        }
    }
    int64_t number = default_port(url->scheme);
    if (port.length && !str_to_int(port, 1, 65535, &number))
        return false;
    url->port = (int)number;
    url->host = str_lower(arena, host);
    return host_is_valid(host, url->is_ip6);
}

static bool read_user(Arena *arena, Str text, Url *url, Error *err)
{
    ptrdiff_t colon = str_find_char(text, ':');
    Str user = colon < 0 ? text : str_slice(text, 0, (size_t)colon);
    Str password = colon < 0 ? S("") : str_from(text, (size_t)colon + 1);
    return url_decode(arena, user, false, &url->user, err) &&
           url_decode(arena, password, false, &url->password, err);
}

bool url_parse(Arena *arena, Str text, Url *url_r, Error *err)
{
    Url url = { 0 };
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f || text.at[i] == '\\')
            return fail(err, ERROR_INVALID, "the address holds a space, control or \\");
    Str rest = text;
    if (text.length > KB(8) || !take_scheme(arena, &rest, &url.scheme))
        return fail(err, ERROR_INVALID, "not an address with a scheme such as https://");

    ptrdiff_t fragment = str_find_char(rest, '#');
    if (fragment >= 0)
        rest = str_slice(rest, 0, (size_t)fragment);
    size_t end = 0;
    while (end < rest.length && rest.at[end] != '/' && rest.at[end] != '?')
        end++;
    Str authority = str_slice(rest, 0, end);
    rest = str_from(rest, end);
    ptrdiff_t at = str_find_last_char(authority, '@');
    if (at >= 0 && !read_user(arena, str_slice(authority, 0, (size_t)at), &url, err))
        return false;
    if (!read_host(arena, str_from(authority, (size_t)(at + 1)), &url))
        return fail(err, ERROR_INVALID, "the address has no valid host");

    ptrdiff_t query = str_find_char(rest, '?');
    Str path = query < 0 ? rest : str_slice(rest, 0, (size_t)query);
    url.path = path.length ? str_copy(arena, path) : S("/");
    url.query = query < 0 ? S("") : str_copy(arena, str_from(rest, (size_t)query + 1));
    *url_r = url;
    return true;
}

Str url_text(Arena *arena, const Url *url)
{
    Buf out = buf_new(arena, KB(16));
    buf_add(&out, url->scheme);
    buf_add(&out, S("://"));
    buf_addf(&out, url->is_ip6 ? "[" STR_FMT "]" : STR_FMT, STR_ARG(url->host));
    if (url->port && url->port != default_port(url->scheme))
        buf_addf(&out, ":%d", url->port);
    buf_add(&out, url->path);
    if (url->query.length)
        buf_addf(&out, "?" STR_FMT, STR_ARG(url->query));
    return buf_str(&out);
}

Str url_join(Arena *arena, Str base, Str path)
{
    while (base.length && base.at[base.length - 1] == '/')
        base.length--;
    return str_format(arena, STR_FMT STR_FMT, STR_ARG(base), STR_ARG(path));
}
