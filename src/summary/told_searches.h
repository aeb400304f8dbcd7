/* told_searches.h - saved searches whose owners want to be told of what is new in them: a notice
 * for each, at most one in ten minutes. What an owner has seen by himself is not told. */
#pragma once

#include "jobs/job_queue.h"

JobHandler told_searches_job; /* recurring; its argument is a Searcher */
