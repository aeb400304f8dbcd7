/* told_searches.c - see told_searches.h. */
#include "summary/told_searches.h"

#include "notify/notify.h"
#include "search/saved.h"
#include "store/chunks_store.h"

#define MEMORY_MAX MB(256)

typedef struct TellWork {
    Job *job;
    Arena *arena; /* of one search */
    Scope scope;  /* of its owner */
    Str after;
    SavedSearchList list;
    const SavedSearch *saved;
    int64_t newest, count;
} TellWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    TellWork *work = argument;
    return saved_search_list_telling(tx, &work->job->scope, work->job->arena, work->after,
                                     &work->list, err);
}

static bool newest_work(DbTx *tx, void *argument, Error *err)
{
    TellWork *work = argument;
    return chunk_newest(tx, &work->scope, &work->newest, err);
}

/* Together, so that a job that runs again tells nothing twice. */
static bool tell_work(DbTx *tx, void *argument, Error *err)
{
    TellWork *work = argument;
    const NoticeField fields[] = {
        { "name", work->saved->name },
        { "count", str_format(work->arena, "%" PRId64, work->count) },
    };
    const Notice notice = { .kind = NOTICE_saved_search,
                            .audience = ROLE_READER,
                            .user = work->scope.user,
                            .link = S("/search"),
                            .fields = fields,
                            .field_count = COUNT(fields) };
    return saved_search_mark_told(tx, &work->scope, work->saved->id, work->newest, err) &&
           (!work->count || notify_send(tx, &work->scope, work->arena, &notice, err));
}

/* One that cannot be run any more, as names of metadata have changed, tells nothing. */
static bool tell_one(TellWork *work, Error *err)
{
    const SavedSearch *saved = work->saved;
    int64_t known = MAX(saved->told_number, saved->seen_number);
    Error why = { 0 };
    if (!store_read(work->job->db, &work->scope, newest_work, work, err))
        return false;
    if (work->newest <= known)
        return true;
    if (!saved_search_count(work->job->argument, &work->scope, work->arena, saved, known,
                            &work->count, &why))
        return !error_is_temporary(why.code) || fail(err, why.code, "%s", why.message);
    Error gone = { 0 };
    return store_write(work->job->db, &work->scope, tell_work, work, &gone) ||
           gone.code == ERROR_NOT_FOUND || fail(err, gone.code, "%s", gone.message);
}

bool told_searches_job(Job *job, Error *err)
{
    TellWork all = { .job = job };
    do {
        if (!store_read(job->db, &job->scope, list_work, &all, err))
            return false;
        for (size_t i = 0; i < all.list.count; i++) {
            AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
            const SavedSearch *saved = &all.list.at[i];
            TellWork one = { .job = job, .arena = arena, .saved = saved };
            one.scope =
                (Scope){ .workspace = saved->workspace, .user = saved->user, .role = ROLE_READER };
            if (job_is_stopped(job))
                return job_stopped(job, err);
            if (!tell_one(&one, err))
                return false;
            all.after = saved->id;
        }
    } while (all.list.count);
    return true;
}
