/* base64.h - bytes as text (RFC 4648, sections 4 to 6). Any thread. */
#pragma once

#include "base/base.h"

/* White space is passed over and padding may be missing. Fails on anything else. */
MUST_CHECK bool base64_decode(Arena *arena, Str text, Str *bytes_r);
/* The alphabet of addresses, and one text for the same bytes: fails on padding, white space and
 * bits left over. */
MUST_CHECK bool base64_url_decode(Arena *arena, Str text, Str *bytes_r);
/* With padding, without line ends. */
Str base64_encode(Arena *arena, Str bytes);
/* The alphabet of addresses, without padding. */
Str base64_url_encode(Arena *arena, Str bytes);
/* Letters and the digits 2 to 7, without padding: for people to type. */
Str base32_encode(Arena *arena, Str bytes);
