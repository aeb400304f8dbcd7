/* jobs_runner_store.c - the part of jobs_store.h that is for the runner of the queue. */
#include "store/jobs_store.h"

#include "base/map.h"
#include "store/jobs_store_row.h"
#include "store/sql.h"

/* Rows of one statement: delayed jobs that become due, jobs deleted. */
#define PROMOTE_MAX 1000
#define TICKS_MAX 100
#define NEWS_COLUMNS 7
/* Attempts after which a job that was running when its process ended is taken for the reason. */
#define INTERRUPTED_MAX 250

/* --- Claiming ------------------------------------------------------------------------ */

#define CLAIM_SET                                                                                  \
    "UPDATE jobs SET state = 1, attempt = attempt + 1, token = token + 1, owner = $2,"             \
    " lease_ms = $3, lease_until = $4, started_at = $5, stage = '', stage_at = $5, done = 0,"      \
    " stage_done = 0, total = 0, is_cancelled = 0, is_wanted_again = 0, attempt_max ="             \
    " CASE WHEN attempt_max = 0 THEN $7 ELSE attempt_max END WHERE id "
#define CLAIM_SELECT                                                                               \
    "SELECT id FROM jobs WHERE state = 0 AND type = $1 ORDER BY priority DESC, id LIMIT $6"

static int by_priority(const void *a, const void *b)
{
    const JobRow *left = a, *right = b;
    return left->priority != right->priority ? right->priority - left->priority
                                             : str_compare(left->id, right->id);
}

/* In PostgreSQL the array makes sure that the rows are found by key, whatever the statistics say.
 */
bool jobs_store_claim(DbTx *tx, const Scope *scope, Arena *arena, const JobClaim *claim,
                      int64_t now, JobRowList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SQL(CLAIM_SET "IN (" CLAIM_SELECT ") RETURNING " JOB_COLUMNS,
                         CLAIM_SET "= ANY(ARRAY(" CLAIM_SELECT
                                   " FOR UPDATE SKIP LOCKED)) RETURNING " JOB_COLUMNS),
                  DB_ARGS(db_text(claim->type), db_text(claim->owner), db_int(claim->lease_ms),
                          db_int(now + claim->lease_ms), db_int(now), db_int(claim->limit),
                          db_int(claim->attempt_max)),
                  job_row_read, sizeof(JobRow), &items, err))
        return false;
    *list_r = (JobRowList){ .at = items.at, .count = items.count };
    if (items.count)
        qsort(items.at, items.count, sizeof(JobRow), by_priority);
    return true;
}

/* --- Outcomes ------------------------------------------------------------------------ */

/* Done while it was wanted again: it waits once more, as new. */
#define DONE_SET                                                                                   \
    "UPDATE jobs SET state = CASE WHEN is_wanted_again = 1 THEN 0 ELSE 2 END,"                     \
    " attempt = CASE WHEN is_wanted_again = 1 THEN 0 ELSE attempt END,"                            \
    " finished_at = CASE WHEN is_wanted_again = 1 THEN 0 ELSE $3 END,"                             \
    " error_code = '', error = '', lease_until = 0, is_wanted_again = 0"                           \
    " WHERE state = 1 AND token = $2 AND id "

typedef struct Finishing {
    DbTx *tx;
    Arena *arena;
    const JobOutcome *outcomes;
    size_t count;
    int64_t now_ms;
    bool *is_open; /* not written yet */
    Map finished;
} Finishing;

/* Marks all that are done and have the same token as the first: nearly all do, because most jobs
 * succeed at once. So hundreds of jobs are one statement, which finds its rows by key. */
