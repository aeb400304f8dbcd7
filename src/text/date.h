/* date.h - dates and times in sentences: "by EOD Friday", "two weeks from Tuesday", "3 to 5pm".
 *
 *     text -> date_tokens (words, numbers) -> date_rules* (grammar, longest match from the left)
 *          -> date_resolve (which year, which half of the day) -> DateFound
 *
 * Rules, no model: the same words give the same answer, and what no rule understands whole is not
 * answered, since a wrong deadline is worse than none. Calendar pieces end where the next begins
 * ("2019-07-01/2019-10-01" is the third quarter). A range of months or years said by its two ends
 * goes from the beginning of the one to the beginning of the other.
 *
 * Everything is pure and lives in the caller's arena; any thread may call. Text over DATE_TEXT_MAX
 * bytes is read up to there. */
#pragma once

#include "base/stop.h"

#define DATE_TEXT_MAX MB(1)

typedef enum DateKind { DATE_POINT, DATE_RANGE, DATE_DURATION, DATE_RECURRENCE } DateKind;

/* How finely it was said. */
typedef enum DateGrain {
    DATE_SECOND,
    DATE_MINUTE,
    DATE_HOUR,
    DATE_DAY,
    DATE_WEEK,
    DATE_MONTH,
    DATE_QUARTER,
    DATE_YEAR,
    DATE_DECADE,
    DATE_CENTURY
} DateGrain;

/* A civil time. Without a day it is a time of any day, without a clock a whole day. */
typedef struct DateMoment {
    bool has_day, has_clock;
    int64_t seconds; /* since 1970-01-01T00:00 of the place, or since midnight when it has no day */
} DateMoment;

/* A time span of the calendar, or an exact one. A point has only a start; a side of a range that
 * was not said has neither day nor clock. */
typedef struct DateValue {
    DateMoment start, end;
} DateValue;

typedef struct DateFound {
    DateKind kind;
    DateGrain grain;
    DateValue value;
    bool is_ambiguous; /* "Friday" may be the last one, "at 4" may be in the morning */
    DateValue other;   /* the second reading of an ambiguous one */
    bool is_deadline;  /* said with by, before, until, due, no later than */
    bool has_zone;     /* the text names a zone: these seconds east of Greenwich */
    int zone_seconds;
    size_t start, end; /* bytes of the text where it stands */
    double confidence; /* 0..1 */
    Str iso;           /* ISO 8601, or an RFC 5545 RRULE for a recurrence */
    Str other_iso;     /* "" unless it is ambiguous */
} DateFound;

typedef struct DateReference {
    int64_t now;           /* civil seconds since 1970 where the writer is: see date_local() */
    Str language;          /* "en", "de", "fr" or "es"; anything else is "en" */
    bool prefers_past;     /* "in August" is the last one, not the next */
    bool is_day_first;     /* 3/4 is the third of April; true by itself but in English */
    const StopCheck *stop; /* then what comes next is not read; may be NULL */
} DateReference;

/* Everything said in the text, in its order. Returns how many. */
size_t date_find(Arena *arena, Str text, const DateReference *reference, DateFound **found_r);

/* "2016-11-07T16:12:00" or "2016-11-07" as civil seconds; an offset after it is not looked at. */
MUST_CHECK bool date_read_civil(Str text, int64_t *seconds_r, Error *err);
/* The first instant of a found value's deadline or start in UTC milliseconds is a civil time read
 * in a zone: an IANA name, "" for UTC. A time that a change of clocks skips moves forward by the
 * gap, one that happens twice is the first. */
MUST_CHECK bool date_instant(int64_t civil_seconds, Str zone, int64_t *time_ms_r, Error *err);
/* The other way: what the clocks of the zone show. */
MUST_CHECK bool date_local(int64_t time_ms, Str zone, int64_t *civil_seconds_r, Error *err);

/* A zone that is read once, for who asks it often. It lives in the arena. */
typedef struct DateZone DateZone;
MUST_CHECK bool date_zone(Arena *arena, Str name, const DateZone **zone_r, Error *err);
/* When its clocks show this, in UTC milliseconds, the first one first: two when they do so twice;
 * one that they skip is moved as above. */
size_t date_zone_instants(const DateZone *zone, int64_t civil_seconds, int64_t times_r[2]);
int64_t date_zone_local(const DateZone *zone, int64_t time_ms);

/* A change of a zone's clocks. */
typedef struct DateChange {
    int64_t time_s;    /* since 1970, UTC */
    int before, after; /* seconds east of Greenwich */
    bool is_summer;    /* summer time begins with it */
    Str name;          /* "CEST" */
} DateChange;
/* Until which year changes are known one by one. */
#define DATE_CHANGES_YEAR_MAX 2036
/* Those after `from_s` up to then, after the last one before it: that which is in force at the
 * beginning, even where the clocks have never been changed. At least one, in the caller's arena. */
size_t date_zone_changes(Arena *arena, const DateZone *zone, int64_t from_s, DateChange **list_r);
