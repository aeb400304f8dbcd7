/* retention_job.h - removes what has been kept for its time (store/retention.def), some rows a
 * transaction, so that nobody who writes waits for long. */
#pragma once

#include "jobs/job_queue.h"
#include "store/retention.h"

/* How long each is kept; -1: until the end that its row names. */
typedef struct RetentionPlan {
    int64_t days[RETENTION_COUNT];
} RetentionPlan;

/* Recurring; its argument is the plan. */
JobHandler retention_job;
