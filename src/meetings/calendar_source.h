/* calendar_source.h - a calendar somewhere else, whatever its kind, read for its meetings in a
 * window of time.
 *
 * A reading says whether it is everything (what is missing has been taken out) or only news, and
 * what tells news from old the next time. Answers have limits before they are read; addresses are
 * checked against url_safety.h each time. Threads: any; blocks. */
#pragma once

#include "base/json.h"
#include "meetings/ics.h"
#include "net/http_client.h"
#include "store/calendars_store.h"

typedef struct CalendarGone {
    Str uid, occurrence; /* occurrence empty: all of the event */
} CalendarGone;

typedef struct CalendarReading {
    HttpClient *http;
    Arena *arena;
    const Calendar *calendar;
    json_t *credentials; /* an object; what it changes is kept */
    bool has_new_credentials;
    bool wants_all; /* not only news */
    IcsWindow window;

    /* Told. */
    bool is_unchanged, is_all;
    Meeting *at;
    size_t count;
    CalendarGone *gone; /* of news: what no longer takes place */
    size_t gone_count;
    size_t passed_over;
    Str why;   /* of the first of them */
    Str state; /* for the next time */
} CalendarReading;

typedef bool CalendarReader(CalendarReading *reading, Error *err);
#define CALENDAR_KIND(name, title, credentials) CalendarReader calendar_read_##name;
#include "meetings/calendar_kinds.def"
#undef CALENDAR_KIND

typedef struct CalendarKind {
    const char *name, *title, *credentials;
    CalendarReader *read;
} CalendarKind;
typedef struct CalendarKinds {
    const CalendarKind *at;
    size_t count;
} CalendarKinds;
CalendarKinds calendar_kinds(void);
/* NULL when there is none. */
const CalendarKind *calendar_kind_named(Str name);

/* --- For the kinds' files (calendar_source.c) --- */

typedef struct CalendarAsk {
    const char *method; /* NULL: GET */
    Str url, body, media_type;
    Str bearer;        /* empty: user and password, where they are known */
    HttpPair extra;    /* one header more; no name: none */
    const char *depth; /* of DAV; NULL: none */
    int accepted[3];   /* statuses besides 200 */
} CalendarAsk;
/* ERROR_UPSTREAM says what another status means: credentials, address, or the server. */
MUST_CHECK bool calendar_ask(CalendarReading *reading, const CalendarAsk *ask, HttpAnswer *answer_r,
                             Error *err);
/* The access token of its credentials, made anew where there is a refresh token; `usual_url`:
 * where, unless they name another address. */
MUST_CHECK bool calendar_token(CalendarReading *reading, Str usual_url, Str *token_r, Error *err);
/* A member's text, cleaned, at most so many bytes. */
Str calendar_text(Arena *arena, const json_t *object, const char *name, size_t max);
/* The events of an iCalendar text, added to the reading's. */
MUST_CHECK bool calendar_take(CalendarReading *reading, Str text, Error *err);
