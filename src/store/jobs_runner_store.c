/* jobs_runner_store.c - the part of jobs_store.h that is for the runner of the queue. */
#include "store/jobs_store.h"

#include "base/json.h"
#include "store/jobs_store_row.h"
#include "store/sql.h"

/* Rows of one statement: delayed jobs that become due, jobs deleted. */
#define PROMOTE_MAX 1000
#define NEWS_COLUMNS 7
#define SUMS_KEPT_MS INT64_C(86400000)
/* Attempts after which a job that was running when its process ended is taken for the reason. */
#define INTERRUPTED_MAX 250

/* A handler's transaction holds its job's row (jobs_store_hold) and may wait for that of the
 * parent. A round holds rows of parents: so it passes over running ones that somebody holds. They
 * are alive, and the next round comes. */

bool jobs_store_progress(DbTx *tx, const Scope *scope, const JobNews *news, size_t count,
                         Error *err)
{
#define NEWS                                                                                       \
    "UPDATE jobs SET stage = $3, stage_at = $4, done = $5, total = $6, stage_done = $7 WHERE "
#define OURS "id = $1 AND state = 1 AND token = $2"
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
                        DB_SQL(NEWS OURS, NEWS "id = (SELECT id FROM jobs WHERE " OURS
                                               " FOR UPDATE SKIP LOCKED)"),
                        values, NEWS_COLUMNS, count, err);
#undef OURS
#undef NEWS
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
#define EXTEND "UPDATE jobs SET lease_until = lease_ms + $2 WHERE "
#define HELD "state = 1 AND owner = $1"
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !db_exec(tx,
                 DB_SQL(EXTEND HELD, EXTEND "ctid = ANY(ARRAY(SELECT ctid FROM jobs WHERE " HELD
                                            " FOR UPDATE SKIP LOCKED))"),
                 DB_ARGS(db_text(owner), db_int(now)), NULL, err) ||
        !sql_list(tx, arena, DB_SAME("SELECT id, token, is_cancelled FROM jobs WHERE " HELD),
                  DB_ARGS(db_text(owner)), read_held, sizeof(JobHeld), &items, err))
        return false;
#undef HELD
#undef EXTEND
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

/* Rows of a lease that is over: their states and parents. The lines of those that wait again are
 * found by whoever keeps time. */
static bool end_lost(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                     int64_t now, int64_t *count_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    JobEnds ends = { 0 };
    JobLines woken = { 0 };
    DbStep step;

    if (!db_query(tx, sql, args, count, &rows, err))
        return false;
    *count_r = 0;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        ++*count_r;
        if (db_get_int(&rows, 0) != JOB_WAITING)
            job_end_add(arena, &ends, db_get_text(&rows, 1, arena), false);
    }
    return step == DB_END && job_ends_tell(tx, arena, &ends, now, &woken, err);
}

bool jobs_store_recover(DbTx *tx, const Scope *scope, Arena *arena, int64_t now, int64_t *count_r,
                        Error *err)
{
#define RECOVER                                                                                    \
    "UPDATE jobs SET state = CASE WHEN is_cancelled = 1 THEN 4"                                    \
    " WHEN attempt >= attempt_max THEN 3 ELSE 0 END,"                                              \
    " finished_at = CASE WHEN is_cancelled = 1 OR attempt >= attempt_max THEN $1 ELSE 0 END,"      \
    " error_code = 'internal', error = 'the process that ran it ended or hung' WHERE "
#define LOST "state = 1 AND lease_until < $1"
#define ENDED " RETURNING state, parent"
    return sql_needs_system(scope, err) &&
           end_lost(tx, arena,
                    DB_SQL(RECOVER LOST ENDED,
                           RECOVER "ctid = ANY(ARRAY(SELECT ctid FROM jobs WHERE " LOST
                                   " FOR UPDATE SKIP LOCKED))" ENDED),
                    DB_ARGS(db_int(now)), now, count_r, err);
#undef ENDED
#undef LOST
#undef RECOVER
}