static bool finish_done(Finishing *finishing, size_t first, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    int64_t token = finishing->outcomes[first].token;
    Str *ids = arena_new_array(finishing->arena, Str, finishing->count);
    size_t count = 0;
    DbStep step;

    for (size_t i = first; i < finishing->count; i++) {
        const JobOutcome *outcome = &finishing->outcomes[i];
        if (outcome->state != JOB_DONE || outcome->token != token)
            continue;
        ids[count++] = outcome->id;
        finishing->is_open[i] = false;
    }
    if (!db_query(finishing->tx,
                  DB_SQL(DONE_SET "IN (SELECT value FROM json_each($1)) RETURNING id",
                         DONE_SET "= ANY(ARRAY(SELECT json_array_elements_text($1::json)))"
                                  " RETURNING id"),
                  DB_ARGS(sql_texts(finishing->arena, ids, count), db_int(token),
                          db_int(finishing->now_ms)),
                  &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW)
        (void)map_add(&finishing->finished, db_get_text(&rows, 0, finishing->arena), NULL);
    return step == DB_END;
}

/* One that failed or is given back. A cancelled job does not wait again. */
static bool finish_other(Finishing *finishing, const JobOutcome *outcome, Error *err)
{
    int64_t changed;

    if (!db_exec(finishing->tx,
                 DB_SAME("UPDATE jobs SET state = CASE WHEN is_cancelled = 1 AND $3 IN (0, 5)"
                         " AND $5 = 0 THEN 4 ELSE $3 END,"
                         " run_at = CASE WHEN $3 = 5 THEN $4 ELSE run_at END,"
                         " attempt = attempt - $5,"
                         " finished_at = CASE WHEN $3 IN (0, 5) THEN 0 ELSE $6 END,"
                         " error_code = $7, error = $8, lease_until = 0, is_wanted_again = 0"
                         " WHERE id = $1 AND state = 1 AND token = $2"),
                 DB_ARGS(db_text(outcome->id), db_int(outcome->token), db_int(outcome->state),
                         db_int(outcome->run_at_ms), db_int(outcome->keeps_attempt),
                         db_int(finishing->now_ms), db_text(outcome->error_code),
                         db_text(outcome->error)),
                 &changed, err))
        return false;
    if (changed)
        (void)map_add(&finishing->finished, outcome->id, NULL);
    return true;
}

bool jobs_store_finish(DbTx *tx, const Scope *scope, const JobOutcome *outcomes, size_t count,
                       int64_t now, bool *is_stale, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(128));
    Finishing finishing = { .tx = tx,
                            .arena = arena,
                            .outcomes = outcomes,
                            .count = count,
                            .now_ms = now,
                            .is_open = arena_new_array(arena, bool, count),
                            .finished = map_new(arena) };

    if (!sql_needs_system(scope, err))
        return false;
    memset(finishing.is_open, 1, count);
    for (size_t i = 0; i < count; i++)
        if (finishing.is_open[i] &&
            !(outcomes[i].state == JOB_DONE ? finish_done(&finishing, i, err)
                                            : finish_other(&finishing, &outcomes[i], err)))
            return false;
    for (size_t i = 0; i < count; i++)
        is_stale[i] = !map_find(&finishing.finished, outcomes[i].id);
    return true;
}

bool jobs_store_progress(DbTx *tx, const Scope *scope, const JobNews *news, size_t count,
                         Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    DbValue *values = arena_new_array(arena, DbValue, count * NEWS_COLUMNS);

    for (size_t i = 0; i < count; i++) {
        DbValue *row = values + i * NEWS_COLUMNS;
        row[0] = db_text(news[i].id);
        row[1] = db_int(news[i].token);
        row[2] = db_text(news[i].stage);
        row[3] = db_int(news[i].stage_at_ms);
        row[4] = db_int(news[i].done);
        row[5] = db_int(news[i].total);
        row[6] = db_int(news[i].stage_done);
    }
    return sql_needs_system(scope, err) &&
           db_exec_many(tx,
                        DB_SAME("UPDATE jobs SET stage = $3, stage_at = $4, done = $5, total = $6,"
                                " stage_done = $7"
                                " WHERE id = $1 AND state = 1 AND token = $2"),
                        values, NEWS_COLUMNS, count, err);
}

/* --- Leases -------------------------------------------------------------------------- */

static void read_held(DbRows *row, Arena *arena, void *item)
{
    *(JobHeld *)item = (JobHeld){
        .id = db_get_text(row, 0, arena),
        .token = db_get_int(row, 1),
        .is_cancelled = db_get_int(row, 2),
    };
}

bool jobs_store_heartbeat(DbTx *tx, const Scope *scope, Arena *arena, Str owner, int64_t now,
                          JobHeldList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME("UPDATE jobs SET lease_until = lease_ms + $2 WHERE state = 1"
                          " AND owner = $1 RETURNING id, token, is_cancelled"),
                  DB_ARGS(db_text(owner), db_int(now)), read_held, sizeof(JobHeld), &items, err))
        return false;
    *list_r = (JobHeldList){ items.at, items.count };
    return true;
}

