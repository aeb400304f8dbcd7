/* schedules_store.h - the `schedules` table: what comes again, by a rule or an interval.
 *
 * One without a workspace is the server's own. The tick at next_at is won by whoever moves next_at
 * on (schedule_move), in the transaction that adds its job: so it has one job, whatever ends
 * meanwhile and however many nodes look. Features use jobs/schedules.h. */
#pragma once

#include "base/json.h"
#include "store/scope.h"
#include "store/slice.h"

#define SCHEDULES_MAX 1000 /* of one workspace */

/* What becomes of ticks at which no node ran. The numbers are in the table. */
typedef enum CatchUp {
    CATCH_UP_NONE = 0, /* nothing */
    CATCH_UP_ONE = 1,  /* one job for all of them together */
    CATCH_UP_ALL = 2,  /* one job each */
} CatchUp;

const char *catch_up_name(CatchUp catch_up); /* "none", "one", "all" */
bool catch_up_named(Str name, CatchUp *catch_up_r);

typedef struct Schedule {
    Str id, workspace, name;
    Str type, payload; /* of its jobs */
    Str cron, zone;    /* a rule (jobs/cron.h) and whose clocks it means, "" for UTC; or */
    int64_t every_ms;  /* an interval */
    CatchUp catch_up;
    bool is_paused;
    Str user, api_key; /* who made it, by which key, and for whom its jobs are; empty: nobody */
    int64_t next_at_ms, last_at_ms;
    Str last_job;
    int64_t fired, missed; /* ticks with a job of their own, and without */
    Str error;             /* why the rule cannot be followed any more */
    Str last_error;        /* why its last job failed; empty: it did not. Read alone */
    int64_t created_at_ms, updated_at_ms;
    bool is_idle; /* an interval whose job would find nothing to do. Said of what is due alone */
} Schedule;

typedef struct ScheduleList {
    Schedule *at;
    size_t count;
    Str next; /* see slice.h */
} ScheduleList;

/* Adds it with a new id, set in *schedule. ERROR_CONFLICT: there is one of this name, or
 * SCHEDULES_MAX. */
MUST_CHECK bool schedule_add(DbTx *tx, const Scope *scope, Arena *arena, Schedule *schedule,
                             Error *err);
MUST_CHECK bool schedule_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                              Schedule *schedule_r, Error *err);
/* Oldest first. */
MUST_CHECK bool schedule_list(DbTx *tx, const Scope *scope, Arena *arena, const Slice *slice,
                              ScheduleList *list_r, Error *err);
/* Of a type, whose payload begins so; at most SCHEDULES_MAX, oldest first. */
MUST_CHECK bool schedule_list_payload(DbTx *tx, const Scope *scope, Arena *arena, Str type,
                                      Str begins, ScheduleList *list_r, Error *err);
/* All that a person may change, and next_at, of schedule->id. ERROR_CONFLICT as above. */
MUST_CHECK bool schedule_update(DbTx *tx, const Scope *scope, const Schedule *schedule, Error *err);
/* The job that it started last. */
MUST_CHECK bool schedule_set_job(DbTx *tx, const Scope *scope, Str id, Str job, Error *err);
MUST_CHECK bool schedule_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* --- For the runner: a system scope --------------------------------------------------- */

/* The server's own, by its name: adds it, due at next_at_ms, or changes its type and interval. */
MUST_CHECK bool schedule_keep(DbTx *tx, const Scope *scope, const Schedule *schedule, Error *err);
/* One that each workspace has, from the first time that this is called for it: adds it where it was
 * never added before, whatever became of it since. */
MUST_CHECK bool schedule_keep_usual(DbTx *tx, const Scope *scope, Arena *arena,
                                    const Schedule *schedule, Error *err);
/* Some of those that are due, locked in PostgreSQL, and which of them are idle (due_types.def). */
MUST_CHECK bool schedule_list_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                  ScheduleList *list_r, Error *err);
/* The ticks until now of these, which are idle, are over: the next ones come at their intervals. */
MUST_CHECK bool schedules_pass(DbTx *tx, const Scope *scope, Arena *arena, StrList ids,
                               int64_t now_ms, Error *err);
/* The tick that was due at `due_ms` is over: schedule->next_at_ms, last_at_ms, fired, missed,
 * is_paused and error hold from now on. *is_ours_r: nobody else had moved it before. */
MUST_CHECK bool schedule_move(DbTx *tx, const Scope *scope, const Schedule *schedule,
                              int64_t due_ms, bool *is_ours_r, Error *err);