bool jobs_store_release(DbTx *tx, const Scope *scope, Arena *arena, Str owner, int64_t now,
                        int64_t *count_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           end_lost(tx, arena,
                    DB_SAME("UPDATE jobs SET state = CASE WHEN is_cancelled = 1 THEN 4"
                            " WHEN attempt >= $3 THEN 3 ELSE 0 END,"
                            " finished_at = CASE WHEN is_cancelled = 1 OR attempt >= $3"
                            " THEN $2 ELSE 0 END, lease_until = 0, error_code = 'internal',"
                            " error = 'the process that ran it ended'"
                            " WHERE state = 1 AND owner = $1 RETURNING state, parent"),
                    DB_ARGS(db_text(owner), db_int(now), db_int(INTERRUPTED_MAX)), now, count_r,
                    err);
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

#define NEXT_DUE "(SELECT coalesce(min(run_at), 9223372036854775807) FROM jobs WHERE state = 5)"
#define NEXT_TICK                                                                                  \
    "(SELECT coalesce(min(next_at), 9223372036854775807) FROM schedules WHERE is_paused = 0)"
#define WAITS "EXISTS (SELECT 1 FROM jobs WHERE state = 0)"
#define LOST "EXISTS (SELECT 1 FROM jobs WHERE state = 1 AND lease_until < "

static void read_look(DbRows *row, Arena *arena, void *item)
{
    (void)arena;
    *(JobsLook *)item = (JobsLook){ .due_at_ms = db_get_int(row, 0),
                                    .tick_at_ms = db_get_int(row, 1),
                                    .has_waiting = db_get_int(row, 2) != 0,
                                    .has_lost = db_get_int(row, 3) != 0 };
}

bool jobs_store_look(DbTx *tx, const Scope *scope, int64_t now, JobsLook *look_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_find(tx, NULL,
                    DB_SAME("SELECT " NEXT_DUE ", " NEXT_TICK ", CASE WHEN " WAITS
                            " THEN 1 ELSE 0 END, CASE WHEN " LOST "$1) THEN 1 ELSE 0 END"),
                    DB_ARGS(db_int(now)), read_look, look_r, "look at", S("the jobs"), err);
}

/* Only PostgreSQL asks it, by its own clock. */
const char jobs_store_watch[] =
    "SELECT " NEXT_DUE " || ' ' || " NEXT_TICK " || ' ' || CASE WHEN " WAITS " OR " LOST
    "extract(epoch FROM clock_timestamp()) * 1000) THEN 1 ELSE 0 END";

bool jobs_watch_read(Str text, JobsLook *look_r)
{
    Str due, tick;
    *look_r = (JobsLook){ .has_waiting = str_ends(text, S(" 1")) };
    return str_next(&text, ' ', &due) && str_next(&text, ' ', &tick) &&
           str_to_int(due, 0, INT64_MAX, &look_r->due_at_ms) &&
           str_to_int(tick, 0, INT64_MAX, &look_r->tick_at_ms);
}

#undef NEXT_DUE
#undef NEXT_TICK
#undef WAITS
#undef LOST

/* --- Purging ------------------------------------------------------------------------- */

/* Ids begin with their time (RFC 9562), and a job is not finished before it is made: so old
 * finished jobs are at the beginning of the key. */
static Str id_of_time(Arena *arena, int64_t time_ms)
{
    return str_format(arena, "%08" PRIx64 "-%04" PRIx64, (uint64_t)time_ms >> 16,
                      (uint64_t)time_ms & 0xffff);
}

static bool purge_jobs(DbTx *tx, Arena *arena, const JobKeeping *one, const Str *others,
                       size_t other_count, int64_t limit, int64_t *count_r, Error *err)
{
#define OLD(types)                                                                                 \
    "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE id < $1"                              \
    " AND ((state IN (2, 4) AND finished_at < $2) OR (state = 3 AND finished_at < $3)) AND " types \
    " ORDER BY id LIMIT $4)"
    int64_t newest = MAX(one->done_before_ms, one->dead_before_ms);
    return db_exec(
        tx,
        one->type.length ? DB_SAME(OLD("type = $5"))
                         : DB_SQL(OLD("type NOT IN (SELECT value FROM json_each($5))"),
                                  OLD("type <> ALL(ARRAY(SELECT"
                                      " json_array_elements_text($5::json)))")),
        DB_ARGS(db_text(id_of_time(arena, newest)), db_int(one->done_before_ms),
                db_int(one->dead_before_ms), db_int(limit),
                one->type.length ? db_text(one->type) : sql_texts(arena, others, other_count)),
        count_r, err);
#undef OLD
}

/* What hangs on jobs is small and looked for by its own age. */
static bool purge_rest(DbTx *tx, const JobKeeping *all, int64_t now, int64_t limit, int64_t *count,
                       Error *err)
{
    const struct {
        const char *sql;
        int64_t before;
    } rows[] = {
        { "DELETE FROM job_results WHERE job IN (SELECT r.job FROM job_results r"
          " WHERE r.created_at < $1 AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = r.job)"
          " LIMIT $2)",
          all->done_before_ms },
        { "DELETE FROM job_keys WHERE job IN (SELECT job FROM job_keys WHERE expires_at < $1"
          " LIMIT $2) AND expires_at < $1",
          now },
        { "DELETE FROM job_minutes WHERE minute IN (SELECT minute FROM job_minutes"
          " WHERE minute < $1 LIMIT $2)",
          now - SUMS_KEPT_MS },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t removed;
        if (!db_exec(tx, DB_SAME(rows[i].sql), DB_ARGS(db_int(rows[i].before), db_int(limit)),
                     &removed, err))
            return false;
        *count = MAX(*count, removed);
    }
    return true;
}

bool jobs_store_purge(DbTx *tx, const Scope *scope, Arena *arena, const JobKeeping *keeping,
                      size_t count, int64_t now, int64_t limit, int64_t *count_r, Error *err)
{
    Str *named = arena_new_array(arena, Str, count);

    if (!sql_needs_system(scope, err))
        return false;
    *count_r = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t removed;
        named[i] = keeping[i].type;
        if (!purge_jobs(tx, arena, &keeping[i], named, i, limit, &removed, err))
            return false;
        *count_r = MAX(*count_r, removed);
    }
    return purge_rest(tx, &keeping[count - 1], now, limit, count_r, err);
}

