/* worker_part.h - what fuzz_worker.c runs of one class of worker: fuzz/worker/<class>.c lists it.
 */
#pragma once

#include "worker/worker.h"

typedef struct WorkerPart {
    const char *name;
    const char *seeds; /* extensions of files to begin from, between blanks; may be empty */
    void (*run)(const ExtractSource *source, DocWriter *doc, Arena *arena);
} WorkerPart;

/* Ends with an empty row. */
extern const WorkerPart worker_parts[];

/* The whole file, as the class reads it. A refusal without a reason ends the run. */
void part_whole(const ExtractSource *source, DocWriter *doc, Arena *arena);
/* Its first pages. */
void part_pages(const ExtractSource *source, DocWriter *doc, Arena *arena);
