/* worker.h - what runs behind the sandbox's door: reading a file, reading pages, drawing a page.
 *
 * The program itself is one class of worker, DOC_MAIN_WORKER: every reader in src/extract.
 * Libraries that are slow to load live in programs of their own, one for each folder of src/worker:
 * that folder defines `worker_class`, and the build makes lectern-worker-<folder> of it. An
 * extractor that names the class in `worker`, or calls doc_later(), sends a file there.
 *
 * Threads: a worker has one, and cannot make more. */
#pragma once

#include "extract/extractor.h"
#include "extract/picture/page_picture.h"
#include "sandbox/sandbox.h"

/* Services of the main class: "extract", "page". Ends with an empty row. */
extern const WorkerService worker_services[];

/* Limits of one file, smaller than the extractors' own: the server keeps what it reads. */
extern const DocLimits worker_limits;

struct WorkerArguments;

/* A file that was made of another one. */
typedef struct WorkerPrepared {
    Str bytes, media_type;
} WorkerPrepared;

typedef struct WorkerClass {
    const char *name; /* that of the folder: "picture" */
    /* Before the door closes: load what the libraries will need. May be NULL. */
    void (*preload)(void);
    /* Read a whole file of this class. Like Extractor.extract; members are handed on unread. */
    bool (*extract)(const ExtractSource *source, DocWriter *doc, Error *err);
    /* Read these pages of a paged file: for each doc_page(), its blocks with boxes in points of the
     * page, doc_progress(). NULL: it reads no pages. */
    bool (*pages)(const ExtractSource *source, const int *pages, size_t count, DocWriter *doc,
                  Error *err);
    /* Draw a page that the main class cannot draw, with its boxes marked (page_picture_mark()).
     * NULL: it draws none. */
    bool (*picture)(Arena *arena, const PagePictureRequest *request, PagePicture *picture_r,
                    Error *err);
    /* The file as a model service takes it, within bytes_max, side_max and pixels_max. NULL: it
     * prepares none. */
    bool (*prepare)(Arena *arena, Str bytes, const struct WorkerArguments *limits,
                    WorkerPrepared *prepared_r, Error *err);
} WorkerClass;

/* Defined by the folder of a class, for its own program. */
extern const WorkerClass worker_class;

/* The arguments of a job, as JSON. fds[0] is the file. */
typedef struct WorkerArguments {
    Str name, media_type, password, languages;
    Str quote;                               /* "page": what to mark */
    int64_t page, width;                     /* "page" */
    int64_t bytes_max, side_max, pixels_max; /* "prepare"; but for bytes_max 0: any */
    const int *pages; /* of a class's "extract": only these; none: the whole file */
    size_t page_count;
    bool sends_members;   /* with their bytes */
    bool skips_look;      /* see ExtractSource */
    bool hears_elsewhere; /* likewise; "speech" then sends its pieces as members */
} WorkerArguments;

/* How many pages one job may name. */
enum { WORKER_PAGES_MAX = 64 };

Str worker_arguments_write(Arena *arena, const WorkerArguments *args);
MUST_CHECK bool worker_arguments_read(Str json, Arena *arena, WorkerArguments *args_r, Error *err);

/* A writer whose blocks go to the server, and its progress beside them. */
typedef struct WorkerOutlet {
    DocSink wire, sink;
    WorkerJob *job;
} WorkerOutlet;
DocWriter *worker_outlet(Arena *arena, WorkerJob *job, bool sends_members, WorkerOutlet *outlet_r);
MUST_CHECK bool worker_send_prepared(WorkerJob *job, const WorkerPrepared *prepared, Error *err);
MUST_CHECK bool worker_send_picture(WorkerJob *job, int32_t marked, Str png, Error *err);
