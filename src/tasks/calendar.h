/* calendar.h - tasks as iCalendar (RFC 5545): VTODO out, VTODO in.
 *
 * Times are written in UTC and whole days as dates, so no VTIMEZONE is needed. Lines end in CRLF
 * and are folded at 75 octets, never within a character. */
#pragma once

#include "store/tasks_store.h"

#define CALENDAR_MAX MB(2)
#define CALENDAR_TASKS_MAX 1000

void calendar_write(Buf *out, const TaskList *tasks, Str name);

/* One VTODO. What it does not say is that of `task` as it was handed in. */
typedef struct CalendarItem {
    Task task;
    Str uid;
    bool is_good;
    Error why; /* when it is not */
} CalendarItem;
typedef struct CalendarItemList {
    CalendarItem *at;
    size_t count;
} CalendarItemList;

/* Fails on what is no calendar; a VTODO that makes no sense only fails for itself. */
MUST_CHECK bool calendar_read(Arena *arena, Str text, const Task *task, CalendarItemList *list_r,
                              Error *err);
