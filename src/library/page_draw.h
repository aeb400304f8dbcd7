/* page_draw.h - the picture of a page, drawn in a sandboxed worker. Threads: any. */
#pragma once

#include "library/library.h"
#include "worker/worker.h"

typedef struct PageToDraw {
    WorkerArguments arguments; /* name, password, page, width, quote */
    int fd;                    /* of the file; stays the caller's */
    int words_fd;              /* of the page's recognised words; -1: it holds its own text */
    Str format;                /* the extractor's name */
} PageToDraw;

MUST_CHECK bool page_draw(Sandbox *sandbox, Arena *arena, const PageToDraw *page,
                          DrawnPage *picture_r, Error *err);
