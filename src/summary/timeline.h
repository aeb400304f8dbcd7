/* timeline.h - what documents say happened when: sentences, list items and rows with dates, in the
 * order of time.
 *
 * Dates are read by text/date.h, with the document's own date as the day they are told from; what
 * that does not understand whole is no event. A row of a table is shown with its header. Pure; any
 * thread. */
#pragma once

#include "material/material.h"
#include "text/date.h"

#define TIMELINE_MAX 2000

typedef struct TimelineEvent {
    Str text;      /* the sentence, one line */
    Str said, iso; /* the words of the date; as text/date.h has it */
    DateGrain grain;
    int64_t start, end; /* civil seconds; end 0: a point */
    bool is_ambiguous;
    double confidence;
    Citation citation;
} TimelineEvent;

typedef struct Timeline {
    TimelineEvent *events; /* earliest first */
    size_t count;
    size_t total; /* that were found: TIMELINE_MAX are shown */
} Timeline;

void timeline_make(Arena *arena, const Material *material, Timeline *timeline_r);
/* Members items and total, into an object that is open. */
void timeline_put(JsonWriter *json, const Timeline *timeline);