bool jobs_store_cancelled(DbTx *tx, const Scope *scope, Arena *arena, Str owner,
                          JobHeldList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT id, token, is_cancelled FROM jobs WHERE state = 1 AND owner = $1"
                          " AND is_cancelled = 1"),
                  DB_ARGS(db_text(owner)), read_held, sizeof(JobHeld), &items, err))
        return false;
    *list_r = (JobHeldList){ items.at, items.count };
    return true;
}

bool jobs_store_recover(DbTx *tx, const Scope *scope, int64_t now, int64_t *count_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE jobs SET state = CASE WHEN is_cancelled = 1 THEN 4"
                           " WHEN attempt >= attempt_max THEN 3 ELSE 0 END,"
                           " finished_at = CASE WHEN is_cancelled = 1 OR attempt >= attempt_max"
                           " THEN $1 ELSE 0 END, error_code = 'internal',"
                           " error = 'the process that ran it ended or hung'"
                           " WHERE state = 1 AND lease_until < $1"),
                   DB_ARGS(db_int(now)), count_r, err);
}

bool jobs_store_release(DbTx *tx, const Scope *scope, Str owner, int64_t now, int64_t *count_r,
                        Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE jobs SET state = CASE WHEN is_cancelled = 1 THEN 4"
                           " WHEN attempt >= $3 THEN 3 ELSE 0 END,"
                           " finished_at = CASE WHEN is_cancelled = 1 OR attempt >= $3"
                           " THEN $2 ELSE 0 END, lease_until = 0, error_code = 'internal',"
                           " error = 'the process that ran it ended'"
                           " WHERE state = 1 AND owner = $1"),
                   DB_ARGS(db_text(owner), db_int(now), db_int(INTERRUPTED_MAX)), count_r, err);
}

bool jobs_store_hold(DbTx *tx, const Scope *scope, Str id, int64_t token, Error *err)
{
#define HOLD                                                                                       \
    "SELECT 1 FROM jobs WHERE id = $1 AND state = 1 AND token = $2"                                \
    " AND (workspace = $3 OR $4 = 1)"
    int64_t held = 0;

    if (!db_query_int(tx, DB_SQL(HOLD, HOLD " FOR UPDATE"),
                      DB_ARGS(db_text(id), db_int(token), db_text(scope->workspace),
                              db_int(scope->is_system)),
                      0, &held, err))
        return false;
#undef HOLD
    return held || fail(err, ERROR_CONFLICT, "the job's lease was lost; another process has it");
}

bool jobs_store_done(DbTx *tx, const Scope *scope, Str id, int64_t token, int64_t total,
                     int64_t now, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE jobs SET done = $3, total = $3 WHERE id = $1 AND state = 1"
                           " AND token = $2 AND (workspace = $4 OR $5 = 1)"),
                   DB_ARGS(db_text(id), db_int(token), db_int(total), db_text(scope->workspace),
                           db_int(scope->is_system)),
                   NULL, err) &&
           db_exec(tx, DB_SAME(DONE_SET "= $1 AND (workspace = $4 OR $5 = 1)"),
                   DB_ARGS(db_text(id), db_int(token), db_int(now), db_text(scope->workspace),
                           db_int(scope->is_system)),
                   NULL, err);
}

/* --- Time ---------------------------------------------------------------------------- */

bool jobs_store_promote(DbTx *tx, const Scope *scope, int64_t now, int64_t *count_r, Error *err)
{
#define DUE "SELECT id FROM jobs WHERE state = 5 AND run_at <= $1 ORDER BY run_at LIMIT $2"
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SQL("UPDATE jobs SET state = 0 WHERE id IN (" DUE ")",
                          "UPDATE jobs SET state = 0 WHERE id = ANY(ARRAY(" DUE
                          " FOR UPDATE SKIP LOCKED))"),
                   DB_ARGS(db_int(now), db_int(PROMOTE_MAX)), count_r, err);
#undef DUE
}

bool jobs_store_next_due(DbTx *tx, const Scope *scope, int64_t *due_ms_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_query_int(tx,
                        DB_SAME("SELECT coalesce(min(at), 9223372036854775807) FROM ("
                                "SELECT min(run_at) AS at FROM jobs WHERE state = 5 UNION ALL"
                                " SELECT min(next_at) FROM recurring_jobs) AS times"),
                        DB_NO_ARGS, INT64_MAX, due_ms_r, err);
}

/* Ids begin with their time (RFC 9562), and a job is not finished before it is made: so old
 * finished jobs are at the beginning of the key. */
