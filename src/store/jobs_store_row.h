/* jobs_store_row.h - what the files that read and change `jobs` share. Private to src/store. */
#pragma once

#include "store/jobs_store.h"

/* In the order job_row_read() reads them. */
#define JOB_COLUMNS                                                                                \
    "id, coalesce(workspace, ''), type, subject, payload, state, rank, attempt, attempt_max,"      \
    " run_at, token, is_cancelled, stage, done, total, stage_at, error_code, error, created_at,"   \
    " started_at, finished_at, user_id, title, result, stage_done, parent, children,"              \
    " children_left, children_failed"
void job_row_read(DbRows *row, Arena *arena, void *item);

/* A child that is over. */
typedef struct JobEnd {
    Str parent;
    bool is_good;
} JobEnd;
typedef VEC(JobEnd) JobEnds;
void job_end_add(Arena *arena, JobEnds *ends, Str parent, bool is_good); /* no parent: nothing */
/* Their parents count down; one that waited for nothing else waits to run, and its line is added to
 * *woken. */
MUST_CHECK bool job_ends_tell(DbTx *tx, Arena *arena, const JobEnds *ends, int64_t now_ms,
                              JobLines *woken, Error *err);

void job_line_add(Arena *arena, JobLines *lines, Str type, Str workspace);
