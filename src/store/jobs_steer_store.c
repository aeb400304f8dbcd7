/* jobs_steer_store.c - the part of jobs_store.h that changes jobs from outside: cancel, retry,
 * remove; and what the end of a child means for its parent. */
#include "store/events.h"
#include "store/jobs_store_row.h"
#include "store/sql.h"

#define SEEN(n, m) " (workspace = $" #n " OR $" #m " = 1)"
#define SCOPE_ARGS(scope) db_text((scope)->workspace), db_int((scope)->is_system)

/* --- Parents and children ------------------------------------------------------------ */

void job_line_add(Arena *arena, JobLines *lines, Str type, Str workspace)
{
    for (size_t i = 0; i < lines->count; i++)
        if (str_equal(lines->at[i].type, type) && str_equal(lines->at[i].workspace, workspace))
            return;
    *vec_push(arena, lines) = (JobLine){ type, workspace };
}

void job_end_add(Arena *arena, JobEnds *ends, Str parent, bool is_good)
{
    if (parent.length)
        *vec_push(arena, ends) = (JobEnd){ parent, is_good };
}

static int by_parent(const void *a, const void *b)
{
    return str_compare(((const JobEnd *)a)->parent, ((const JobEnd *)b)->parent);
}

static bool tell_parent(DbTx *tx, Arena *arena, Str parent, int64_t ended, int64_t failed,
                        int64_t now, JobLines *woken, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    DbStep step;

    if (!db_query(tx,
                  DB_SAME("UPDATE jobs SET"
                          " children_left = CASE WHEN children_left > $2 THEN children_left - $2"
                          " ELSE 0 END, children_failed = children_failed + $3,"
                          " run_at = CASE WHEN state = 6 THEN $4 ELSE run_at END,"
                          " state = CASE WHEN state = 6 AND children_left <= $2 THEN 0"
                          " ELSE state END WHERE id = $1 AND state IN (0, 1, 5, 6)"
                          " RETURNING state, type, line"),
                  DB_ARGS(db_text(parent), db_int(ended), db_int(failed), db_int(now)), &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW)
        if (db_get_int(&rows, 0) == JOB_WAITING)
            job_line_add(arena, woken, db_get_text(&rows, 1, arena), db_get_text(&rows, 2, arena));
    return step == DB_END;
}

/* In the order of ids, so that two transactions cannot wait for each other. */
bool job_ends_tell(DbTx *tx, Arena *arena, const JobEnds *ends, int64_t now, JobLines *woken,
                   Error *err)
{
    if (ends->count)
        qsort(ends->at, ends->count, sizeof *ends->at, by_parent);
    for (size_t i = 0; i < ends->count;) {
        Str parent = ends->at[i].parent;
        int64_t ended = 0, failed = 0;
        for (; i < ends->count && str_equal(ends->at[i].parent, parent); i++, ended++)
            failed += !ends->at[i].is_good;
        if (!tell_parent(tx, arena, parent, ended, failed, now, woken, err))
            return false;
    }
    return true;
}

bool jobs_store_open(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now,
                     JobLines *woken, Error *err)
{
    JobRow row;
    return jobs_store_find(tx, scope, arena, id, &row, err) &&
           (row.state == JOB_HELD ||
            fail(err, ERROR_CONFLICT, "the job is %s, so it is open already",
                 job_state_name(row.state))) &&
           tell_parent(tx, arena, id, 1, 0, now, woken, err);
}

/* --- Cancel -------------------------------------------------------------------------- */

/* Why nothing could be done: it is not there, or in a state that does not allow it. Always fails.
 */
static bool fail_state(DbTx *tx, const Scope *scope, Str id, const char *doing, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    JobRow row;

    return jobs_store_find(tx, scope, arena, id, &row, err) &&
           fail(err, ERROR_CONFLICT, "the job is %s, so it cannot be %s", job_state_name(row.state),
                doing);
}

#define CANCELLED                                                                                  \
    "state = 4, finished_at = $2, error_code = 'cancelled', error = 'cancelled before it began'"
#define DESCENDANTS                                                                                \
    "WITH RECURSIVE below (id) AS (SELECT id FROM jobs WHERE parent = $1 AND parent <> ''"         \
    " UNION ALL SELECT j.id FROM jobs j JOIN below b ON j.parent = b.id AND j.parent <> '') "

/* Their parents are cancelled too, so nobody counts them. */
static bool cancel_children(DbTx *tx, Str id, int64_t now, Error *err)
{
    return db_exec(tx,
                   DB_SAME(DESCENDANTS
                           "UPDATE jobs SET " CANCELLED
                           " WHERE id IN (SELECT id FROM below) AND state IN (0, 5, 6)"),
                   DB_ARGS(db_text(id), db_int(now)), NULL, err) &&
           db_exec(tx,
                   DB_SAME(DESCENDANTS "UPDATE jobs SET is_cancelled = 1, is_wanted_again = 0"
                                       " WHERE id IN (SELECT id FROM below) AND state = 1"),
                   DB_ARGS(db_text(id)), NULL, err);
}

static bool cancel_waiting(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now,
                           bool *was_waiting_r, JobEnds *ends, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    DbStep step;

    if (!db_query(
            tx,
            DB_SAME("UPDATE jobs SET " CANCELLED
                    " WHERE id = $1 AND state IN (0, 5, 6) AND" SEEN(3, 4) " RETURNING parent"),
            DB_ARGS(db_text(id), db_int(now), SCOPE_ARGS(scope)), &rows, err))
        return false;
    *was_waiting_r = false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        *was_waiting_r = true;
        job_end_add(arena, ends, db_get_text(&rows, 0, arena), false);
    }
    return step == DB_END;
}

