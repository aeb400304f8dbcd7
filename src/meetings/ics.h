/* ics.h - events of an iCalendar (RFC 5545) as meetings: series unrolled in a window of time.
 *
 * Known are RRULE (tasks/recurrence.h says which), RDATE, EXDATE, RECURRENCE-ID (of one occurrence,
 * or THISANDFUTURE), whole days, DTEND and DURATION, time zones by their IANA names, those of
 * Windows (windows_zones.def) and the calendar's own VTIMEZONE. Of an event that stands there twice
 * the one of the highest SEQUENCE counts. What of one event makes no sense costs that event, and is
 * counted; times that name no zone are the calendar's own (X-WR-TIMEZONE), else the window's.
 *
 * Bytes come from anywhere: at most as many events and occurrences as below. Pure; any thread. */
#pragma once

#include "base/json.h"
#include "store/meetings_store.h"

#define ICS_MAX MB(16)
#define ICS_EVENTS_MAX 20000
#define ICS_EXTRA_MAX 1000       /* EXDATE and RDATE of an event, attendees */
#define ICS_OCCURRENCES_MAX 1000 /* of an event in the window */
#define ICS_MEETINGS_MAX 10000   /* of all in the window */

typedef struct IcsWindow {
    int64_t from_ms, until_ms; /* what ends after, and begins before */
    Str zone;                  /* of times that name none; empty: UTC */
    Str address;               /* whose answer is told; empty: nobody's */
    StrList jitsi_hosts;
} IcsWindow;

typedef struct IcsMeetings {
    Meeting *at; /* as they stand in the calendar: without ids, in no order */
    size_t count;
    size_t passed_over; /* events that made no sense */
    Str why;            /* of the first of them */
} IcsMeetings;

/* Fails with ERROR_INVALID on what is no calendar, ERROR_TOO_LARGE over a limit. */
MUST_CHECK bool ics_read(Arena *arena, Str text, const IcsWindow *window, IcsMeetings *meetings_r,
                         Error *err);
/* "20270301T110000Z": how an occurrence of a series is named. */
Str ics_utc(Arena *arena, int64_t time_ms);
/* The meeting's link, from what its event says; `conference`: what names one outright. */
void meeting_set_link(Arena *arena, Str conference, StrList jitsi_hosts, Meeting *meeting);
