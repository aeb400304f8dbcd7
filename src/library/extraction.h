/* extraction.h - one file read in a sandboxed worker, with its members.
 *
 *     extraction_run() --sandbox, service "extract"--> a tree of documents; members' bytes as files
 *
 * Threads: any. */
#pragma once

#include "extract/document.h"
#include "sandbox/sandbox.h"

/* The services that the program offers as a worker; ends with an empty row. */
extern const WorkerService library_services[];

typedef struct ExtractionInput {
    int fd; /* of the file; stays the caller's */
    Str name, media_type, password;
    int64_t timeout_ms;       /* 0: 600,000 */
    const char *spool_folder; /* members' bytes are kept here; NULL: not kept */
    /* Both may be NULL. False: cancelled. */
    bool (*progress)(void *self, const char *stage, int64_t done, int64_t total);
    void *self;
    const _Atomic bool *cancelled;
} ExtractionInput;

typedef struct ExtractedChild {
    const DocNode *node;
    const DocNode *parent;
    Str path; /* the file with its bytes; the caller removes or moves it */
    Str sha256;
    uint64_t size;
} ExtractedChild;

typedef struct Extraction {
    DocNode *root;
    Str format, media_type;
    VEC(ExtractedChild) children; /* of all levels, each after its parent */
} Extraction;

/* Everything lives in the arena. On failure spooled files are removed. */
MUST_CHECK bool extraction_run(Sandbox *sandbox, Arena *arena, const ExtractionInput *input,
                               Extraction *extraction_r, Error *err);
/* Remove the spooled files that are still there. */
void extraction_clean(const Extraction *extraction);

/* Limits of one file, smaller than the extractors' own: the server keeps what it reads. */
extern const DocLimits library_limits;
