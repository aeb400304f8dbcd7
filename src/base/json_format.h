/* json_format.h - the `format` of a text in a JSON Schema (Validation 2020-12, 7.3). */
#pragma once

#include "base/base.h"

/* Names that are not known hold for every text, as the standard wants. Known are date, time,
 * date-time (RFC 3339), duration (ISO 8601), email, uri, uuid and ipv4. */
bool json_format_holds(const char *format, Str text);
