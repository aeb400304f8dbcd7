/* clock.c - see clock.h. */
#include "base/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

#define WORK_US 20 /* less costs more in changes of threads than it saves those who wait */
#define REST_US 100

static _Atomic int64_t fixed_ms;

int64_t now_ms(void)
{
    int64_t fixed = atomic_load_explicit(&fixed_ms, memory_order_relaxed);
    struct timespec now;
    if (fixed)
        return fixed;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void clock_set(int64_t time_ms) { atomic_store(&fixed_ms, time_ms); }

void sleep_ms(int64_t duration_ms)
{
    struct timespec wait = { .tv_sec = duration_ms / 1000,
                             .tv_nsec = duration_ms % 1000 * 1000000 };
    while (nanosleep(&wait, &wait) != 0)
        ;
}

bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms)
{
    struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
    return pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT;
}

/* Not sched_yield(): a thread that has slept for long is owed time, and then is what runs next for
 * milliseconds. */
void give_way(void)
{
    static _Thread_local int64_t rested_us;
    if (monotonic_us() - rested_us < WORK_US)
        return;
    nanosleep(&(struct timespec){ .tv_nsec = REST_US * 1000 }, NULL);
    rested_us = monotonic_us();
}

static char *add_digits(char *at, int number, int count)
{
    for (int i = count - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + count;
}

/* Lists have several times in each row: strftime() takes four times as long. */
Str time_format(int64_t time_ms, char *out)
{
    int64_t seconds = time_ms >= 0 ? time_ms / 1000 : (time_ms - 999) / 1000;
    time_t second = (time_t)seconds;
    struct tm utc;
    char *at = out;
    gmtime_r(&second, &utc);
    if (utc.tm_year + 1900 < 0 || utc.tm_year + 1900 > 9999)
        at += strftime(out, TIME_TEXT_SIZE, "%Y-", &utc);
    else
        at = add_digits(at, utc.tm_year + 1900, 4), *at++ = '-';
    at = add_digits(at, utc.tm_mon + 1, 2), *at++ = '-';
    at = add_digits(at, utc.tm_mday, 2), *at++ = 'T';
    at = add_digits(at, utc.tm_hour, 2), *at++ = ':';
    at = add_digits(at, utc.tm_min, 2), *at++ = ':';
    at = add_digits(at, utc.tm_sec, 2), *at++ = '.';
    at = add_digits(at, (int)(time_ms - seconds * 1000), 3), *at++ = 'Z';
    *at = '\0';
    return (Str){ out, (size_t)(at - out) };
}

Str time_words(int64_t time_ms, char *out)
{
    time_t second = (time_t)(time_ms / 1000);
    struct tm utc;
    gmtime_r(&second, &utc);
    return (Str){ out, strftime(out, TIME_TEXT_SIZE, "%Y-%m-%d %H:%M UTC", &utc) };
}

/* The fraction and the offset after the seconds: ".123+02:00". */
static bool read_rest(const char *rest, int64_t *ms_r, int64_t *offset_ms_r)
{
    int64_t ms = 0, scale = 100;
    if (*rest == '.' || *rest == ',')
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, scale /= 10)
            ms += (*rest - '0') * scale;
    int hours = 0, minutes = 0, used = 0;
    char sign = *rest;
    if ((sign == 'Z' || sign == 'z') && rest[1] == '\0') {
        *offset_ms_r = 0;
    } else if ((sign == '+' || sign == '-') &&
               sscanf(rest + 1, "%2d:%2d%n", &hours, &minutes, &used) == 2 &&
               rest[1 + used] == '\0' && hours < 24 && minutes < 60) {
        *offset_ms_r = (hours * 60 + minutes) * 60000 * (sign == '-' ? -1 : 1);
    } else {
        return false;
    }
    *ms_r = ms;
    return true;
}

/* strptime() takes the 30th of February; timegm() makes the 1st or 2nd of March of it. */
static bool is_in_month(const struct tm *utc)
{
    struct tm day = { .tm_year = utc->tm_year, .tm_mon = utc->tm_mon, .tm_mday = utc->tm_mday };
    (void)timegm(&day);
    return day.tm_mday == utc->tm_mday;
}

bool time_parse(Str text, int64_t *time_ms_r, Error *err)
{
    char copy[48];
    struct tm utc = { 0 };
    int64_t ms = 0, offset_ms = 0;
    bool good = false;
    if (text.length < sizeof copy) {
        memcpy(copy, text.at ? text.at : "", text.length);
        copy[text.length] = '\0';
        const char *rest = strptime(copy, "%Y-%m-%d", &utc);
        good = rest && *rest == '\0';
        if (rest && (*rest == 'T' || *rest == 't' || *rest == ' ')) {
            rest = strptime(rest + 1, "%H:%M:%S", &utc);
            good = rest && read_rest(rest, &ms, &offset_ms);
        }
    }
    if (!good || !is_in_month(&utc))
        return fail(err, ERROR_INVALID, "'" STR_FMT "' is not a time such as 2026-11-21T10:00:00Z",
                    STR_ARG(text));
    *time_ms_r = (int64_t)timegm(&utc) * 1000 + ms - offset_ms;
    return true;
}
