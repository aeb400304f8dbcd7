/* jobs_store_row.h - one row of `jobs`, for the two files that read it. Private to src/store. */
#pragma once

#include "store/jobs_store.h"

/* In the order job_row_read() reads them. */
#define JOB_COLUMNS                                                                                \
    "id, coalesce(workspace, ''), type, subject, payload, state, priority, attempt, attempt_max,"  \
    " run_at, token, is_cancelled, stage, done, total, stage_at, error_code, error, created_at,"   \
    " started_at, finished_at, user_id, title, result, stage_done"

void job_row_read(DbRows *row, Arena *arena, void *item);
