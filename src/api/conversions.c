/* conversions.c - see conversions.h. */
#include "api/conversions.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/pool.h"

enum { TASK_MAX = 256, WAITING_MAX = 64, WATCHER_MAX = 8 };

#define BEGIN_WAIT_MS 60000
#define RESULT_KEPT_MS ((int64_t)3600 * 1000)
#define RESULTS_MAX GB(1)
#define ONE_RESULT_MAX MB(512)

typedef struct Task {
    Conversions *owner;
    char id[ID_LENGTH + 1];
    char *workspace;
    ConversionState state;
    ConversionWork work;
    int succeeded, failed, status;
    int64_t number, ended_ms;
    int fd;
    uint64_t size;
    char *media_type, *file_name;
} Task;

struct Conversions {
    ConversionsOptions options;
    char *folder;
    atomic_bool is_stopping;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a place is free, or a task is over */
    int running, held, strangers, watchers;
    Pool *pool;
    Task *tasks[TASK_MAX]; /* NULL: free */
    int64_t last_number;
};

Conversions *conversions_new(const ConversionsOptions *options)
{
    Conversions *all = heap_alloc(sizeof *all);
    all->options = *options;
    if (all->options.at_once <= 0)
        all->options.at_once = MAX((int)sysconf(_SC_NPROCESSORS_ONLN), 2);
    if (all->options.held_max <= 0)
        all->options.held_max = 12;
    all->folder = heap_text(options->folder);
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->changed, NULL);
    all->pool = pool_new("convert", all->options.at_once, WAITING_MAX);
    return all;
}

const atomic_bool *conversions_stopping(const Conversions *all) { return &all->is_stopping; }