bool jobs_store_cancel(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now,
                       bool *is_running_r, JobLines *woken, Error *err)
{
    JobEnds ends = { 0 };
    bool was_waiting;
    int64_t changed;

    if (!cancel_waiting(tx, scope, arena, id, now, &was_waiting, &ends, err))
        return false;
    *is_running_r = !was_waiting;
    if (was_waiting)
        return cancel_children(tx, id, now, err) &&
               job_ends_tell(tx, arena, &ends, now, woken, err) &&
               event_tell(tx, scope->workspace, EVENT_job, id, S("cancelled"), err);
    if (!db_exec(tx,
                 DB_SAME("UPDATE jobs SET is_cancelled = 1, is_wanted_again = 0"
                         " WHERE id = $1 AND state = 1 AND" SEEN(2, 3)),
                 DB_ARGS(db_text(id), SCOPE_ARGS(scope)), &changed, err))
        return false;
    return changed ? cancel_children(tx, id, now, err)
                   : fail_state(tx, scope, id, "cancelled", err);
}

/* --- Retry --------------------------------------------------------------------------- */

/* The parent of one that waits again waits for it once more, if it still waits for any. */
static bool count_again(DbTx *tx, Str id, Error *err)
{
    int64_t changed;
    return db_exec(tx,
                   DB_SAME("UPDATE jobs SET children_left = children_left + 1,"
                           " children_failed = children_failed - 1 WHERE state = 6 AND id ="
                           " (SELECT parent FROM jobs WHERE id = $1)"),
                   DB_ARGS(db_text(id)), &changed, err) &&
           (changed || db_exec(tx, DB_SAME("UPDATE jobs SET parent = '' WHERE id = $1"),
                               DB_ARGS(db_text(id)), NULL, err));
}

#define AGAIN                                                                                      \
    "UPDATE jobs SET state = 0, attempt = 0, run_at = $2, is_cancelled = 0, finished_at = 0,"      \
    " error_code = '', error = '' WHERE id = $1"

