/* recurrence.h - rules by which a task comes again: the RRULE of RFC 5545, section 3.3.10.
 *
 * Known are FREQ=DAILY, WEEKLY, MONTHLY and YEARLY with INTERVAL, COUNT, UNTIL, BYMONTH,
 * BYMONTHDAY, BYDAY, BYSETPOS (in months) and WKST; what else a rule says is refused, never
 * passed over. Times are civil seconds: those of a clock on the wall, counted as if it were UTC. */
#pragma once

#include "base/base.h"

#define RECURRENCE_MAX 300 /* bytes */

/* Fails with ERROR_INVALID, field "recurrence", saying what is wrong with it. */
MUST_CHECK bool recurrence_check(Str rule, Error *err);
/* The first time after `after` (and after `start`, where the rule begins), and the rule from there
 * on: COUNT is what is left. False: it has ended, or comes no more within 20 years. */
bool recurrence_next(Arena *arena, Str rule, int64_t start, int64_t after, int64_t *next_r,
                     Str *rule_r);
/* The times in [from, until), the beginning among them, in order; how many, at most `max`. None
 * when the rule is not understood. */
size_t recurrence_list(Str rule, int64_t start, int64_t from, int64_t until, int64_t *times,
                       size_t max);
