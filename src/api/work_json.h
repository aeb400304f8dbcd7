/* work_json.h - jobs as people see them: what runs, how far it is, what it is about. */
#pragma once

#include "base/json.h"
#include "jobs/job_queue.h"

/* How far it is, into an object that is open: id, type, subject, state, stage, done, total,
 * seconds_left (null: not known). */
void put_work_progress(JsonWriter *json, const JobRow *row);
