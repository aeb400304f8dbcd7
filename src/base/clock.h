/* clock.h - time. Stored times are UTC milliseconds since 1970; durations use a clock that
 * never jumps. Tests may stand still or move time with clock_set(). */
#pragma once

#include "base/base.h"

int64_t now_ms(void);       /* UTC */
int64_t monotonic_us(void); /* for durations */
static inline int64_t monotonic_ms(void) { return monotonic_us() / 1000; }
/* From now on now_ms() is fixed; 0 gives the real time back. For tests. */
void clock_set(int64_t time_ms);
void sleep_ms(int64_t duration_ms);
/* Rests for a millisecond, so that whoever waits for this processor has it meanwhile: said after
 * each tenth of a millisecond or so by long work on threads that calls must not notice. Not more
 * often: each time costs a call that is under way two changes of threads and a part of its cache.
 */
void give_way(void);

#define TIME_TEXT_SIZE 32
/* "2026-11-21T10:00:00.000Z" (RFC 3339) in out[TIME_TEXT_SIZE]. */
Str time_format(int64_t time_ms, char *out);
/* Reads RFC 3339 with any offset, or a date alone (its midnight UTC). */
MUST_CHECK bool time_parse(Str text, int64_t *time_ms_r, Error *err);
