/* calendars_store.h - the `calendars` table: calendars of people that meetings are read from.
 * Credentials come sealed and stay so. */
#pragma once

#include "store/scope.h"

#define CALENDARS_MAX 50 /* of one person */

typedef struct Calendar {
    Str workspace, id, user;
    Str kind, name, url; /* the password of an address only after text_open() */
    Str whole;           /* of the address (sealed_texts.h) */
    Str address;         /* mail address of whose it is; empty: not known */
    Str sealed;          /* credentials; empty: none */
    bool allows_private;
    Str time_zone;         /* of times that name none; empty: UTC */
    bool is_on, is_auto;   /* is_auto: its meetings get bots */
    Str sync_state;        /* what the calendar said that tells news from old; empty: nothing */
    int64_t full_at_ms;    /* when all of it was last read; 0: never */
    Str state;             /* "waiting", "good", "failed" */
    Str error_code, error; /* of the last try; empty: it went well */
    Str notice;            /* what was passed over, in words */
    int64_t failures;      /* in a row */
    int64_t next_at_ms;    /* when it is read again */
    int64_t synced_at_ms, created_at_ms;
} Calendar;

typedef struct CalendarList {
    Calendar *at;
    size_t count;
} CalendarList;

/* Adds it with a new id for the scope's user, to be read now. ERROR_CONFLICT: CALENDARS_MAX. */
MUST_CHECK bool calendar_add(DbTx *tx, const Scope *scope, Arena *arena, Calendar *calendar,
                             Error *err);
MUST_CHECK bool calendar_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                              Calendar *calendar_r, Error *err);
/* Of one person, by name. */
MUST_CHECK bool calendars_list(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                               CalendarList *list_r, Error *err);
/* Name, address, credentials, time zone and switches; it is read anew, now. */
MUST_CHECK bool calendar_change(DbTx *tx, const Scope *scope, const Calendar *calendar, Error *err);
/* How a reading went: sync_state, full_at, state, error, notice, failures, next_at, synced_at and
 * sealed. */
MUST_CHECK bool calendar_synced(DbTx *tx, const Scope *scope, const Calendar *calendar, Error *err);
/* With its meetings, but for those of which there is a document: they stay, without a calendar. */
MUST_CHECK bool calendar_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
/* Of every workspace: those that are to be read by now, at most 500; id, workspace and user.
 * Needs a system scope. */
MUST_CHECK bool calendars_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                              CalendarList *list_r, Error *err);