/* --- Rates --------------------------------------------------------------------------- */

/* Tokens flow in as time passes, up to those of one span. */
bool jobs_store_rate(DbTx *tx, const Scope *scope, const JobRate *rate, int64_t wanted, int64_t now,
                     int64_t *allowed_r, int64_t *next_ms_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    double a_token_ms = (double)rate->time_ms / (double)rate->count;

    if (!sql_needs_system(scope, err) ||
        !db_query(tx,
                  DB_SAME("INSERT INTO job_rates (type, tokens, at) VALUES ($1, $2, $3)"
                          " ON CONFLICT (type) DO UPDATE SET tokens ="
                          " CASE WHEN excluded.at <= job_rates.at THEN job_rates.tokens"
                          " WHEN job_rates.tokens + (excluded.at - job_rates.at) / $4 > $2 THEN $2"
                          " ELSE job_rates.tokens + (excluded.at - job_rates.at) / $4 END,"
                          " at = CASE WHEN excluded.at > job_rates.at OR"
                          " excluded.at < job_rates.at - 60000 THEN excluded.at"
                          " ELSE job_rates.at END RETURNING tokens"),
                  DB_ARGS(db_text(rate->type), db_real((double)rate->count), db_int(now),
                          db_real(a_token_ms)),
                  &rows, err) ||
        db_next(&rows, err) != DB_ROW)
        return false;
    double tokens = db_get_real(&rows, 0);
    *allowed_r = MIN(wanted, (int64_t)MAX(tokens, 0));
    *next_ms_r = now + (int64_t)((1 - (tokens - (double)*allowed_r)) * a_token_ms) + 1;
    return true;
}

bool jobs_store_rate_used(DbTx *tx, const Scope *scope, Str type, int64_t count, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("UPDATE job_rates SET tokens = tokens - $2 WHERE type = $1"),
                   DB_ARGS(db_text(type), db_real((double)count)), NULL, err);
}

/* --- Sums ---------------------------------------------------------------------------- */

static Str sums_text(Arena *arena, const JobSum *sums, size_t count)
{
    Buf text = buf_new(arena, MB(1));
    JsonWriter json = put_begin_array(&text);
    for (size_t i = 0; i < count; i++) {
        put_object(&json, NULL);
        put_text_or_null(&json, "workspace", sums[i].workspace);
        put_text(&json, "type", sums[i].type);
        put_int(&json, "done", sums[i].done);
        put_int(&json, "failed", sums[i].failed);
        put_int(&json, "dead", sums[i].dead);
        put_int(&json, "run_ms", sums[i].run_ms);
        put_int(&json, "wait_ms", sums[i].wait_ms);
        put_end(&json);
    }
    put_end(&json);
    return buf_str(&text);
}

bool jobs_store_add_sums(DbTx *tx, const Scope *scope, const JobSum *sums, size_t count,
                         int64_t now, Error *err)
{
#define ADD                                                                                        \
    "INSERT INTO job_minutes (workspace, type, minute, done, failed, dead, run_ms, wait_ms)"       \
    " SELECT s.workspace, s.type, $2, s.done, s.failed, s.dead, s.run_ms, s.wait_ms FROM "
/* A workspace that is gone by now has no sums. */
#define TO_WHAT_IS_THERE                                                                           \
    " AS s WHERE s.workspace IS NULL OR EXISTS (SELECT 1 FROM workspaces WHERE id = s.workspace)"  \
    " ON CONFLICT (coalesce(workspace, ''), type, minute) DO UPDATE SET"                           \
    " done = job_minutes.done + excluded.done, failed = job_minutes.failed + excluded.failed,"     \
    " dead = job_minutes.dead + excluded.dead, run_ms = job_minutes.run_ms + excluded.run_ms,"     \
    " wait_ms = job_minutes.wait_ms + excluded.wait_ms"
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SQL(ADD
                          "(SELECT value ->> 'workspace' AS workspace, value ->> 'type' AS type,"
                          " value ->> 'done' AS done, value ->> 'failed' AS failed,"
                          " value ->> 'dead' AS dead, value ->> 'run_ms' AS run_ms,"
                          " value ->> 'wait_ms' AS wait_ms FROM json_each($1))" TO_WHAT_IS_THERE,
                          ADD "(SELECT * FROM json_to_recordset($1::json) AS r(workspace text,"
                              " type text, done bigint, failed bigint, dead bigint, run_ms bigint,"
                              " wait_ms bigint))" TO_WHAT_IS_THERE),
                   DB_ARGS(db_text(sums_text(arena, sums, count)), db_int(now - now % 60000)), NULL,
                   err);
#undef ADD
#undef TO_WHAT_IS_THERE
}
