/* cron.h - when a schedule comes: five fields, as crontab(5) has them, read by a zone's clocks.
 *
 *     minute hour day-of-month month day-of-week      or @hourly @daily @weekly @monthly @yearly
 *     0-59   0-23 1-31         1-12  0-7 (0, 7: Sunday), names of three letters in the last two
 *
 * A field is *, a number, a range a-b, any of those by steps (a-b/n), or several with commas
 * between. Where both days are said, either of them counts.
 *
 * When clocks change: a time that they skip comes as much later as they jump, one that they show
 * twice comes at the first only. A rule that holds in every hour follows the time that passes: it
 * comes in both of two equal hours, and not more often in the one that is missing. */
#pragma once

#include "text/date.h"

#define CRON_MAX 200 /* bytes */

typedef struct Cron {
    uint64_t minutes;
    uint32_t hours, days;
    uint16_t months;
    uint8_t weekdays; /* bit 0: Sunday */
    bool any_day, any_weekday;
} Cron;

/* Fails with ERROR_INVALID, field "cron", saying which part is wrong. */
MUST_CHECK bool cron_read(Str text, Cron *cron_r, Error *err);
/* The first time after `after_ms`; false: it never comes (30 February). */
bool cron_next(const Cron *cron, const DateZone *zone, int64_t after_ms, int64_t *next_ms_r);
