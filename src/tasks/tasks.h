/* tasks.h - what changes of tasks must obey, whoever makes them: a person, a program, a calendar.
 *
 *     suggested --accepted--> pending --> in_progress --> done
 *         '--dismissed--> cancelled                        '-> the next one of a recurring task
 *
 * Neither dependencies nor subtasks make a circle. A task goes to the trash with its subtasks and
 * comes back with them. Each change is in the audit with the names of what changed, in the same
 * transaction. Functions take the caller's. */
#pragma once

#include "store/tasks_store.h"

#define TASK_SUMMARY_MAX 500 /* bytes */
#define TASK_DESCRIPTION_MAX KB(20)
#define TASK_CATEGORY_MAX 100
#define TASK_NEEDS_MAX 100
#define TASK_REMINDERS_MAX 20
#define TASK_TRASH_DAYS 30

/* What is to be replaced besides the task itself. */
typedef struct TaskExtras {
    bool has_needs, has_reminders;
    StrList needs; /* ids or numbers */
    const int64_t *reminders_ms;
    size_t reminder_count;
} TaskExtras;

/* A new task with what a caller leaves out. */
Task tasks_new(const Scope *scope);
/* The same by the clocks of who adds it, as far as nobody names a zone. */
MUST_CHECK bool tasks_begin(DbTx *tx, const Scope *scope, Arena *arena, Task *task_r, Error *err);
/* `extras` may be NULL. */
MUST_CHECK bool tasks_add(DbTx *tx, const Scope *scope, Arena *arena, Task *task,
                          const TaskExtras *extras, Error *err);
/* `task` is `before` with its changes. *next_r (may be NULL) is what comes after a recurring task
 * that is done; its id is empty when nothing does. */
MUST_CHECK bool tasks_change(DbTx *tx, const Scope *scope, Arena *arena, const Task *before,
                             Task *task, const TaskExtras *extras, Task *next_r, Error *err);
/* To the trash, with its subtasks. */
MUST_CHECK bool tasks_remove(DbTx *tx, const Scope *scope, Arena *arena, Str id, Error *err);
MUST_CHECK bool tasks_restore(DbTx *tx, const Scope *scope, Arena *arena, Str id, Task *task_r,
                              Error *err);
/* Fails with ERROR_NOT_FOUND when it is in the trash. */
MUST_CHECK bool tasks_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Task *task_r,
                           Error *err);

struct Job;
/* Recurring: tells people of what they wanted to be reminded of. */
bool tasks_remind_job(struct Job *job, Error *err);
