#include "tasks/tasks.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "store/audit_store.h"
#include "store/preferences_store.h"
#include "tasks/recurrence.h"
#include "text/date.h"

#define DETAILS_MAX KB(4)

Task tasks_new(const Scope *scope)
{
    return (Task){ .category = S("general"),
                   .priority = TASK_PRIORITY_medium,
                   .state = TASK_pending,
                   .confidence = 1,
                   .made_by = S("person"),
                   .created_by = scope->user };
}

bool tasks_begin(DbTx *tx, const Scope *scope, Arena *arena, Task *task_r, Error *err)
{
    Preferences likes;
    if (!preferences_find(tx, scope, arena, &likes, err))
        return false;
    *task_r = tasks_new(scope);
    task_r->time_zone = str_is(likes.time_zone, "UTC") ? S("") : likes.time_zone;
    return true;
}

/* --- What a task must be --- */

static bool check_text(const char *name, Str text, size_t most, Error *err)
{
    return text.length <= most || fail_field(err, name, "'%s' has more than %zu bytes", name, most);
}

/* Whole days are those of UTC midnights, whatever the zone. */
static Str clock_zone(const Task *task) { return task->is_all_day ? S("") : task->time_zone; }

static bool check_time(Task *task, Error *err)
{
    int64_t ignored;
    Error why;
    if (task->time_zone.length && !date_local(now_ms(), task->time_zone, &ignored, &why))
        return fail_field(err, "time_zone", "%s", why.message);
    if (task->start_at_ms && task->due_at_ms && task->start_at_ms > task->due_at_ms)
        return fail_field(err, "deadline", "the deadline ends before it starts");
    if (!task->recurrence.length)
        return true;
    return recurrence_check(task->recurrence, err) &&
           (task->due_at_ms || fail_field(err, "recurrence", "what recurs needs a deadline"));
}

static bool check_parent(DbTx *tx, const Scope *scope, Arena *arena, Task *task, Error *err)
{
    Task parent;
    bool is_below = false;
    if (!task->parent.length)
        return true;
    if (!tasks_find(tx, scope, arena, task->parent, &parent, err) ||
        (task->id.length && !task_is_below(tx, scope, parent.id, task->id, &is_below, err)))
        return false;
    if (is_below)
        return fail(err, ERROR_CONFLICT, "a task cannot be below itself");
    task->parent = parent.id;
    return true;
}

static bool check(DbTx *tx, const Scope *scope, Arena *arena, Task *task, Error *err)
{
    task->summary = str_trim(task->summary);
    if (!task->summary.length)
        return fail_field(err, "summary", "'summary' is missing");
    return check_text("summary", task->summary, TASK_SUMMARY_MAX, err) &&
           check_text("description", task->description, TASK_DESCRIPTION_MAX, err) &&
           check_text("category", task->category, TASK_CATEGORY_MAX, err) &&
           check_text("assignee", task->assignee, TASK_CATEGORY_MAX, err) &&
           check_text("time_zone", task->time_zone, TASK_CATEGORY_MAX, err) &&
           check_time(task, err) && check_parent(tx, scope, arena, task, err);
}

/* --- Dependencies and reminders --- */

static bool save_needs(DbTx *tx, const Scope *scope, Arena *arena, const Task *task, StrList needs,
                       Error *err)
{
    VEC(Str) ids = { 0 };
    for (size_t i = 0; i < needs.count; i++) {
        Task other;
        bool reaches;
        if (!tasks_find(tx, scope, arena, needs.at[i], &other, err) ||
            !task_reaches(tx, scope, other.id, task->id, &reaches, err))
            return false;
        if (reaches)
            return fail(err, ERROR_CONFLICT,
                        "task %" PRId64 " waits for task %" PRId64 " itself: no circles",
                        other.number, task->number);
        *vec_push(arena, &ids) = other.id;
    }
    return task_set_needs(tx, scope, task->id, (StrList){ ids.at, ids.count }, err);
}