void conversions_stop(Conversions *all)
{
    if (!all)
        return;
    pthread_mutex_lock(&all->lock);
    atomic_store(&all->is_stopping, true);
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

/* --- Places --- */

/* Under the lock. False: the time is over. */
static bool wait_changed(Conversions *all, int64_t until_ms)
{
    return cond_wait_until(&all->changed, &all->lock, until_ms);
}

static bool stopping(Error *err) { return fail(err, ERROR_BUSY, "the server is stopping"); }

/* Under the lock. */
static bool take_place(Conversions *all, int64_t until_ms, Error *err)
{
    while (all->running >= all->options.at_once && !atomic_load(&all->is_stopping))
        if (!wait_changed(all, until_ms) && all->running >= all->options.at_once)
            return fail(err, ERROR_BUSY, "%d files are being converted; try again in a moment",
                        all->running);
    if (atomic_load(&all->is_stopping))
        return stopping(err);
    all->running++;
    return true;
}

static bool admit(const Conversions *all, bool is_stranger, Error *err)
{
    if (all->held >= all->options.held_max)
        return fail(err, ERROR_BUSY, "%d files are being converted or wait; try again in a moment",
                    all->held);
    if (is_stranger && all->strangers >= MAX(all->options.held_max / 2, 1))
        return fail(err, ERROR_LIMITED,
                    "%d files are being converted without a key; try again in a moment",
                    all->strangers);
    return true;
}

bool conversion_begin(Conversions *all, bool is_stranger, Error *err)
{
    pthread_mutex_lock(&all->lock);
    bool good = admit(all, is_stranger, err);
    if (good) {
        all->held++;
        all->strangers += is_stranger;
        good = take_place(all, monotonic_ms() + BEGIN_WAIT_MS, err);
        if (!good) {
            all->held--;
            all->strangers -= is_stranger;
        }
    }
    pthread_mutex_unlock(&all->lock);
    return good;
}

void conversion_end(Conversions *all, bool is_stranger)
{
    pthread_mutex_lock(&all->lock);
    all->running--;
    all->held--;
    all->strangers -= is_stranger;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

/* --- Tasks --- */

const char *conversion_state_name(ConversionState state)
{
    static const char *const names[] = { "pending", "started", "success", "failure" };
    return names[state];
}

static void task_free(Task *task)
{
    if (!task)
        return;
    fd_auto(&task->fd);
    free(task->workspace);
    free(task->media_type);
    free(task->file_name);
    free(task);
}

static bool is_over(const Task *task) { return task->state >= CONVERSION_SUCCESS; }

static uint64_t results_size(const Conversions *all)
{
    uint64_t size = 0;
    for (size_t i = 0; i < TASK_MAX; i++)
        size += all->tasks[i] ? all->tasks[i]->size : 0;
    return size;
}

/* The place of the oldest that is over, TASK_MAX: none is. Under the lock. */
static size_t oldest(const Conversions *all)
{
    size_t found = TASK_MAX;
    for (size_t i = 0; i < TASK_MAX; i++)
        if (all->tasks[i] && is_over(all->tasks[i]) &&
            (found == TASK_MAX || all->tasks[i]->ended_ms < all->tasks[found]->ended_ms))
            found = i;
    return found;
}

/* Room for a result of `size` bytes, and for one more task; old ones go. Under the lock. */
static void forget_old(Conversions *all, uint64_t size)
{
    for (;;) {
        size_t at = oldest(all), count = 0;
        for (size_t i = 0; i < TASK_MAX; i++)
            count += all->tasks[i] != NULL;
        bool is_due =
            at < TASK_MAX && (monotonic_ms() - all->tasks[at]->ended_ms > RESULT_KEPT_MS ||
                              results_size(all) + size > RESULTS_MAX || count >= TASK_MAX);
        if (!is_due)
            return;
        task_free(all->tasks[at]);
        all->tasks[at] = NULL;
    }
}

/* What does not fit, or cannot be written, is a failure of the task. */
static int write_result(const Conversions *all, const ConversionResult *result)
{
    Error ignored;
    int fd = open(all->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (result->body.length > ONE_RESULT_MAX || !fd_write_all(fd, result->body, &ignored)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void task_over(Task *task, const ConversionResult *result)
{
    Conversions *all = task->owner;
    int fd = write_result(all, result);
    pthread_mutex_lock(&all->lock);
    forget_old(all, result->body.length);
    task->fd = fd;
    task->size = fd < 0 ? 0 : result->body.length;
    task->status = result->status;
    task->media_type = strndup(result->media_type.at, result->media_type.length);
    task->file_name = strndup(result->file_name.at, result->file_name.length);
    task->succeeded = result->succeeded;
    task->failed = result->failed;
    task->ended_ms = monotonic_ms();
    task->state = fd < 0 ? CONVERSION_FAILURE : result->state;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

static bool task_begin(Task *task)
{
    Conversions *all = task->owner;
    Error ignored;
    pthread_mutex_lock(&all->lock);
    bool good = take_place(all, INT64_MAX / 2, &ignored);
    if (good)
        task->state = CONVERSION_STARTED;
    pthread_mutex_unlock(&all->lock);
    return good;
}

static void task_run(void *argument)
{
    Task *task = argument;
    Conversions *all = task->owner;
    ConversionWork work = task->work;
    ConversionResult result = { .state = CONVERSION_FAILURE,
                                .status = 503,
                                .media_type = S("text/plain"),
                                .file_name = S("") };
    if (task_begin(task)) {
        work.run(work.argument, &result);
        pthread_mutex_lock(&all->lock);
        all->running--;
        pthread_mutex_unlock(&all->lock);
    }
    task_over(task, &result);
    work.release(work.argument);
}

void conversions_free(Conversions *all)
{
    if (!all)
        return;
    conversions_stop(all);
    pool_free(all->pool);
    for (size_t i = 0; i < TASK_MAX; i++)
        task_free(all->tasks[i]);
    pthread_cond_destroy(&all->changed);
    pthread_mutex_destroy(&all->lock);
    free(all->folder);
    free(all);
}

/* Under the lock. */
static void view_task(const Conversions *all, Arena *arena, const Task *task,
                      ConversionView *view_r)
{
    *view_r = (ConversionView){ .id = str_copy(arena, str(task->id)),
                                .state = task->state,
                                .files = task->work.files,
                                .succeeded = task->succeeded,
                                .failed = task->failed };
    if (task->state == CONVERSION_PENDING)
        view_r->position = 1;
    for (size_t i = 0; i < TASK_MAX && view_r->position; i++)
        view_r->position += all->tasks[i] && all->tasks[i]->state == CONVERSION_PENDING &&
                            all->tasks[i]->number < task->number;
}

static Task *task_new(Conversions *all, Str workspace, const ConversionWork *work)
{
    Task *task = heap_alloc(sizeof *task);
    *task = (Task){ .owner = all, .work = *work, .fd = -1, .number = ++all->last_number };
    task->workspace = strndup(workspace.at ? workspace.at : "", workspace.length);
    id_write(task->id);
    return task;
}

bool conversion_add(Conversions *all, Arena *arena, Str workspace, const ConversionWork *work,
                    ConversionView *view_r, Error *err)
{
    pthread_mutex_lock(&all->lock);
    forget_old(all, 0);
    size_t at = 0;
    while (at < TASK_MAX && all->tasks[at])
        at++;
    bool good = at < TASK_MAX && !atomic_load(&all->is_stopping);
    Task *task = good ? task_new(all, workspace, work) : NULL;
    if (good && !pool_add(all->pool, task_run, task)) {
        task_free(task);
        good = false;
    }
    if (good) {
        all->tasks[at] = task;
        view_task(all, arena, task, view_r);
    }
    pthread_mutex_unlock(&all->lock);
    return good || fail(err, ERROR_BUSY, "too many tasks wait; try again in a moment");
}

/* Under the lock. */
static Task *find(Conversions *all, Str workspace, Str id)
{
    forget_old(all, 0);
    for (size_t i = 0; i < TASK_MAX; i++)
        if (all->tasks[i] && str_is(id, all->tasks[i]->id) &&
            str_is(workspace, all->tasks[i]->workspace))
            return all->tasks[i];
    return NULL;
}

static bool no_task(Error *err) { return fail(err, ERROR_NOT_FOUND, "Task not found."); }

bool conversion_find(Conversions *all, Arena *arena, Str workspace, Str id, int64_t wait_ms,
                     ConversionView *view_r, Error *err)
{
    int64_t until_ms = monotonic_ms() + wait_ms;
    pthread_mutex_lock(&all->lock);
    Task *task = find(all, workspace, id);
    bool may_wait = wait_ms > 0 && all->watchers < WATCHER_MAX;
    all->watchers += may_wait;
    /* While nobody holds the lock the task may be forgotten. */
    while (task && may_wait && !is_over(task) && !atomic_load(&all->is_stopping) &&
           wait_changed(all, until_ms))
        task = find(all, workspace, id);
    all->watchers -= may_wait;
    task = find(all, workspace, id);
    if (task)
        view_task(all, arena, task, view_r);
    pthread_mutex_unlock(&all->lock);
    return task || no_task(err);
}

bool conversion_result(Conversions *all, Arena *arena, Str workspace, Str id,
                       ConversionFile *file_r, Error *err)
{
    pthread_mutex_lock(&all->lock);
    const Task *task = find(all, workspace, id);
    bool is_ready = task && is_over(task) && task->fd >= 0;
    int fd = is_ready ? fcntl(task->fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (fd >= 0)
        *file_r = (ConversionFile){ .fd = fd,
                                    .size = task->size,
                                    .status = task->status,
                                    .media_type = str_copy(arena, str(task->media_type)),
                                    .file_name = str_copy(arena, str(task->file_name)) };
    pthread_mutex_unlock(&all->lock);
    if (fd >= 0)
        return true;
    return task ? fail(err, ERROR_NOT_FOUND,
                       "Task result not found. Please wait for a completion status.")
                : no_task(err);
}
