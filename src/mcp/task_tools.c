/* task_tools.c - the tools for tasks; see tools.def. */
#include "base/clock.h"
#include "mcp/mcp_int.h"
#include "tasks/tasks.h"

typedef struct ToolWork {
    McpToolCall *call;
    TaskFilter filter;
    Slice slice;
    TaskList list;
    Task task, next;
    Str id;
} ToolWork;

static void put_tool_task(McpToolCall *call, JsonWriter *json, const Task *task)
{
    put_object(json, NULL);
    put_int(json, "number", task->number);
    put_text(json, "summary", task->summary);
    put_text(json, "status", str(task_states[task->state].name));
    put_text(json, "priority", str(task_priorities[task->priority].name));
    put_time(json, "due", task->due_at_ms);
    put_end(json);
    buf_addf(&call->text, "%" PRId64 ". " STR_FMT " (%s, %s)\n", task->number,
             STR_ARG(task->summary), task_states[task->state].name,
             task_priorities[task->priority].name);
}

static bool answer(McpToolCall *call, const TaskList *list)
{
    JsonWriter json = put_begin(&call->structured);
    put_array(&json, "tasks");
    for (size_t i = 0; i < list->count; i++)
        put_tool_task(call, &json, &list->at[i]);
    put_end(&json);
    put_end(&json);
    if (!list->count)
        buf_add(&call->text, S("There are no such tasks."));
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ToolWork *work = argument;
    return task_list(tx, work->call->scope, work->call->arena, &work->filter, &work->slice,
                     &work->list, err);
}

bool tool_list_tasks(McpToolCall *call, Error *err)
{
    ToolWork work = { .call = call, .slice = { .limit = 50 } };
    Str status = STR_NONE;
    TaskState state;
    if (!json_read(call->arguments, call->arena,
                   JSON_FIELDS({ "query", JSON_STR, &work.filter.has, .length_max = KB(1) },
                               { "status", JSON_STR, &status }),
                   err) ||
        (status.length && !task_state_named(status, &state, err)))
        return false;
    work.filter.states = status.length ? 1U << state : 0;
    return store_read(call->parts->db, call->scope, list_work, &work, err) &&
           answer(call, &work.list);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    ToolWork *work = argument;
    Task plain;
    if (!tasks_begin(tx, work->call->scope, work->call->arena, &plain, err))
        return false;
    work->task.time_zone = plain.time_zone;
    return tasks_add(tx, work->call->scope, work->call->arena, &work->task, NULL, err);
}

bool tool_add_task(McpToolCall *call, Error *err)
{
    ToolWork work = { .call = call, .task = tasks_new(call->scope) };
    Str priority = str(task_priorities[work.task.priority].name), due = STR_NONE;
    if (!json_read(call->arguments, call->arena,
                   JSON_FIELDS({ "summary", JSON_STR, &work.task.summary, true },
                               { "description", JSON_STR, &work.task.description },
                               { "priority", JSON_STR, &priority },
                               { "due", JSON_STR, &due, .length_max = 40 }),
                   err) ||
        !task_priority_named(priority, &work.task.priority, err) ||
        (due.length && !time_parse(due, &work.task.due_at_ms, err)))
        return false;
    work.task.is_all_day = due.length == 10; /* a date alone */
    const TaskList one = { &work.task, 1, STR_NONE };
    return store_write(call->parts->db, call->scope, add_work, &work, err) && answer(call, &one);
}

static bool complete_work(DbTx *tx, void *argument, Error *err)
{
    ToolWork *work = argument;
    const Scope *scope = work->call->scope;
    Task before;
    if (!task_hold(tx, scope, err) ||
        !tasks_find(tx, scope, work->call->arena, work->id, &before, err))
        return false;
    work->task = before;
    work->task.state = TASK_done;
    return tasks_change(tx, scope, work->call->arena, &before, &work->task, NULL, &work->next, err);
}

bool tool_complete_task(McpToolCall *call, Error *err)
{
    ToolWork work = { .call = call };
    int64_t number = 0;
    if (!json_read(call->arguments, call->arena,
                   JSON_FIELDS({ "number", JSON_I64, &number, true, .min = 1, .max = INT64_MAX }),
                   err))
        return false;
    work.id = str_format(call->arena, "%" PRId64, number);
    const TaskList one = { &work.task, 1, STR_NONE };
    return store_write(call->parts->db, call->scope, complete_work, &work, err) &&
           answer(call, &one);
}
