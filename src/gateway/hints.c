/* hints.c - see hints.h. */
#include "gateway/hints.h"

#include <time.h>

#include "base/clock.h"

const LimitCounts limit_counts[LIMIT_COUNT] = {
#define LIMIT(name, word, counts) COUNTS_##counts,
#include "gateway/limit_kinds.def"
#undef LIMIT
};

static const char *const limit_words[LIMIT_COUNT] = {
#define LIMIT(name, word, counts) word,
#include "gateway/limit_kinds.def"
#undef LIMIT
};

/* --- Durations --- */

typedef struct Unit {
    const char *word;
    double ms;
} Unit;

/* Longer words first: "ms" is not "m". */
static const Unit units[] = {
    { "milliseconds", 1 }, { "seconds", 1000 },    { "minutes", 60000 }, { "second", 1000 },
    { "minute", 60000 },   { "hours", 3600000 },   { "hour", 3600000 },  { "days", 86400000 },
    { "day", 86400000 },   { "sec", 1000 },        { "min", 60000 },     { "ms", 1 },
    { "us", 0.001 },       { "\xC2\xB5s", 0.001 }, { "ns", 0.000001 },   { "h", 3600000 },
    { "m", 60000 },        { "s", 1000 },          { "d", 86400000 },
};

/* Take a unit off the front; NULL: there is none. */
static const Unit *take_unit(Str *text)
{
    for (size_t i = 0; i < COUNT(units); i++) {
        size_t length = str(units[i].word).length;
        if (text->length >= length &&
            str_equal_ignore_case(str_slice(*text, 0, length), str(units[i].word))) {
            *text = str_from(*text, length);
            return &units[i];
        }
    }
    return NULL;
}

static bool take_number(Str *text, double *number_r)
{
    size_t length = 0, dots = 0;
    while (length < text->length &&
           ((text->at[length] >= '0' && text->at[length] <= '9') ||
            (text->at[length] == '.' && length + 1 < text->length && text->at[length + 1] >= '0' &&
             text->at[length + 1] <= '9' && !dots)))
        dots += text->at[length++] == '.';
    if (!length || !str_to_double(str_slice(*text, 0, length), number_r))
        return false;
    *text = str_from(*text, length);
    return true;
}

static bool set_ms(double ms, int64_t *ms_r)
{
    if (!(ms > 0))
        return false;
    /* A part of a millisecond is waited for as a whole one. */
    *ms_r = ms >= (double)HINT_MAX_MS ? HINT_MAX_MS : (int64_t)ms + (ms > (double)(int64_t)ms);
    return true;
}

/* A duration at the start of a text; what follows it does not matter. */
static bool take_duration(Str text, int64_t *ms_r)
{
    double all = 0, number;
    bool is_alone = true;
    while (take_number(&text, &number)) {
        text = str_trim(text);
        const Unit *unit = take_unit(&text);
        if (!unit) {
            all += is_alone ? number * 1000 : 0;
            break;
        }
        is_alone = false;
        all += number * unit->ms;
    }
    return set_ms(all, ms_r);
}

bool hint_parse_duration(Str text, int64_t *ms_r) { return take_duration(str_trim(text), ms_r); }

/* --- Dates --- */

/* The three forms of RFC 9110, section 5.6.7. */
static bool parse_http_date(Str text, int64_t *time_ms_r)
{
    static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                         "%a %b %e %H:%M:%S %Y" };
    char copy[64];
    if (!text.length || text.length >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct tm parts = { 0 };
        const char *end = strptime(copy, forms[i], &parts);
        if (end && !*end) {
            *time_ms_r = (int64_t)timegm(&parts) * 1000;
            return true;
        }
    }
    return false;
}

static bool until(int64_t time_ms, int64_t now_ms, int64_t *ms_r)
{
    return set_ms((double)(time_ms - now_ms), ms_r);
}

/* Seconds, a date of HTTP's or RFC 3339's, a duration, or a time since 1970 in seconds or
 * milliseconds (OpenRouter). */
static bool parse_wait(Str text, int64_t now_ms, int64_t *ms_r)
{
    double number;
    int64_t time_ms;
    Error err;
    if (str_to_double(text, &number)) {
        if (number > 1e11)
            return until((int64_t)MIN(number, 9e15), now_ms, ms_r);
        if (number > 1e9)
            return until((int64_t)(number * 1000), now_ms, ms_r);
        return set_ms(number * 1000, ms_r);
    }
    if (parse_http_date(text, &time_ms) || time_parse(text, &time_ms, &err))
        return until(time_ms, now_ms, ms_r);
    return hint_parse_duration(text, ms_r);
}

/* --- Headers --- */

static bool take_prefix(Str *name, const char *prefix)
{
    Str start = str(prefix);
    if (name->length < start.length ||
        !str_equal_ignore_case(str_slice(*name, 0, start.length), start))
        return false;
    *name = str_from(*name, start.length);
    return true;
}

static LimitKind kind_of(Str word)
{
    int kind = 0;
    while (kind < LIMIT_COUNT && !str_equal_ignore_case(word, str(limit_words[kind])))
        kind++;
    return (LimitKind)kind;
}

