/* draw_job.c - tasks drawn from new documents of collections that want it; see drawn.h. */
#include "jobs/job_queue.h"
#include "store/documents_store.h"
#include "store/task_drawings_store.h"
#include "tasks/drawn.h"

#define MEMORY_MAX MB(512)

#define DRAWING S("task_drawing")

typedef struct DrawJob {
    Job *job;
    Arena *arena; /* of one document */
    Scope scope;  /* of its workspace */
    Str id;
    TaskDrawingList due;
    DrawSource from;
    DrawnTaskList list;
    Str *ids;
    bool is_first;
} DrawJob;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    DrawJob *work = argument;
    return task_drawings_due(tx, &work->job->scope, work->job->arena, &work->due, err);
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    DrawJob *work = argument;
    return document_find(tx, &work->scope, work->arena, work->id, &work->from.document, err);
}

/* Together, so that a document is read once whatever happens in between. */
static bool save_work(DbTx *tx, void *argument, Error *err)
{
    DrawJob *work = argument;
    return task_drawing_done(tx, &work->scope, work->id, &work->is_first, err) &&
           (!work->is_first ||
            drawn_save(tx, work->arena, &work->from, &work->list, work->ids, err));
}

static bool draw_one(DrawJob *work, Error *err)
{
    const TaskDrawer *drawer = work->job->argument;
    DrawRequest asked = { 0 };
    work->from = (DrawSource){ .library = drawer->library, .scope = &work->scope };
    work->list = (DrawnTaskList){ 0 };
    if (!store_read(work->job->db, &work->scope, find_work, work, err))
        return false;
    /* His are the tasks that his document speaks of. */
    work->scope.user = work->from.document.created_by;
    asked.reference_ms = drawn_reference(&work->from.document);
    if (!drawn_text(work->arena, &work->from, &asked.text, err))
        return false;
    tasks_draw_asking(drawer->models, &work->scope, work->arena, &asked, STR_NONE, &work->list);
    work->ids = arena_new_array(work->arena, Str, work->list.count + 1);
    return store_write(work->job->db, &work->scope, save_work, work, err);
}

/* What cannot be read is passed over for good; whatever may be over by the next time is not. */
static bool pass_over(DrawJob *work, const Error *why, Error *err)
{
    if (error_is_temporary(why->code))
        return true;
    work->list = (DrawnTaskList){ 0 };
    return store_write(work->job->db, &work->scope, save_work, work, err);
}

/* --- The jobs --- */

bool tasks_drawing_job(Job *job, Error *err)
{
    DrawJob work = { .job = job };
    if (!store_read(job->db, &job->scope, list_work, &work, err))
        return false;
    for (size_t i = 0; i < work.due.count; i++) {
        AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
        Error why = { 0 };
        work.arena = arena;
        work.id = work.due.at[i].document;
        work.scope = (Scope){ .workspace = job->scope.workspace, .role = ROLE_OWNER };
        if (!job_progress(job, "drawing tasks", (int64_t)i, (int64_t)work.due.count))
            return job_stopped(job, err);
        if (!draw_one(&work, &why) && !pass_over(&work, &why, err))
            return false;
    }
    return true;
}

/* Who called it off does not want to see it again a moment later. */
bool tasks_drawing_cancel(DbTx *tx, const Scope *scope, Arena *arena, const JobRow *job, Error *err)
{
    (void)arena;
    return task_drawings_drop(tx, scope, err) && job_cancel(tx, scope, job->id, err);
}

typedef struct DrawTick {
    Job *job;
    TaskDrawingList waiting;
} DrawTick;

static bool waiting_work(DbTx *tx, void *argument, Error *err)
{
    DrawTick *tick = argument;
    return task_drawings_waiting(tx, &tick->job->scope, tick->job->arena, &tick->waiting, err);
}

static bool queue_work(DbTx *tx, void *argument, Error *err)
{
    const DrawTick *tick = argument;
    for (size_t i = 0; i < tick->waiting.count; i++) {
        const Scope scope = { .workspace = tick->waiting.at[i].workspace, .role = ROLE_OWNER };
        NewJob job = { .type = DRAWING, .subject = S("documents"), .result = S("suggested") };
        if (!job_add(tx, &scope, tick->job->arena, &job, NULL, err))
            return false;
    }
    return true;
}

bool tasks_draw_job(Job *job, Error *err)
{
    DrawTick tick = { .job = job };
    return store_read(job->db, &job->scope, waiting_work, &tick, err) &&
           (!tick.waiting.count || store_write(job->db, &job->scope, queue_work, &tick, err));
}
