/* drawn.h - drawn tasks kept as suggested ones, with their place.
 *
 *     POST /v1/tasks/draw, "save" ---------------------.
 *     collection that wants it -> job task_drawing -> draw -> suggested -> a person
 *
 * What a document says in one place is suggested once, whoever draws it and whatever became of the
 * suggestion. */
#pragma once

#include "jobs/job_queue.h"
#include "library/library.h"
#include "store/tasks_store.h"
#include "tasks/draw.h"

/* Where the tasks were drawn from. */
typedef struct DrawSource {
    Library *library;
    const Scope *scope;
    Document document; /* its id is empty: a text that was given */
    Str zone;
} DrawSource;

/* The text of the document, and when it was written: what it says of its own date, else when it
 * came. */
MUST_CHECK bool drawn_text(Arena *arena, const DrawSource *from, Str *text_r, Error *err);
int64_t drawn_reference(const Document *document);
/* The place as a JSON object: a Citation, or without a document the words. */
MUST_CHECK bool drawn_source(Arena *arena, const DrawSource *from, const DrawnTask *task,
                             Str *source_r, Error *err);
/* All or none; to ids[list->count] go those that were kept, or were there. */
MUST_CHECK bool drawn_save(DbTx *tx, Arena *arena, const DrawSource *from,
                           const DrawnTaskList *list, Str *ids, Error *err);

/* What the job works with. */
typedef struct TaskDrawer {
    Library *library;
    Models *models;
} TaskDrawer;

/* Recurring: queues the other for each workspace where new documents came into collections that
 * want it. */
JobHandler tasks_draw_job;
/* Its argument is a TaskDrawer. */
JobHandler tasks_drawing_job;
/* What was waiting is passed over for good. */
JobCancel tasks_drawing_cancel;