bool jobs_store_retry(DbTx *tx, const Scope *scope, Str id, int64_t now, Error *err)
{
    int64_t changed;

    if (!db_exec(tx, DB_SAME(AGAIN " AND state IN (3, 4) AND" SEEN(3, 4)),
                 DB_ARGS(db_text(id), db_int(now), SCOPE_ARGS(scope)), &changed, err))
        return false;
    if (!changed)
        return fail_state(tx, scope, id, "retried", err);
    return count_again(tx, id, err) &&
           event_tell(tx, scope->workspace, EVENT_job, id, S("waiting"), err);
}

#define DEAD                                                                                       \
    "SELECT id FROM jobs WHERE state = 3 AND" SEEN(                                                \
        1, 2) " AND ($3 = '' OR type = $3) ORDER BY id LIMIT $4"

bool jobs_store_retry_dead(DbTx *tx, const Scope *scope, Arena *arena, Str type, int64_t now,
                           int64_t limit, int64_t *count_r, Error *err)
{
    SqlItems items;
    Str *ids;

    if (!sql_list(tx, arena, DB_SAME(DEAD),
                  DB_ARGS(SCOPE_ARGS(scope), db_text(type), db_int(limit)), sql_read_text,
                  sizeof(Str), &items, err))
        return false;
    *count_r = 0;
    ids = items.at;
    for (size_t i = 0; i < items.count; i++) {
        int64_t changed;
        /* One whose subject is queued anew stays dead. */
        if (!db_exec(tx,
                     DB_SAME(AGAIN
                             " AND state = 3 AND NOT EXISTS (SELECT 1 FROM jobs o"
                             " WHERE o.subject = jobs.subject AND o.subject <> ''"
                             " AND o.type = jobs.type AND o.state IN (0, 1, 5, 6)"
                             " AND coalesce(o.workspace, '') = coalesce(jobs.workspace, ''))"),
                     DB_ARGS(db_text(ids[i]), db_int(now)), &changed, err) ||
            (changed && !count_again(tx, ids[i], err)))
            return false;
        *count_r += changed;
    }
    return event_tell(tx, scope->workspace, EVENT_job, STR_NONE, STR_NONE, err);
}

/* --- Remove -------------------------------------------------------------------------- */

bool jobs_store_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("DELETE FROM jobs WHERE id = $1 AND state IN (2, 3, 4) AND" SEEN(2, 3)),
                 DB_ARGS(db_text(id), SCOPE_ARGS(scope)), &changed, err))
        return false;
    if (!changed)
        return fail_state(tx, scope, id, "removed", err);
    return event_tell(tx, scope->workspace, EVENT_job, id, STR_NONE, err);
}

bool jobs_store_remove_dead(DbTx *tx, const Scope *scope, Str type, int64_t limit, int64_t *count_r,
                            Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM jobs WHERE id IN (" DEAD ")"),
                   DB_ARGS(SCOPE_ARGS(scope), db_text(type), db_int(limit)), count_r, err) &&
           event_tell(tx, scope->workspace, EVENT_job, STR_NONE, STR_NONE, err);
}

/* --- Results ------------------------------------------------------------------------- */

bool jobs_store_set_result(DbTx *tx, const Scope *scope, Str id, Str json, int64_t now, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO job_results (workspace, job, result, created_at)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT (job) DO UPDATE SET"
                " result = excluded.result, created_at = excluded.created_at"
                " WHERE coalesce(job_results.workspace, '') = coalesce(excluded.workspace, '')"),
        DB_ARGS(db_text_or_null(scope->workspace), db_text(id), db_text(json), db_int(now)), NULL,
        err);
}

bool jobs_store_result(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str *json_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT result FROM job_results WHERE job = $1 AND" SEEN(2, 3)),
                  DB_ARGS(db_text(id), SCOPE_ARGS(scope)), sql_read_text, sizeof(Str), &items, err))
        return false;
    *json_r = items.count ? *(Str *)items.at : STR_NONE;
    return true;
}
