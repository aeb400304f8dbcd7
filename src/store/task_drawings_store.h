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

/* Of every workspace, at most 50, oldest first: ready, not in the trash, not read yet. Needs a
 * system scope. */
MUST_CHECK bool task_drawings_due(DbTx *tx, const Scope *scope, Arena *arena,
                                  TaskDrawingList *list_r, Error *err);
/* *first_r: it had not been read before. */
MUST_CHECK bool task_drawing_done(DbTx *tx, const Scope *scope, Str document, bool *first_r,
                                  Error *err);
