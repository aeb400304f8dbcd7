#include "jobs/run_work.h"

#define ITEM_MEMORY_MAX GB(1)
#define ITEMS_AT_ONCE 50

bool run_start(DbTx *tx, const Scope *scope, Arena *arena, Run *run, const StrList *documents,
               size_t count, const NewJob *job, Error *err)
{
    NewJob added = *job;
    if (!run_add(tx, scope, arena, run, documents, count, err))
        return false;
    added.subject = added.result = run->id;
    return job_add(tx, scope, arena, &added, &run->job, err) &&
           run_set_job(tx, scope, run->id, run->job, err) &&
           run_find(tx, scope, arena, run->id, run, err);
}

typedef struct Running {
    Job *job;
    const RunWork *work;
    Scope scope; /* of whoever asked for it */
    Run run;
    RunItemList items;
    RunItem *item;
} Running;

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    Running *in = argument;
    return run_find(tx, &in->job->scope, in->job->arena, in->job->subject, &in->run, err);
}

bool run_of_job(Job *job, Run *run_r, bool *is_gone_r, Error *err)
{
    Running in = { .job = job };
    Error why = { 0 };
    *is_gone_r = !store_read(job->db, &job->scope, find_work, &in, &why);
    *run_r = in.run;
    return !*is_gone_r || why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
}

static bool items_work(DbTx *tx, void *argument, Error *err)
{
    Running *in = argument;
    Slice slice = { .limit = ITEMS_AT_ONCE };
    return run_item_list(tx, &in->scope, in->job->arena, in->run.id, S("waiting"), &slice,
                         &in->items, err);
}

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    Running *in = argument;
    bool is_good = str_is(in->item->state, "done");
    return job_hold(tx, in->job, err) &&
           (!is_good || !in->work->save || in->work->save(tx, in->work->self, &in->scope, err)) &&
           run_item_save(tx, &in->scope, in->run.id, in->item, err);
}

static bool run_item(Running *in, RunItem *item, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(ITEM_MEMORY_MAX);
    Error why = { 0 };
    in->item = item;
    item->state = S("done");
    if (!in->work->one(in->work->self, &in->scope, arena, item, &why)) {
        if (error_is_temporary(why.code) && in->job->attempt < in->job->attempt_max) {
            *err = why;
            return false;
        }
        item->state = S("failed");
        item->error_code = str(error_name(why.code));
        item->error = str_copy(arena, str(why.message));
    }
    return store_write(in->job->db, &in->scope, save_work, in, err);
}

bool run_work(Job *job, const Run *run, const RunWork *work, Error *err)
{
    Running in = { .job = job, .work = work, .run = *run };
    int64_t over = run->done + run->failed;
    if (!job_asker(job, ROLE_EDITOR, &in.scope, err))
        return false;
    do {
        if (!store_read(job->db, &in.scope, items_work, &in, err))
            return false;
        for (size_t i = 0; i < in.items.count; i++) {
            if (!job_progress(job, work->stage, over++, run->total))
                return job_stopped(job, err);
            if (!run_item(&in, &in.items.at[i], err))
                return false;
        }
    } while (in.items.count);
    return true;
}
