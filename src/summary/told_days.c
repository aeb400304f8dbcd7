/* told_days.c - see told_days.h. */
#include "summary/told_days.h"

#include "base/clock.h"
#include "notify/notify.h"
#include "store/kept_collections_store.h"
#include "store/people_store.h"

#define MEMORY_MAX MB(64)
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define DAYS_BEFORE 7
#define DAY_TEXT_SIZE 10 /* 2026-11-21 */

typedef struct TellWork {
    Job *job;
    Arena *arena; /* of one collection */
    Scope scope;  /* of its workspace */
    Str after;
    KeptCollectionList list;
    const KeptCollection *kept;
} TellWork;

/* Of one collection, while its shares are walked. */
typedef struct Telling {
    DbTx *tx;
    const TellWork *work;
    VEC(Notice) notices;
    Str user; /* who was looked up last */
    bool is_told;
} Telling;

/* --- Whom --- */

static bool sees_collection(Telling *telling, const Membership *person, bool *sees_r, Error *err)
{
    const TellWork *work = telling->work;
    const Scope theirs = { .workspace = work->scope.workspace,
                           .user = person->user,
                           .role = person->role };
    Collection ignored;
    Error why = { 0 };
    *sees_r = collection_find(telling->tx, &theirs, work->arena, work->kept->id, &ignored, &why);
    return *sees_r || why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
}

static bool find_person(Telling *telling, Str user, Error *err)
{
    const TellWork *work = telling->work;
    Membership person;
    Error why = { 0 };
    if (str_equal(user, telling->user))
        return true;
    telling->user = user;
    telling->is_told = false;
    if (!membership_find(telling->tx, &work->scope, work->arena, user, &person, &why))
        return why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
    if (person.is_disabled || person.is_service)
        return true;
    return sees_collection(telling, &person, &telling->is_told, err);
}

/* --- What --- */

static void add_notice(Telling *telling, const DueShare *share)
{
    const TellWork *work = telling->work;
    Arena *arena = work->arena;
    NoticeField *fields = arena_new_array(arena, NoticeField, 4);
    char time[TIME_TEXT_SIZE];
    Str day = str_copy(arena, str_slice(time_format(share->day_ms, time), 0, DAY_TEXT_SIZE));
    fields[0] = (NoticeField){ "count", str_format(arena, "%" PRId64, share->count) };
    fields[1] = (NoticeField){ "day", day };
    fields[2] = (NoticeField){ "collection", work->kept->name };
    fields[3] = (NoticeField){ "days", str_format(arena, "%" PRId64, work->kept->keep_days) };
    *vec_push(arena, &telling->notices) = (Notice){
        .kind = NOTICE_documents_go,
        .audience = ROLE_ADMIN,
        .user = share->user,
        .key = work->kept->id,
        .dedup = str_format(arena, "documents_go:" STR_FMT ":" STR_FMT ":" STR_FMT,
                            STR_ARG(work->kept->id), STR_ARG(day), STR_ARG(share->user)),
        .link = str_format(arena, "/library?collection=" STR_FMT, STR_ARG(work->kept->id)),
        .fields = fields,
        .field_count = 4,
    };
}

/* Shares come by day; what is nobody's of one is told together, when the day is over. */
static bool add_shares(Telling *telling, const DueShareList *shares, Error *err)
{
    DueShare nobodys = { 0 };
    for (size_t i = 0; i < shares->count; i++) {
        const DueShare *share = &shares->at[i];
        if (nobodys.count && nobodys.day_ms != share->day_ms) {
            add_notice(telling, &nobodys);
            nobodys.count = 0;
        }
        if (!find_person(telling, share->user, err))
            return false;
        if (telling->is_told) {
            add_notice(telling, share);
        } else {
            nobodys.day_ms = share->day_ms;
            nobodys.count += share->count;
        }
    }
    if (nobodys.count)
        add_notice(telling, &nobodys);
    return true;
}

/* --- When --- */

/* The end of the last day that is told now. */
static int64_t told_until(const KeptCollection *kept, int64_t now)
{
    int64_t ahead = MIN(kept->keep_days - 1, DAYS_BEFORE);
    return (now / DAY_MS + 1 + ahead) * DAY_MS;
}

static bool tell_work(DbTx *tx, void *argument, Error *err)
{
    const TellWork *work = argument;
    Telling telling = { .tx = tx, .work = work };
    DueShareList shares;
    return kept_collection_shares(tx, &work->scope, work->arena, work->kept->id,
                                  told_until(work->kept, now_ms()), &shares, err) &&
           add_shares(&telling, &shares, err) &&
           notify_send_many(tx, &work->scope, work->arena, telling.notices.at,
                            telling.notices.count, err);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    TellWork *work = argument;
    return kept_collections_list(tx, &work->job->scope, work->job->arena, work->after, &work->list,
                                 err);
}

bool told_days_job(Job *job, Error *err)
{
    TellWork all = { .job = job };
    do {
        if (!store_read(job->db, &job->scope, list_work, &all, err))
            return false;
        for (size_t i = 0; i < all.list.count; i++) {
            AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
            const KeptCollection *kept = &all.list.at[i];
            TellWork one = { .job = job, .arena = arena, .kept = kept };
            one.scope = (Scope){ .workspace = kept->workspace, .role = ROLE_OWNER };
            if (job_is_stopped(job))
                return job_stopped(job, err);
            if (!store_write(job->db, &one.scope, tell_work, &one, err))
                return false;
            all.after = kept->id;
        }
    } while (all.list.count);
    return true;
}
