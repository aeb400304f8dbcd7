/* ics_int.h - the parts of the iCalendar reader: lines (ics.c), times and zones (ics_times.c),
 * series (ics_series.c). Private to src/meetings. */
#pragma once

#include "base/map.h"
#include "extract/formats/content_lines.h"
#include "meetings/ics.h"

/* A time as it is written: of a clock on a wall somewhere, counted as if it were UTC. */
typedef struct IcsTime {
    int64_t civil;
    bool is_there, is_date, is_utc;
    Str zone; /* TZID; empty: none */
} IcsTime;

/* STANDARD or DAYLIGHT of a VTIMEZONE: from `start` on, and again by the rule. */
typedef struct IcsObservance {
    int64_t start; /* civil, by the clock before */
    int64_t offset_s;
    Str rule;
} IcsObservance;

typedef struct IcsZone {
    Str name;
    VEC(IcsObservance) observances;
} IcsZone;

typedef struct IcsEvent {
    Meeting meeting; /* without its times */
    IcsTime start, end, recurrence_id;
    bool is_from_then_on; /* RANGE=THISANDFUTURE: of recurrence_id and what comes after it */
    int64_t sequence;
    /* Of such a change: from when on, by how much it moves what it is of, and the change of the
     * same UID that is found next. */
    int64_t from_ms, shift_s;
    const struct IcsEvent *before;
    int64_t duration_s; /* -1: not said */
    Str rule, conference;
    VEC(IcsTime) not_on, also_on;
    Buf attendees;
    size_t attendee_count;
    Error why; /* code: it makes no sense */
} IcsEvent;

typedef struct IcsReading {
    Arena *arena;
    const IcsWindow *window;
    Str zone; /* of times that name none */
    VEC(IcsZone) zones;
    VEC(IcsEvent) events;
    VEC(Meeting) meetings;
    int64_t *times;      /* of one series, ICS_OCCURRENCES_MAX */
    Map overrides;       /* "uid time" of occurrences that are told apart */
    Map changes;         /* uid: the latest RANGE=THISANDFUTURE, which leads to those before it */
    int64_t shift_max_s; /* how far these move occurrences at most */
    size_t passed_over;
    Str why;
    bool is_calendar;
} IcsReading;

/* --- ics_times.c --- */
/* A zone by the name that the system knows it by; as it is, where that is not known. */
Str ics_zone_name(Str zone);
/* "20270301", "20270301T120000" or with a Z. */
MUST_CHECK bool ics_time(Arena *arena, const ContentLine *line, Str value, IcsTime *time_r,
                         Error *err);
/* "P1DT2H30M", in seconds. */
MUST_CHECK bool ics_duration(Str text, int64_t *seconds_r);
/* "+0130", in seconds. */
MUST_CHECK bool ics_offset(Str text, int64_t *seconds_r);
MUST_CHECK bool ics_instant(const IcsReading *reading, const IcsTime *time, int64_t *time_ms_r,
                            Error *err);
/* The other way, for the clock that the time was written by. */
MUST_CHECK bool ics_civil(const IcsReading *reading, const IcsTime *like, int64_t time_ms,
                          int64_t *civil_r, Error *err);

/* --- ics_series.c --- */
/* Every event of the calendar into meetings of the window. */
MUST_CHECK bool ics_unroll(IcsReading *reading, Error *err);
