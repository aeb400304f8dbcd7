/* calendar.h - tasks as iCalendar (RFC 5545): VTODO out, VTODO in.
 *
 * Times are written in UTC and whole days as dates; what recurs in a time zone of its own in that
 * zone, with its VTIMEZONE (calendar_zone.c). Lines end in CRLF and are folded at 75 octets, never
 * within a character. */
#pragma once

#include "store/tasks_store.h"

#define CALENDAR_MAX MB(2)
#define CALENDAR_TASKS_MAX 1000
#define CALENDAR_SHOWN_MAX 20000
#define CALENDAR_DONE_DAYS 30 /* what is done stays in the calendar so long */

/* What calendar programs are shown of the scope's person, or of everybody for a key without one:
 * not what is only suggested, and not what has long been done. The caller's transaction. */
MUST_CHECK bool calendar_list(DbTx *tx, const Scope *scope, Arena *arena, TaskList *list_r,
                              Error *err);
/* Those that may have been shown at `since_ms` and are no longer. */
MUST_CHECK bool calendar_list_gone(DbTx *tx, const Scope *scope, Arena *arena, int64_t since_ms,
                                   TaskList *list_r, Error *err);
void calendar_write(Buf *out, const TaskList *tasks, Str name);

/* One VTODO. What it does not say is that of `task` as it was handed in. */
typedef struct CalendarItem {
    Task task;
    Str uid;
    bool is_good;
    bool has_zone; /* its times are of the task's zone, and its rule counts by that */
    Error why;     /* when it is not */
} CalendarItem;
typedef struct CalendarItemList {
    CalendarItem *at;
    size_t count;
} CalendarItemList;

/* Fails on what is no calendar; a VTODO that makes no sense only fails for itself. */
MUST_CHECK bool calendar_read(Arena *arena, Str text, const Task *task, CalendarItemList *list_r,
                              Error *err);
