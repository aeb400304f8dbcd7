/* tasks_store.h - the tables `tasks`, `task_needs` and `task_reminders`.
 *
 * Everybody in the workspace sees its tasks. A task in the trash keeps its row until its time is
 * over (retention.h). A task is named by its id or by its number. What a change must obey (no
 * cycles, what follows a recurring task) is said in src/tasks. */
#pragma once

#include "base/json.h"
#include "store/scope.h"
#include "store/slice.h"

typedef enum TaskState {
#define TASK_STATE(name, is_open, calendar) TASK_##name,
#include "store/task_states.def"
#undef TASK_STATE
    TASK_STATE_COUNT
} TaskState;

typedef enum TaskPriority {
#define TASK_PRIORITY(name, number) TASK_PRIORITY_##name,
#include "store/task_priorities.def"
#undef TASK_PRIORITY
    TASK_PRIORITY_COUNT
} TaskPriority;

typedef struct TaskStateRow {
    const char *name, *calendar;
    bool is_open;
} TaskStateRow;
typedef struct TaskPriorityRow {
    const char *name;
    int number;
} TaskPriorityRow;
extern const TaskStateRow task_states[TASK_STATE_COUNT];
extern const TaskPriorityRow task_priorities[TASK_PRIORITY_COUNT];
/* Fail with ERROR_INVALID, naming those there are. */
MUST_CHECK bool task_state_named(Str name, TaskState *state_r, Error *err);
MUST_CHECK bool task_priority_named(Str name, TaskPriority *priority_r, Error *err);

typedef struct Task {
    Str id;
    int64_t number; /* within the workspace, from 1 */
    Str summary, description, category;
    TaskPriority priority;
    TaskState state;
    int64_t start_at_ms, due_at_ms; /* 0: none */
    Str time_zone;                  /* IANA name; empty: UTC */
    bool is_all_day;                /* the days are those of UTC midnights */
    Str recurrence;                 /* RRULE of RFC 5545, 3.3.10; empty: once */
    Str assignee;                   /* a person's id, or any name */
    Str parent;                     /* a task's id; empty: none */
    int64_t position;               /* among all; smaller is further up */
    double confidence;              /* 0..1 of a drawn one; 1 of one that a person wrote */
    Str made_by;                    /* "person", "rules", or a model's name */
    Str source;                     /* Citation as a JSON object; empty: none */
    Str document, collection;       /* ids; empty: none */
    Str created_by;                 /* a person's id; empty: a key of the workspace */
    int64_t completed_at_ms, deleted_at_ms, created_at_ms, updated_at_ms;
} Task;

typedef struct TaskList {
    Task *at;
    size_t count;
    Str next;
} TaskList;

typedef enum TaskOrder {
    TASK_BY_POSITION,
    TASK_BY_DUE, /* those without one last */
    TASK_BY_PRIORITY,
    TASK_BY_CREATED, /* newest first */
    TASK_BY_UPDATED, /* latest first */
    TASK_BY_NUMBER
} TaskOrder;

/* What to list; what is empty or 0 does not matter. */
typedef struct TaskFilter {
    Str has;                     /* in the summary or description, letter case aside */
    uint32_t states, priorities; /* bits: 1 << state */
    Str category, assignee, document, collection, parent;
    Str user; /* created by or assigned to this person */
    Str created_by;
    int64_t due_from_ms, due_until_ms; /* [from, until) */
    int64_t updated_from_ms;
    bool is_in_trash;
    TaskOrder order;
} TaskFilter;

/* First statement of every change: no other change of this workspace's tasks comes between. */
MUST_CHECK bool task_hold(DbTx *tx, const Scope *scope, Error *err);
#define TASK_NUMBER_MAX INT64_C(1000000000)
/* For a row that comes with a number: the next one takes its place when another task has it. */
MUST_CHECK bool task_number_free(DbTx *tx, const Scope *scope, int64_t *number, Error *err);
/* Adds it at the end with a new id and number, set in *task. */
MUST_CHECK bool task_add(DbTx *tx, const Scope *scope, Arena *arena, Task *task, Error *err);
/* By id or number, in the trash or not. */
MUST_CHECK bool task_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Task *task_r,
                          Error *err);
/* `slice` may be NULL: SLICE_MAX of them. */
MUST_CHECK bool task_list(DbTx *tx, const Scope *scope, Arena *arena, const TaskFilter *filter,
                          const Slice *slice, TaskList *list_r, Error *err);
MUST_CHECK bool task_count(DbTx *tx, const Scope *scope, Arena *arena, const TaskFilter *filter,
                           int64_t *count_r, Error *err);
/* Everything of task->id but number, position and when it was added. */
MUST_CHECK bool task_update(DbTx *tx, const Scope *scope, Arena *arena, Task *task, Error *err);
/* Just below `after`; empty: to the top. Sets task->position. */
MUST_CHECK bool task_move(DbTx *tx, const Scope *scope, Arena *arena, Task *task, Str after,
                          Error *err);
/* Those below it, at any depth. */
MUST_CHECK bool task_list_below(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                TaskList *list_r, Error *err);

/* --- Dependencies and reminders --- */

typedef struct TaskLink {
    Str task, needs;
    bool is_open; /* what is needed is still to be done */
} TaskLink;
typedef struct TaskLinkList {
    TaskLink *at;
    size_t count;
} TaskLinkList;

typedef struct TaskReminder {
    Str workspace, task;
    int64_t at_ms, fired_at_ms;
} TaskReminder;
typedef struct TaskReminderList {
    TaskReminder *at;
    size_t count;
} TaskReminderList;

/* Ids of tasks that are there; those named before are replaced. */
MUST_CHECK bool task_set_needs(DbTx *tx, const Scope *scope, Str task, StrList needs, Error *err);
/* Of these tasks, in their order. */
MUST_CHECK bool task_list_needs(DbTx *tx, const Scope *scope, Arena *arena, StrList tasks,
                                TaskLinkList *list_r, Error *err);
/* Whether `from` needs `to`, at any distance, or is it. */
MUST_CHECK bool task_reaches(DbTx *tx, const Scope *scope, Str from, Str to, bool *reaches_r,
                             Error *err);
/* Whether `task` is `above`, or below it. */
MUST_CHECK bool task_is_below(DbTx *tx, const Scope *scope, Str task, Str above, bool *below_r,
                              Error *err);
/* Those that have fired and are named again stay fired. */
MUST_CHECK bool task_set_reminders(DbTx *tx, const Scope *scope, Arena *arena, Str task,
                                   const int64_t *times_ms, size_t count, Error *err);
MUST_CHECK bool task_list_reminders(DbTx *tx, const Scope *scope, Arena *arena, StrList tasks,
                                    TaskReminderList *list_r, Error *err);
/* Of every workspace: what is due and has not fired. Needs a system scope. */
MUST_CHECK bool task_due_reminders(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                   TaskReminderList *list_r, Error *err);
/* *first_r: nobody had said so before. */
MUST_CHECK bool task_fire_reminder(DbTx *tx, const Scope *scope, const TaskReminder *reminder,
                                   int64_t now_ms, bool *first_r, Error *err);
