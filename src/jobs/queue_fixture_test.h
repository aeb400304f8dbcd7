/* queue_fixture_test.h - for tests of src/jobs (suite jobs): a queue, and handlers that count. A
 * failure fails the test. */
#pragma once

#include "db/fixture_test.h"

#include <stdatomic.h>

#include "jobs/job_run.h"

/* For what runs to end, on a machine with much else to do. */
#define QUEUE_STOP_MS 20000

extern Arena *queue_arena; /* of the test */
/* Of the handlers below: how often one ran, whether one is at work, how many were stopped. */
extern atomic_int queue_run_count, queue_running, queue_stopped_count;

Db *queue_open(const char *url);
/* `count` times the same; the id of the last. */
Str queue_add(Db *db, NewJob job, int count);
JobRow queue_find(Db *db, Str id);
MUST_CHECK bool queue_cancel(Db *db, Str id, Error *err);
MUST_CHECK bool queue_retry(Db *db, Str id, Error *err);
JobCounts queue_counts(Db *db);
/* Jobs that are neither done nor cancelled. */
int64_t queue_left(Db *db);
/* Of the table, over or not. */
size_t queue_count_rows(Db *db);
/* A runner that looks often; end it with jobs_stop(). */
JobRunner *queue_start(Db *db, const JobType *types, size_t count);
/* Whether it came so within 15 seconds. */
bool queue_wait_state(Db *db, Str id, JobState state);
bool queue_wait_for(atomic_int *number, int wanted);

bool queue_do_nothing(Job *job, Error *err);
/* Half a minute in steps of 10 ms, each told. */
bool queue_work_until_stopped(Job *job, Error *err);
