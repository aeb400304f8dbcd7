/* task_json.h - tasks as JSON, and JSON as tasks: what the routes that show or take tasks share. */
#pragma once

#include "api/api.h"
#include "tasks/tasks.h"

/* Tasks with what is shown beside them. */
typedef struct TaskPage {
    TaskList tasks;
    TaskLinkList needs;
    TaskReminderList reminders;
} TaskPage;

/* Fills the others for page->tasks. */
MUST_CHECK bool task_page_fill(DbTx *tx, const Scope *scope, Arena *arena, TaskPage *page,
                               Error *err);
/* One object, as an item or a member. */
void put_task(JsonWriter *json, const char *name, const TaskPage *page, const Task *task);
/* The same for clients of the task assistant: its id is the number. */
void put_assistant_task(JsonWriter *json, const char *name, const Task *task);

/* "pending,done" as bits of TaskFilter; 0 for none. */
MUST_CHECK bool task_read_states(Str text, uint32_t *bits_r, Error *err);
MUST_CHECK bool task_read_priorities(Str text, uint32_t *bits_r, Error *err);
/* What the object names replaces what the task has; null takes it away. */
MUST_CHECK bool task_read(Arena *arena, const json_t *object, Task *task, TaskExtras *extras,
                          Error *err);
/* The collection and the document it names are there. */
MUST_CHECK bool task_check_places(DbTx *tx, const Scope *scope, Arena *arena, const Task *task,
                                  Error *err);
