/* app_jobs.c - starts the jobs of the program, under the name of its node. */
#include "cli/app_int.h"

#include <unistd.h>

#include "account/account_links.h"
#include "account/erasure.h"
#include "api/ai_tasks.h"
#include "api/schedule_types.h"
#include "approval/approval.h"
#include "base/file.h"
#include "base/id.h"
#include "batch/batches.h"
#include "connect/connect.h"
#include "export/export.h"
#include "feedback/feedback.h"
#include "jobs/job_wishes.h"
#include "library/backup_job.h"
#include "library/file_uploads.h"
#include "library/integrity.h"
#include "library/workspace_removal.h"
#include "meetings/meetings.h"
#include "models/prompt_bench.h"
#include "search/lab.h"
#include "study/make.h"
#include "summary/digest.h"
#include "summary/told_days.h"
#include "summary/told_searches.h"
#include "tasks/tasks.h"
#include "workflow/workflow.h"

/* The name of this data folder among all that share a database: who has the folder's lock may use
 * it. The first start makes it. */
static bool node_name(App *app, Str folder, Str *name_r, Error *err)
{
    char *path = path_join(app->arena, folder, S("node"));
    Error none;
    if (!app->restart.take && file_read(app->arena, path, 64, name_r, &none) &&
        id_is_valid(*name_r))
        return true;
    *name_r = app->restart.node = str_copy(app->arena, id_new(app->arena));
    /* The process before has its name until this one is in its place. */
    return app->restart.take || file_write(path, *name_r, 0600, err);
}

bool app_start_jobs(App *app, Str folder, Error *err)
{
    app->retention = app_retention(app->settings);
    app->api.retention = &app->retention;
    JobType types[] = {
#define JOB_TYPE(type, handler, attempts, lease, at_once_max, ahead_max, every, works_on,          \
                 is_shown, said, seen_at, ends)                                                    \
    { .name = type,                                                                                \
      .run = handler,                                                                              \
      .attempts_max = attempts,                                                                    \
      .lease_s = lease,                                                                            \
      .at_once = at_once_max,                                                                      \
      .ahead = ahead_max,                                                                          \
      .every_ms = every,                                                                           \
      .argument = app->api.works_on,                                                               \
      .shown = SHOWN_##is_shown,                                                                   \
      .title = said,                                                                               \
      .page = seen_at,                                                                             \
      .cancel = ends },
#include "cli/job_types.def"
#undef JOB_TYPE
    };
    int workers = (int)app->settings->extract_workers;
    Str node;
    restart_wait_level(&app->restart);
    if (!node_name(app, folder, &node, err))
        return false;
    for (size_t i = 0; i < COUNT(types); i++) {
        if (types[i].at_once == 0)
            types[i].at_once = workers ? workers : (int)sysconf(_SC_NPROCESSORS_ONLN);
        if (types[i].run == library_embed_job)
            types[i].can = library_can_embed;
        if (types[i].run == library_reembed_job)
            types[i].can = library_can_reembed;
    }
    if (!job_wishes_rates(app->settings->job_rates, types, COUNT(types), err) ||
        !job_wishes_days(app->settings->job_days, types, COUNT(types), err))
        return false;
    JobRunnerOptions options = { .db = app->api.db,
                                 .owner = node,
                                 .types = types,
                                 .type_count = COUNT(types),
                                 .usual = schedules_usual,
                                 .usual_count = schedule_type_count,
                                 .dead_days = (int)app->settings->job_dead_days,
                                 .listener = app_news_of_job,
                                 .listener_argument = &app->news };
    return jobs_start(&options, &app->api.jobs, err);
}
