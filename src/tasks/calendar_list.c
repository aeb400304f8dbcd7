/* calendar_list.c - which tasks calendar programs are shown; see calendar.h. */
#include "base/clock.h"
#include "tasks/calendar.h"

#define DONE_SHOWN_MS (CALENDAR_DONE_DAYS * INT64_C(86400000))

static bool is_of(const Scope *scope, const Task *task)
{
    return !scope->user.length || str_equal(task->created_by, scope->user) ||
           str_equal(task->assignee, scope->user);
}

static bool is_shown(const Task *task)
{
    bool is_fresh = task->updated_at_ms > now_ms() - DONE_SHOWN_MS;
    return !task->deleted_at_ms && task->state != TASK_suggested &&
           (task_states[task->state].is_open || is_fresh);
}

/* Those of the filter that `keep` wants, page by page. */
typedef bool Keep(const Scope *scope, const Task *task, int64_t since_ms);

static bool list_kept(DbTx *tx, const Scope *scope, Arena *arena, const TaskFilter *filter,
                      Keep *keep, int64_t since_ms, TaskList *list_r, Error *err)
{
    VEC(Task) kept = { 0 };
    Slice slice = { .limit = SLICE_MAX };
    TaskList page;
    for (size_t i = 0; i < list_r->count; i++)
        *vec_push(arena, &kept) = list_r->at[i];
    do {
        if (!task_list(tx, scope, arena, filter, &slice, &page, err))
            return false;
        for (size_t i = 0; i < page.count && kept.count < CALENDAR_SHOWN_MAX; i++)
            if (keep(scope, &page.at[i], since_ms))
                *vec_push(arena, &kept) = page.at[i];
        slice.after = page.next;
    } while (page.next.length && kept.count < CALENDAR_SHOWN_MAX);
    *list_r = (TaskList){ .at = kept.at, .count = kept.count };
    return true;
}

static bool keep_shown(const Scope *scope, const Task *task, int64_t since_ms)
{
    (void)scope, (void)since_ms;
    return is_shown(task);
}

bool calendar_list(DbTx *tx, const Scope *scope, Arena *arena, TaskList *list_r, Error *err)
{
    TaskFilter filter = { .user = scope->user, .order = TASK_BY_DUE };
    TaskList list = { 0 };
    if (!list_kept(tx, scope, arena, &filter, keep_shown, 0, &list, err))
        return false;
    *list_r = list;
    return true;
}

/* Not said of what was somebody else's all along, unless it changed: it may have been given away.
 */
static bool keep_gone(const Scope *scope, const Task *task, int64_t since_ms)
{
    bool is_mine = is_of(scope, task);
    return !(is_mine && is_shown(task)) && (is_mine || task->updated_at_ms >= since_ms);
}

bool calendar_list_gone(DbTx *tx, const Scope *scope, Arena *arena, int64_t since_ms,
                        TaskList *list_r, Error *err)
{
    TaskFilter filter = { .order = TASK_BY_NUMBER, .updated_from_ms = since_ms - DONE_SHOWN_MS };
    TaskFilter trash = filter;
    TaskList list = { 0 };
    trash.is_in_trash = true;
    if (!list_kept(tx, scope, arena, &filter, keep_gone, since_ms, &list, err) ||
        !list_kept(tx, scope, arena, &trash, keep_gone, since_ms, &list, err))
        return false;
    *list_r = list;
    return true;
}
