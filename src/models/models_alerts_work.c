/* models_alerts_work.c - alerts about what is done in the background: jobs by their kind (reading,
 * classifying, sending bots ...), executions of workflows, and originals that the scan found
 * damaged. */
#include "models/models_alerts.h"
#include "store/damaged_originals_store.h"
#include "store/jobs_store.h"
#include "store/workflows_store.h"

#define MINUTE_MS (INT64_C(60) * 1000)
#define JOBS_MINUTES 5
#define JOBS_MIN 10 /* that ended; fewer say nothing */
#define WORKFLOWS_MINUTES 60
#define WORKFLOWS_MIN 5

static double per_cent(int64_t part, int64_t whole) { return 100.0 * (double)part / (double)whole; }

static bool judge_jobs(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                       AlertFound *found, void *self, Error *err)
{
    JobTypeCountsList types;
    if (!jobs_store_count_types(tx, scope, arena, now_ms - JOBS_MINUTES * MINUTE_MS, &types, err))
        return false;
    for (size_t i = 0; i < types.count; i++) {
        const JobTypeCounts *type = &types.at[i];
        int64_t ended = type->done + type->dead, since = type->counts.oldest_waiting_ms;
        if (ended >= JOBS_MIN)
            found(self, ALERT_failing_work, type->type, per_cent(type->dead, ended));
        if (since)
            found(self, ALERT_late_work, type->type, (double)MAX(now_ms - since, 0) / 1000);
    }
    return true;
}

static bool judge_workflows(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                            AlertFound *found, void *self, Error *err)
{
    WorkflowEndsList ends;
    if (!workflow_ends(tx, scope, arena, now_ms - WORKFLOWS_MINUTES * MINUTE_MS, &ends, err))
        return false;
    for (size_t i = 0; i < ends.count; i++) {
        int64_t ended = ends.at[i].done + ends.at[i].failed;
        if (ended >= WORKFLOWS_MIN)
            found(self, ALERT_failing_workflow, ends.at[i].name,
                  per_cent(ends.at[i].failed, ended));
    }
    return true;
}

static bool judge_originals(DbTx *tx, const Scope *scope, AlertFound *found, void *self, Error *err)
{
    int64_t damaged;
    if (!damaged_original_count(tx, scope, &damaged, err))
        return false;
    if (damaged)
        found(self, ALERT_damaged_originals, STR_NONE, (double)damaged);
    return true;
}

bool alerts_judge_work(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                       AlertFound *found, void *self, Error *err)
{
    return judge_jobs(tx, scope, arena, now_ms, found, self, err) &&
           judge_workflows(tx, scope, arena, now_ms, found, self, err) &&
           judge_originals(tx, scope, found, self, err);
}