bool jobs_store_purge(DbTx *tx, const Scope *scope, int64_t done_before, int64_t dead_before,
                      int64_t limit, int64_t *count_r, Error *err)
{
    char before[20];
    snprintf(before, sizeof before, "%08" PRIx64 "-%04" PRIx64, (uint64_t)done_before >> 16,
             (uint64_t)done_before & 0xffff);
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE id < $1"
                           " AND ((state IN (2, 4) AND finished_at < $2)"
                           " OR (state = 3 AND finished_at < $3)) ORDER BY id LIMIT $4)"),
                   DB_ARGS(db_text(str(before)), db_int(done_before), db_int(dead_before),
                           db_int(limit)),
                   count_r, err);
}

/* --- Recurring jobs ------------------------------------------------------------------ */

bool jobs_store_recurring_set(DbTx *tx, const Scope *scope, const RecurringJob *job, int64_t now,
                              Error *err)
{
    if (job->every_ms < 1000)
        return fail_field(err, "every_ms", "a recurring job runs at most once a second");
    if (!scope->workspace.length && !sql_needs_system(scope, err))
        return false;
    return db_exec(tx,
                   DB_SAME("INSERT INTO recurring_jobs (name, workspace, type, payload, every_ms,"
                           " next_at) VALUES ($1, $2, $3, $4, $5, $6)"
                           " ON CONFLICT (name) DO UPDATE SET type = excluded.type,"
                           " payload = excluded.payload,"
                           " next_at = CASE WHEN recurring_jobs.every_ms = excluded.every_ms"
                           " THEN recurring_jobs.next_at ELSE excluded.next_at END,"
                           " every_ms = excluded.every_ms"),
                   DB_ARGS(db_text(job->name), db_text_or_null(scope->workspace),
                           db_text(job->type),
                           db_text(job->payload.length ? job->payload : S("{}")),
                           db_int(job->every_ms), db_int(now)),
                   NULL, err);
}

bool jobs_store_recurring_remove(DbTx *tx, const Scope *scope, Str name, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM recurring_jobs WHERE name = $1"
                           " AND (workspace = $2 OR $3 = 1)"),
                   DB_ARGS(db_text(name), db_text(scope->workspace), db_int(scope->is_system)),
                   NULL, err);
}

typedef struct Due {
    Str name, workspace, type, payload;
    int64_t every_ms, next_at;
} Due;

static void read_due(DbRows *row, Arena *arena, void *item)
{
    *(Due *)item = (Due){
        .name = db_get_text(row, 0, arena),
        .workspace = db_get_text(row, 1, arena),
        .type = db_get_text(row, 2, arena),
        .payload = db_get_text(row, 3, arena),
        .every_ms = db_get_int(row, 4),
        .next_at = db_get_int(row, 5),
    };
}

/* The tick is won by whoever moves next_at on. */
static bool tick_one(DbTx *tx, Arena *arena, const Due *due, int64_t now, bool *won_r, Error *err)
{
    Scope scope = { .workspace = due->workspace, .role = ROLE_OWNER, .is_system = true };
    int64_t next = due->next_at + ((now - due->next_at) / due->every_ms + 1) * due->every_ms;
    NewJob job = {
        .type = due->type, .subject = due->name, .payload = due->payload, .attempt_max = 5
    };
    int64_t changed;
    Str id;

    if (!db_exec(tx,
                 DB_SAME("UPDATE recurring_jobs SET next_at = $3 WHERE name = $1 AND next_at = $2"),
                 DB_ARGS(db_text(due->name), db_int(due->next_at), db_int(next)), &changed, err))
        return false;
    *won_r = false;
    return !changed || jobs_store_add(tx, &scope, arena, &job, &id, won_r, err);
}

bool jobs_store_tick(DbTx *tx, const Scope *scope, Arena *arena, int64_t now, int64_t *count_r,
                     Error *err)
{
#define TICKS                                                                                      \
    "SELECT name, coalesce(workspace, ''), type, payload, every_ms, next_at FROM recurring_jobs"   \
    " WHERE next_at <= $1 ORDER BY next_at LIMIT $2"
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena, DB_SQL(TICKS, TICKS " FOR UPDATE SKIP LOCKED"),
                  DB_ARGS(db_int(now), db_int(TICKS_MAX)), read_due, sizeof(Due), &items, err))
        return false;
#undef TICKS
    *count_r = 0;
    for (size_t i = 0; i < items.count; i++) {
        bool won;
        if (!tick_one(tx, arena, (Due *)items.at + i, now, &won, err))
            return false;
        *count_r += won;
    }
    return true;
}
