/* tidy_job.c - files whose time is over, and batches whose job was lost. */
#include "base/clock.h"
#include "batch/batch_int.h"

#define AT_ONCE 100

typedef struct TidyWork {
    Job *job;
    Scope scope; /* of the workspace at hand */
    ExpiredFileList files;
    OpenBatchList open;
    Str id;
} TidyWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    TidyWork *work = argument;
    const Scope *system = &work->job->scope;
    return client_file_list_expired(tx, system, work->job->arena, now_ms(), AT_ONCE, &work->files,
                                    err) &&
           batch_list_open(tx, system, work->job->arena, &work->open, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const TidyWork *work = argument;
    return client_file_remove(tx, &work->scope, work->id, err);
}

static bool wake_work(DbTx *tx, void *argument, Error *err)
{
    const TidyWork *work = argument;
    NewJob job = {
        .type = S(JOB_BATCH), .subject = work->id, .attempt_max = 20, .result = work->id
    };
    return job_add(tx, &work->scope, work->job->arena, &job, NULL, err);
}

static bool remove_expired(Batches *batches, TidyWork *work, Error *err)
{
    for (size_t i = 0; i < work->files.count; i++) {
        const ExpiredFile *file = &work->files.at[i];
        work->scope = (Scope){ .workspace = file->workspace, .role = ROLE_OWNER };
        work->id = file->id;
        if (!library_drop_original(batches->options.library, &work->scope, file->blob, remove_work,
                                   work, err) &&
            err->code != ERROR_NOT_FOUND) /* somebody has just removed it */
            return false;
    }
    return true;
}

bool batch_tidy_job(Job *job, Error *err)
{
    Batches *batches = job->argument;
    TidyWork work = { .job = job };
    if (!store_read(batches->options.db, &job->scope, list_work, &work, err) ||
        !remove_expired(batches, &work, err))
        return false;
    for (size_t i = 0; i < work.open.count; i++) {
        work.scope = (Scope){ .workspace = work.open.at[i].workspace, .role = ROLE_OWNER };
        work.id = work.open.at[i].id;
        if (!store_write(batches->options.db, &work.scope, wake_work, &work, err))
            return false;
    }
    return true;
}
