/* clock.h - time. Stored times are UTC milliseconds since 1970; durations use a clock that
 * never jumps. Tests may stand still or move time with clock_set(). */
#pragma once

#include <pthread.h>

#include "base/base.h"

int64_t now_ms(void);       /* UTC */
int64_t monotonic_us(void); /* for durations */
static inline int64_t monotonic_ms(void) { return monotonic_us() / 1000; }
/* From now on now_ms() is fixed; 0 gives the real time back. For tests. */
void clock_set(int64_t time_ms);
void sleep_ms(int64_t duration_ms);
/* Waits for the condition, with its lock held before and after, until monotonic_ms() says
 * `until_ms` at the latest: false, it does. May return for nothing, as pthread_cond_wait(). */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms);
/* Rests for a moment when this thread has worked for some WORK_US since it last did, so that
 * whoever waits for this processor waits no longer than that: said between small steps by long work
 * on threads that calls must not notice. */
void give_way(void);
/* The same in a loop whose rows take a tenth of a microsecond or so. */
#define GIVE_WAY_ROWS 128
static inline void give_way_each(size_t row)
{
    if (row % GIVE_WAY_ROWS == GIVE_WAY_ROWS - 1)
        give_way();
}

#define TIME_TEXT_SIZE 32
/* "2026-11-21T10:00:00.000Z" (RFC 3339) in out[TIME_TEXT_SIZE]. */
Str time_format(int64_t time_ms, char *out);
/* "2026-11-21 10:00 UTC", for people who read it where nothing knows their zone, as a mail. */
Str time_words(int64_t time_ms, char *out);
/* Reads RFC 3339 with any offset, or a date alone (its midnight UTC). */
MUST_CHECK bool time_parse(Str text, int64_t *time_ms_r, Error *err);
