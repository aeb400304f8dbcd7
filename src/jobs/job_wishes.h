/* job_wishes.h - what settings say of types of jobs: rates, and how long those that are done are
 * kept. */
#pragma once

#include "jobs/job_queue.h"

/* "TYPE=COUNT/s,TYPE=COUNT/m" and "TYPE=DAYS,...", into the types. ERROR_INVALID names the setting
 * and the part that is wrong. */
MUST_CHECK bool job_wishes_rates(Str text, JobType *types, size_t count, Error *err);
MUST_CHECK bool job_wishes_days(Str text, JobType *types, size_t count, Error *err);