static bool save_extras(DbTx *tx, const Scope *scope, Arena *arena, const Task *task,
                        const TaskExtras *extras, Error *err)
{
    if (!extras)
        return true;
    if (extras->needs.count > TASK_NEEDS_MAX)
        return fail_field(err, "needs", "a task may need %d others at most", TASK_NEEDS_MAX);
    if (extras->reminder_count > TASK_REMINDERS_MAX)
        return fail_field(err, "reminders", "a task may have %d reminders at most",
                          TASK_REMINDERS_MAX);
    return (!extras->has_needs || save_needs(tx, scope, arena, task, extras->needs, err)) &&
           (!extras->has_reminders ||
            task_set_reminders(tx, scope, arena, task->id, extras->reminders_ms,
                               extras->reminder_count, err));
}

/* --- History --- */

static Str beginning(Str text) { return str_slice(text, 0, utf8_floor(text, 200)); }

static void put_change(JsonWriter *json, const char *name, Str before, Str now)
{
    if (str_equal(before, now))
        return;
    put_object(json, name);
    put_text(json, "from", beginning(before));
    put_text(json, "to", beginning(now));
    put_end(json);
}

static void put_time_change(JsonWriter *json, const char *name, int64_t before, int64_t now)
{
    if (before == now)
        return;
    put_object(json, name);
    put_time(json, "from", before);
    put_time(json, "to", now);
    put_end(json);
}

static Str changes(Arena *arena, const Task *before, const Task *now)
{
    Buf out = buf_new(arena, DETAILS_MAX);
    JsonWriter json = put_begin(&out);
    put_change(&json, "summary", before->summary, now->summary);
    put_change(&json, "description", before->description, now->description);
    put_change(&json, "category", before->category, now->category);
    put_change(&json, "priority", str(task_priorities[before->priority].name),
               str(task_priorities[now->priority].name));
    put_change(&json, "status", str(task_states[before->state].name),
               str(task_states[now->state].name));
    put_change(&json, "assignee", before->assignee, now->assignee);
    put_change(&json, "parent", before->parent, now->parent);
    put_change(&json, "recurrence", before->recurrence, now->recurrence);
    put_time_change(&json, "start", before->start_at_ms, now->start_at_ms);
    put_time_change(&json, "due", before->due_at_ms, now->due_at_ms);
    put_end(&json);
    return buf_str(&out);
}

static bool note(DbTx *tx, const Scope *scope, const Task *task, const char *action, Str details,
                 Error *err)
{
    AuditEntry entry = {
        .action = str(action), .subject_kind = S("task"), .subject = task->id, .details = details
    };
    return audit_add(tx, scope, &entry, err);
}

/* --- Adding and changing --- */

bool tasks_add(DbTx *tx, const Scope *scope, Arena *arena, Task *task, const TaskExtras *extras,
               Error *err)
{
    Task added = *task;
    added.completed_at_ms = added.state == TASK_done ? now_ms() : 0;
    if (!task_hold(tx, scope, err) || !check(tx, scope, arena, &added, err) ||
        !task_add(tx, scope, arena, &added, err) ||
        !save_extras(tx, scope, arena, &added, extras, err) ||
        !note(tx, scope, &added, "task.add", S(""), err))
        return false;
    *task = added;
    return true;
}

/* The same task at its next time. Its place, dependencies and reminders stay with the one done. */
static bool add_next(DbTx *tx, const Scope *scope, Arena *arena, const Task *done, Task *next_r,
                     Error *err)
{
    Task next = *done;
    Str zone = clock_zone(done);
    int64_t start, now, at;
    if (!done->recurrence.length)
        return true;
    if (!date_local(done->due_at_ms, zone, &start, err) || !date_local(now_ms(), zone, &now, err))
        return false;
    if (!recurrence_next(arena, done->recurrence, start, MAX(start, now), &at, &next.recurrence))
        return true;
    if (!date_instant(at, zone, &next.due_at_ms, err))
        return false;
    if (done->start_at_ms)
        next.start_at_ms = next.due_at_ms - (done->due_at_ms - done->start_at_ms);
    next.state = TASK_pending;
    if (!tasks_add(tx, scope, arena, &next, NULL, err))
        return false;
    *next_r = next;
    return true;
}

