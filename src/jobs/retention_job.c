/* retention_job.c - see retention_job.h. */
#include "jobs/retention_job.h"

#include "base/clock.h"

#define DAY_MS INT64_C(86400000)
#define ROWS_AT_ONCE 1000

typedef struct Cut {
    Job *job;
    RetentionOf of;
    int64_t before_ms, removed;
} Cut;

static bool cut_some(DbTx *tx, void *argument, Error *err)
{
    Cut *cut = argument;
    return retention_cut(tx, &cut->job->scope, cut->of, cut->before_ms, ROWS_AT_ONCE, &cut->removed,
                         err);
}

static bool cut_all(Cut *cut, Error *err)
{
    do {
        if (job_is_stopped(cut->job))
            return job_stopped(cut->job, err);
        if (!store_write(cut->job->db, &cut->job->scope, cut_some, cut, err))
            return false;
    } while (cut->removed == ROWS_AT_ONCE);
    return true;
}

bool retention_job(Job *job, Error *err)
{
    const RetentionPlan *plan = job->argument;
    for (RetentionOf of = 0; of < RETENTION_COUNT; of++) {
        Cut cut = { .job = job, .of = of, .before_ms = now_ms() };
        if (plan->days[of] > 0)
            cut.before_ms -= plan->days[of] * DAY_MS;
        if (!cut_all(&cut, err))
            return false;
    }
    return true;
}
