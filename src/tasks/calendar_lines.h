/* calendar_lines.h - lines of an iCalendar, and the zones in it: what the files that write one
 * share. Private to src/tasks. */
#pragma once

#include "base/base.h"

/* "NAME:value", folded. */
void calendar_put(Buf *out, const char *name, Str value);
/* "20270301T110000" of a clock on a wall. */
Str calendar_civil(Arena *arena, int64_t civil_seconds);
/* VTIMEZONE of an IANA name, for times from then on; nothing for one that is not known. */
void calendar_put_zone(Buf *out, Str name, int64_t from_ms);

/* "20271231", "20271231T120000", with or without a Z, as seconds of the clock that it shows; a day
 * by its end. */
MUST_CHECK bool calendar_read_civil(Arena *arena, Str text, int64_t *civil_r, Error *err);

/* UNTIL of a rule that counts by the clock of a zone, in UTC (RFC 5545, 3.3.10); and back. The rule
 * as it is, where there is nothing to change. */
Str calendar_rule_out(Arena *arena, Str rule, Str zone);
Str calendar_rule_in(Arena *arena, Str rule, Str zone);
