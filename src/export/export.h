/* export.h - everything of a workspace as plain files: see export_kinds.def for what there is, and
 * export_tables.def for what is left out and why.
 *
 *     export_begin() -> job -> a folder or ZIP file of the server's machine (`path`),
 *                              or a ZIP file that owners fetch for a week (export_open)
 *
 * One document, one conversation and some rows of a table are in memory at a time. A job that is
 * tried again keeps the originals that a folder has already. What changes meanwhile is as it was
 * when it was read.
 *
 * Threads: any. */
#pragma once

#include "jobs/job_queue.h"
#include "library/library.h"
#include "store/client_files_store.h"

#define JOB_EXPORT "export"

typedef struct Exports Exports;

typedef struct ExportsOptions {
    Db *db;
    Library *library;
    int64_t disk_reserve; /* bytes that stay free */
} ExportsOptions;

Exports *exports_new(const ExportsOptions *options);
void exports_free(Exports *exports); /* NULL is fine */

/* Queues the job; *job_r is its id. `path`: absolute, a ZIP file when it ends in .zip, else a
 * folder; empty: a file that is kept here. ERROR_DENIED for anybody but owners; one that runs is
 * found again. */
MUST_CHECK bool export_begin(Exports *exports, const Scope *scope, Arena *arena, Str path,
                             Str *job_r, Error *err);
JobHandler export_job;

/* The files that are kept here, newest first. Owners. */
MUST_CHECK bool export_files(Exports *exports, const Scope *scope, Arena *arena,
                             ClientFileList *list_r, Error *err);
/* The descriptor is the caller's. */
MUST_CHECK bool export_open(Exports *exports, const Scope *scope, Arena *arena, Str id,
                            ClientFile *file_r, int *fd_r, Error *err);
MUST_CHECK bool export_remove(Exports *exports, const Scope *scope, Arena *arena, Str id,
                              Error *err);
