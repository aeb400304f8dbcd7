/* told_days.h - who brought documents into a collection that keeps them for so many days is told
 * before they go to the trash.
 *
 * Once for each day on which some go: a week before, and no sooner than the count of that day can
 * no longer grow, so for a collection that keeps for less than eight days when it still can be
 * acted upon: the days less one. The administrators are told of what nobody brought who is here,
 * is a person and sees the collection. */
#pragma once

#include "jobs/job_queue.h"

JobHandler told_days_job; /* recurring; its argument is a Db */
