/* url.h - percent-encoding, queries and URLs (RFC 3986). Any thread. */
#pragma once

#include "net/http.h"

/* Decode %XX; '+' becomes a space only when `is_form`. Fails on a broken escape, a NUL or invalid
 * UTF-8. */
MUST_CHECK bool url_decode(Arena *arena, Str text, bool is_form, Str *text_r, Error *err);
/* Everything but unreserved characters becomes %XX. */
Str url_encode(Arena *arena, Str text);
/* Two ways to write one address become one: unreserved characters stand for themselves, what is not
 * ASCII is %XX, in capitals (RFC 3986, section 6.2.2). */
Str url_normalize(Arena *arena, Str text);
/* "a=1&b=x%20y" decoded, at most pair_max pairs. */
MUST_CHECK bool url_query(Arena *arena, Str query, size_t pair_max, HttpPairs *pairs_r, Error *err);

/* Adds name=value to a form or query (application/x-www-form-urlencoded), after an '&' where
 * something stands there already; an empty value is left out. */
void url_form_add(Buf *form, const char *name, Str value);
/* The URL with this query after its own. */
Str url_with_query(Arena *arena, Str url, Str query);

typedef struct Url {
    Str scheme;         /* lower case */
    Str user, password; /* decoded, usually empty */
    Str host;           /* lower case, IPv6 without brackets */
    int port;           /* the scheme's own when it is not said: 80, 443; else 0 */
    Str path;           /* as written, "/" at least */
    Str query;          /* as written, without '?' */
    bool is_ip6;
} Url;

/* Fails unless it is an absolute URL with a host; control characters, spaces and back slashes are
 * never accepted (parsers disagree about them). */
MUST_CHECK bool url_parse(Arena *arena, Str text, Url *url_r, Error *err);
/* scheme://host[:port]path[?query]; never the password. */
Str url_text(Arena *arena, const Url *url);
/* `base` without its last slashes, then `path`, which starts with one. */
Str url_join(Arena *arena, Str base, Str path);
