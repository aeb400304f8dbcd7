/* engine_fixture_test.h - for tests of src/workflow (suite workflow): a workspace with a person,
 * and a queue that walks. A failure fails the test. */
#pragma once

#include "base/clock.h"
#include "db/fixture_test.h"
#include "jobs/job_runner.h"
#include "workflow/workflow_int.h"

typedef struct Bench {
    Arena *arena;
    Db *db;
    Scope scope;
    Workflows *workflows;
    JobRunner *runner;
    Recipe recipe; /* that was saved last */
    Str key, document;
    bool is_dry;
    int count; /* of workflows */
} Bench;

Bench bench_open(const char *url);
/* Whose calls of others go through this proxy, which the bench borrows. */
Bench bench_open_behind(const char *url, const Proxy *proxy);
void bench_close(Bench *bench);

/* A workflow of this name; NULL: any. */
void bench_save(Bench *bench, const char *name, const char *body);
/* Another body for the one that was saved last. */
void bench_change(Bench *bench, const char *body);
WorkflowExecution bench_start(Bench *bench, const char *body, const char *input);
WorkflowExecution bench_start_again(Bench *bench, const char *input);
/* As if the job that was to walk it had never been. */
WorkflowExecution bench_start_lost(Bench *bench, const char *body);
/* Until it is over. */
WorkflowExecution bench_wait(Bench *bench, Str id);
WorkflowExecution bench_run(Bench *bench, const char *body, const char *input);
WorkflowExecution bench_find(Bench *bench, Str id);
/* Until the frame is so. */
void bench_wait_state(Bench *bench, Str id, int64_t frame, const char *state);
/* Until no job is waiting or running. */
void bench_rest(Bench *bench);
WorkflowStepList bench_steps(Bench *bench, Str id);
int64_t bench_unread(Bench *bench); /* notices of the person */
/* Executions that are not over. */
size_t bench_open_count(Bench *bench);
int64_t bench_event(Bench *bench, const char *event, const char *told);
typedef bool BenchSteer(DbTx *tx, const Scope *scope, Arena *arena, Str execution, Error *err);
bool bench_steer(Bench *bench, BenchSteer *how, Str id);
bool bench_retry(Bench *bench, Str id, const char *step);
void bench_set_role(Bench *bench, Role role);
/* A document with this text, ready. */
Document bench_document(Bench *bench, const char *name, const char *source);
/* As it is now. */
Document bench_find_document(Bench *bench, Str id);
/* To the trash. */
void bench_trash(Bench *bench, Str document);
size_t bench_executions(Bench *bench);
/* Until when its own frame waits. */
int64_t bench_until(Bench *bench, Str id);
/* What happens every minute. */
void bench_sweep(Bench *bench);
/* Any work in a transaction of the person's. */
void bench_write(Bench *bench, DbWork *work, void *argument);