/* "remaining-requests" (OpenAI and most others) or "requests-remaining" (Anthropic): which of the
 * three numbers, and of what. */
static int64_t *number_of(Hints *hints, Str name, bool *is_reset_r)
{
    static const Str parts[] = { S_INIT("limit"), S_INIT("remaining"), S_INIT("reset") };
    for (size_t i = 0; i < COUNT(parts); i++) {
        Str word = name;
        if (take_prefix(&word, parts[i].at)) {
            if (word.length && word.at[0] != '-')
                continue;
            word = str_from(word, word.length > 0);
        } else if (str_ends_ignore_case(name, parts[i]) && name.length > parts[i].length) {
            word = str_slice(name, 0, name.length - parts[i].length - 1);
        } else {
            continue;
        }
        LimitKind kind = kind_of(word);
        if (kind == LIMIT_COUNT)
            return NULL;
        LimitTold *told = &hints->limits[kind];
        *is_reset_r = i == 2;
        return i == 0 ? &told->limit : i == 1 ? &told->remaining : &told->reset_ms;
    }
    return NULL;
}

static void read_limit(Hints *hints, Str name, Str value, int64_t now_ms)
{
    bool is_reset = false;
    int64_t *number = number_of(hints, name, &is_reset);
    int64_t count;
    double real;
    if (!number)
        return;
    if (is_reset) {
        (void)parse_wait(value, now_ms, number);
    } else if (str_to_int(value, 0, INT64_C(1) << 50, &count)) {
        *number = count;
    } else if (str_to_double(value, &real) && real >= 0 && real < 1e15) {
        *number = (int64_t)real;
    }
    hints->tells_limits = true;
}

static void read_wait(Hints *hints, Str name, Str value, int64_t now_ms)
{
    int64_t ms = 0;
    double number;
    bool good = false;
    if (str_equal_ignore_case(name, S("retry-after")))
        good = parse_wait(value, now_ms, &ms);
    else if (str_equal_ignore_case(name, S("retry-after-ms")) ||
             str_equal_ignore_case(name, S("x-ms-retry-after-ms")))
        good = str_to_double(value, &number) && set_ms(number, &ms);
    if (good)
        hints->wait_ms = MAX(hints->wait_ms, ms);
}

/* Our clock may be wrong, or theirs: their dates are read with their own time. */
static int64_t date_of(HttpPairs headers, int64_t now_ms)
{
    int64_t told_ms;
    for (size_t i = 0; i < headers.count; i++)
        if (str_equal_ignore_case(headers.at[i].name, S("date")) &&
            parse_http_date(str_trim(headers.at[i].value), &told_ms))
            return told_ms;
    return now_ms;
}

static bool may_hint(Str name) { return name.length > 8 && HAS_CHAR(name.at[0] | 0x20, "arx"); }

Hints hints_of_headers(HttpPairs headers, int64_t now_ms)
{
    Hints hints = { .wait_ms = HINT_NONE };
    bool is_dated = false;
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        hints.limits[i] = (LimitTold){ -1, -1, -1 };
    for (size_t i = 0; i < headers.count; i++) {
        Str name = headers.at[i].name, value = str_trim(headers.at[i].value);
        if (!may_hint(name))
            continue;
        bool is_limit = take_prefix(&name, "x-ratelimit-") ||
                        take_prefix(&name, "anthropic-ratelimit-") ||
                        take_prefix(&name, "ratelimit-");
        if (!is_limit && !take_prefix(&(Str){ name.at, name.length }, "retry-") &&
            !take_prefix(&(Str){ name.at, name.length }, "x-ms-"))
            continue;
        if (!is_dated)
            now_ms = date_of(headers, now_ms);
        is_dated = true;
        if (is_limit)
            read_limit(&hints, name, value, now_ms);
        else
            read_wait(&hints, name, value, now_ms);
    }
    /* When a limit is whole again matters to who has used it up. */
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        if (hints.limits[i].remaining == 0)
            hints.wait_ms = MAX(hints.wait_ms, hints.limits[i].reset_ms);
    return hints;
}

/* --- Bodies --- */

static int64_t duration_behind(Str body, const char *mark)
{
    ptrdiff_t at = str_find_ignore_case(body, str(mark));
    int64_t ms;
    if (at < 0)
        return HINT_NONE;
    Str rest = str_from(body, (size_t)at + str(mark).length);
    while (rest.length && HAS_CHAR(rest.at[0], " \t\r\n:\""))
        rest = str_from(rest, 1);
    return take_duration(str_slice(rest, 0, 64), &ms) ? ms : HINT_NONE;
}

int64_t hint_of_body(Str body)
{
    static const char *const marks[] = { "\"retryDelay\"", "\"retry_after\"", "try again in",
                                         "retry in", "retry after" };
    int64_t longest = HINT_NONE;
    for (size_t i = 0; i < COUNT(marks); i++)
        longest = MAX(longest, duration_behind(body, marks[i]));
    return longest;
}
