/* ai_tasks.h - what the API answers, as jobs: each task of ai_tasks.def calls a handler with its
 * payload as the body, for whoever asked for it, and keeps the answer as the job's result.
 *
 *     POST /v1/ai-tasks -> job -> handler -> result, in one transaction with the job's end
 *     ai.route_ai_tasks: {tasks: [...]} -> one child each -> their results together
 *
 * A job may run more than once when a node dies. What a handler adds (a batch, an execution, a bot)
 * is there once all the same: it knows the job by ApiRequest.once. */
#pragma once

#include "jobs/job_queue.h"

/* Whether ai.route_ai_tasks may start one of this name; ERROR_INVALID or ERROR_DENIED else. */
MUST_CHECK bool ai_task_is_routed(Str name, Error *err);

/* Their argument is the Api. */
JobHandler ai_task_job, ai_route_job;
