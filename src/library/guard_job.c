/* guard_job.c - the documents of a collection follow it when it was restricted or opened
 * (store/collection_guard.h): what is seen does not wait for them. Its subject is the collection.
 */
#include "library/library.h"
#include "store/collection_guard.h"

typedef struct Following {
    Job *job;
    Arena *arena;
    GuardWalk walk;
} Following;

/* What a transaction that is tried again had in it does not count. */
static bool step_work(DbTx *tx, void *argument, Error *err)
{
    Following *following = argument;
    Job *job = following->job;
    GuardWalk walk = following->walk;
    if (!job_hold(tx, job, err) ||
        !collection_guard_step(tx, &job->scope, following->arena, job->subject, &walk, err))
        return false;
    following->walk = walk;
    return true;
}

/* Killed at any moment, it begins anew and passes over what has followed. */
bool library_follow_guard_job(Job *job, Error *err)
{
    Following following = { .job = job };
    while (!following.walk.is_over) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        following.arena = arena;
        if (!store_write(job->db, &job->scope, step_work, &following, err))
            return false;
        following.walk.place.id = str_copy(job->arena, following.walk.place.id);
        if (!job_progress(job, "documents", following.walk.done, 0))
            return job_stopped(job, err);
    }
    return true;
}
