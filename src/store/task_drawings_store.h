/* task_drawings_store.h - which documents are to be read for tasks: new ones, in collections that
 * want it. Columns of `documents` and `collections`. */
#pragma once

#include "store/scope.h"

typedef struct TaskDrawing {
    Str workspace, document;
} TaskDrawing;
typedef struct TaskDrawingList {
    TaskDrawing *at;
    size_t count;
} TaskDrawingList;

/* One of every workspace that has some. Needs a system scope. */
MUST_CHECK bool task_drawings_waiting(DbTx *tx, const Scope *scope, Arena *arena,
                                      TaskDrawingList *list_r, Error *err);
/* Of a workspace, at most 1,000, oldest first: ready, not in the trash, not read yet. */
MUST_CHECK bool task_drawings_due(DbTx *tx, const Scope *scope, Arena *arena,
                                  TaskDrawingList *list_r, Error *err);
/* Nothing is due any more: they count as read. */
MUST_CHECK bool task_drawings_drop(DbTx *tx, const Scope *scope, Error *err);
/* *first_r: it had not been read before. */
MUST_CHECK bool task_drawing_done(DbTx *tx, const Scope *scope, Str document, bool *first_r,
                                  Error *err);