bool tasks_change(DbTx *tx, const Scope *scope, Arena *arena, const Task *before, Task *task,
                  const TaskExtras *extras, Task *next_r, Error *err)
{
    Task now = *task, next = { 0 };
    bool is_done = now.state == TASK_done, was_done = before->state == TASK_done;
    if (is_done != was_done)
        now.completed_at_ms = is_done ? now_ms() : 0;
    if (!check(tx, scope, arena, &now, err) || !task_update(tx, scope, arena, &now, err) ||
        !save_extras(tx, scope, arena, &now, extras, err) ||
        !note(tx, scope, &now, "task.change", changes(arena, before, &now), err) ||
        (is_done && !was_done && !add_next(tx, scope, arena, &now, &next, err)))
        return false;
    *task = now;
    if (next_r)
        *next_r = next;
    return true;
}

bool tasks_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Task *task_r, Error *err)
{
    Task task;
    if (!task_find(tx, scope, arena, id, &task, err))
        return false;
    if (task.deleted_at_ms)
        return fail(err, ERROR_NOT_FOUND, "task %" PRId64 " is in the trash", task.number);
    *task_r = task;
    return true;
}

/* --- Trash --- */

bool tasks_remove(DbTx *tx, const Scope *scope, Arena *arena, Str id, Error *err)
{
    Task task;
    TaskList below;
    if (!task_hold(tx, scope, err) || !tasks_find(tx, scope, arena, id, &task, err) ||
        !task_list_below(tx, scope, arena, task.id, &below, err))
        return false;
    task.deleted_at_ms = now_ms();
    bool ok = task_update(tx, scope, arena, &task, err);
    for (size_t i = 0; ok && i < below.count; i++) {
        if (below.at[i].deleted_at_ms)
            continue;
        below.at[i].deleted_at_ms = task.deleted_at_ms;
        ok = task_update(tx, scope, arena, &below.at[i], err);
    }
    return ok && note(tx, scope, &task, "task.remove", S(""), err);
}

/* A subtask whose parent stays in the trash stands on its own from now on, lest it is erased with
 * it. */
static bool leave_parent(DbTx *tx, const Scope *scope, Arena *arena, Task *task, Error *err)
{
    Task parent;
    if (!task->parent.length)
        return true;
    if (!task_find(tx, scope, arena, task->parent, &parent, err))
        return false;
    if (parent.deleted_at_ms)
        task->parent = S("");
    return true;
}

bool tasks_restore(DbTx *tx, const Scope *scope, Arena *arena, Str id, Task *task_r, Error *err)
{
    Task task;
    TaskList below;
    if (!task_hold(tx, scope, err) || !task_find(tx, scope, arena, id, &task, err) ||
        !task_list_below(tx, scope, arena, task.id, &below, err) ||
        !leave_parent(tx, scope, arena, &task, err))
        return false;
    int64_t removed_at_ms = task.deleted_at_ms;
    task.deleted_at_ms = 0;
    bool ok = task_update(tx, scope, arena, &task, err);
    for (size_t i = 0; ok && i < below.count; i++) {
        if (!removed_at_ms || below.at[i].deleted_at_ms != removed_at_ms)
            continue;
        below.at[i].deleted_at_ms = 0;
        ok = task_update(tx, scope, arena, &below.at[i], err);
    }
    if (!ok || !note(tx, scope, &task, "task.restore", S(""), err))
        return false;
    *task_r = task;
    return true;
}
