/* tasks_jobs.c - what happens to tasks by the clock; see tasks.h. */
#include "base/clock.h"
#include "base/id.h"
#include "jobs/job_queue.h"
#include "notify/notify.h"
#include "tasks/tasks.h"

typedef struct RemindWork {
    Job *job;
    Scope scope;
    TaskReminderList due;
    const TaskReminder *reminder;
} RemindWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    RemindWork *work = argument;
    return task_due_reminders(tx, &work->job->scope, work->job->arena, now_ms(), &work->due, err);
}

/* Whoever it is assigned to, if that is a person of ours, else who wrote it. */
static Str who_is_told(const Task *task)
{
    return id_is_valid(task->assignee) ? task->assignee : task->created_by;
}

static Str due_of(Arena *arena, const Task *task)
{
    char text[TIME_TEXT_SIZE];
    if (!task->due_at_ms)
        return S("-");
    Str due = time_words(task->due_at_ms, text);
    return str_copy(arena, task->is_all_day ? str_slice(due, 0, strlen("2026-11-21")) : due);
}

static bool tell(DbTx *tx, RemindWork *work, const Task *task, Error *err)
{
    Arena *arena = work->job->arena;
    const NoticeField fields[] = {
        { "summary", task->summary },
        { "number", str_format(arena, "%" PRId64, task->number) },
        { "due", due_of(arena, task) },
    };
    const Notice notice = {
        .kind = NOTICE_task_reminder,
        .audience = ROLE_READER,
        .user = who_is_told(task),
        .link = str_format(arena, "/tasks?task=%" PRId64, task->number),
        .fields = fields,
        .field_count = COUNT(fields),
    };
    return notify_send(tx, &work->scope, arena, &notice, err);
}

/* What is done or gone reminds nobody, but counts as said. */
static bool fire_work(DbTx *tx, void *argument, Error *err)
{
    RemindWork *work = argument;
    Task task;
    bool is_first;
    if (!task_fire_reminder(tx, &work->scope, work->reminder, now_ms(), &is_first, err) ||
        !task_find(tx, &work->scope, work->job->arena, work->reminder->task, &task, err))
        return false;
    bool is_over = !is_first || task.deleted_at_ms || !task_states[task.state].is_open;
    return is_over || tell(tx, work, &task, err);
}

bool tasks_remind_job(Job *job, Error *err)
{
    RemindWork work = { .job = job };
    if (!store_read(job->db, &job->scope, list_work, &work, err))
        return false;
    for (size_t i = 0; i < work.due.count; i++) {
        work.reminder = &work.due.at[i];
        work.scope = (Scope){ .workspace = work.reminder->workspace, .role = ROLE_OWNER };
        if (job_is_stopped(job))
            return job_stopped(job, err);
        if (!store_write(job->db, &work.scope, fire_work, &work, err))
            return false;
    }
    return true;
}
