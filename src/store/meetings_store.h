/* meetings_store.h - the `meetings` table: what stands in calendars, and what somebody named. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

#define MEETING_TITLE_MAX 500 /* bytes */
#define MEETING_TEXT_MAX KB(16)

typedef struct Meeting {
    Str id, user;
    Str calendar;        /* empty: somebody named it */
    Str uid, occurrence; /* occurrence: where in its series it was first; empty: it comes once */
    Str title, description, location;
    Str organizer;
    Str attendees; /* JSON: [{name, email, answer}] */
    Str answer;    /* of whose calendar it is: "accepted", "declined", ...; empty: not known */
    int64_t starts_at_ms, ends_at_ms;
    bool is_all_day;
    Str time_zone;
    Str state; /* "confirmed", "tentative", "cancelled" */
    /* Where people meet; no kind: nowhere that a bot could go. */
    Str link_kind, link_id, link_url, link_password;
    Str document, minutes; /* minutes: JSON */
    int64_t created_at_ms, updated_at_ms;
} Meeting;

typedef struct MeetingList {
    Meeting *at;
    size_t count;
    Str next;
} MeetingList;

typedef struct MeetingFilter {
    Str user;
    Str calendar;              /* empty: any */
    int64_t from_ms, until_ms; /* that end after, and begin before; 0: any */
} MeetingFilter;

/* Adds one that stands in no calendar with a new id, set in *meeting. */
MUST_CHECK bool meeting_add(DbTx *tx, const Scope *scope, Arena *arena, Meeting *meeting,
                            Error *err);
/* Adds or replaces that of this calendar, uid and occurrence; its document and minutes stay. Sets
 * meeting->id; *changed_r: it is new, or when, where or whether it takes place is not what it was.
 */
MUST_CHECK bool meeting_put(DbTx *tx, const Scope *scope, Arena *arena, Meeting *meeting,
                            bool *changed_r, Error *err);
MUST_CHECK bool meeting_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Meeting *meeting_r,
                             Error *err);
/* By time. */
MUST_CHECK bool meeting_list(DbTx *tx, const Scope *scope, Arena *arena,
                             const MeetingFilter *filter, const Slice *slice, MeetingList *list_r,
                             Error *err);
/* Those of the calendar with this uid that are not cancelled. */
MUST_CHECK bool meeting_list_uid(DbTx *tx, const Scope *scope, Arena *arena, Str calendar, Str uid,
                                 MeetingList *list_r, Error *err);
MUST_CHECK bool meeting_cancel(DbTx *tx, const Scope *scope, Str id, Error *err);
/* What became of it. */
MUST_CHECK bool meeting_set_document(DbTx *tx, const Scope *scope, Str id, Str document,
                                     Error *err);
MUST_CHECK bool meeting_set_minutes(DbTx *tx, const Scope *scope, Str id, Str minutes, Error *err);
/* Meetings of calendars that ended before and have no document. Needs a system scope. */
MUST_CHECK bool meetings_purge(DbTx *tx, const Scope *scope, int64_t before_ms, Error *err);
