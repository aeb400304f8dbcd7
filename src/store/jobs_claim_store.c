/* jobs_claim_store.c - the part of jobs_store.h that claims jobs and writes what becomes of them.
 */
#include "base/map.h"
#include "store/jobs_store_row.h"
#include "store/sql.h"

#define LINES_MAX 1000

/* --- Lines --------------------------------------------------------------------------- */

static void read_line(DbRows *row, Arena *arena, void *item)
{
    *(JobLine *)item = (JobLine){ db_get_text(row, 0, arena), db_get_text(row, 1, arena) };
}

/* From line to line by the index, however many jobs wait in each. */
static bool next_line(DbTx *tx, Arena *arena, const JobLine *last, JobLine *next_r, Error *err)
{
#define LINE "SELECT type, line FROM jobs WHERE state = 0 AND "
    SqlItems items = { 0 };

    if (last->type.length &&
        !sql_list(tx, arena, DB_SAME(LINE "type = $1 AND line > $2 ORDER BY line LIMIT 1"),
                  DB_ARGS(db_text(last->type), db_text(last->workspace)), read_line,
                  sizeof(JobLine), &items, err))
        return false;
    if (!items.count &&
        !sql_list(tx, arena, DB_SAME(LINE "type > $1 ORDER BY type, line LIMIT 1"),
                  DB_ARGS(db_text(last->type)), read_line, sizeof(JobLine), &items, err))
        return false;
#undef LINE
    *next_r = items.count ? *(JobLine *)items.at : (JobLine){ 0 };
    return true;
}

bool jobs_store_lines(DbTx *tx, const Scope *scope, Arena *arena, JobLines *lines_r, Error *err)
{
    JobLine line = { 0 };

    if (!sql_needs_system(scope, err))
        return false;
    *lines_r = (JobLines){ 0 };
    while (lines_r->count < LINES_MAX) {
        if (!next_line(tx, arena, &line, &line, err))
            return false;
        if (!line.type.length)
            break;
        *vec_push(arena, lines_r) = line;
    }
    return true;
}

/* --- Claiming ------------------------------------------------------------------------ */

/* What a runner needs of a row. */
#define CLAIMED                                                                                    \
    " RETURNING id, subject, payload, rank, attempt, attempt_max, token, user_id, children,"       \
    " children_failed, run_at, trace, api_key"
#define CLAIM_SET                                                                                  \
    "UPDATE jobs SET state = 1, attempt = attempt + 1, token = token + 1, owner = $3,"             \
    " lease_ms = $4, lease_until = $5, started_at = $6, stage = '', stage_at = $6, done = 0,"      \
    " stage_done = 0, total = 0, is_cancelled = 0, is_wanted_again = 0, attempt_max ="             \
    " CASE WHEN attempt_max = 0 THEN $8 ELSE attempt_max END WHERE "
#define CLAIM_FROM                                                                                 \
    " FROM jobs WHERE state = 0 AND type = $1 AND line = $2"                                       \
    " AND (rank, id) >= ($9, $10) ORDER BY rank, id LIMIT $7"

static int by_priority(const void *a, const void *b)
{
    const JobRow *left = a, *right = b;
    return left->priority != right->priority ? right->priority - left->priority
                                             : str_compare(left->id, right->id);
}

static void read_claimed(DbRows *row, Arena *arena, void *item)
{
    *(JobRow *)item = (JobRow){
        .id = db_get_text(row, 0, arena),
        .subject = db_get_text(row, 1, arena),
        .payload = db_get_text(row, 2, arena),
        .state = JOB_RUNNING,
        .priority = JOB_PRIORITY_MAX - (int)db_get_int(row, 3),
        .attempt = (int)db_get_int(row, 4),
        .attempt_max = (int)db_get_int(row, 5),
        .token = db_get_int(row, 6),
        .user = db_get_text(row, 7, arena),
        .children = db_get_int(row, 8),
        .children_failed = db_get_int(row, 9),
        .run_at_ms = db_get_int(row, 10),
        .trace = db_get_text(row, 11, arena),
        .api_key = db_get_text(row, 12, arena),
    };
}

/* In PostgreSQL the rows that were locked are found by their places, whatever the statistics say;
 * nobody can move them meanwhile. */
bool jobs_store_claim(DbTx *tx, const Scope *scope, Arena *arena, const JobClaim *claim,
                      int64_t now, JobRowList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SQL(CLAIM_SET "id IN (SELECT id" CLAIM_FROM ")" CLAIMED,
                         CLAIM_SET "ctid = ANY(ARRAY(SELECT ctid" CLAIM_FROM
                                   " FOR UPDATE SKIP LOCKED))" CLAIMED),
                  DB_ARGS(db_text(claim->type), db_text(claim->workspace), db_text(claim->owner),
                          db_int(claim->lease_ms), db_int(now + claim->lease_ms), db_int(now),
                          db_int(claim->limit), db_int(claim->attempt_max),
                          db_int(claim->from_rank), db_text(claim->from_id)),
                  read_claimed, sizeof(JobRow), &items, err))
        return false;
    *list_r = (JobRowList){ .at = items.at, .count = items.count };
    for (size_t i = 0; i < items.count; i++) {
        list_r->at[i].type = claim->type;
        list_r->at[i].workspace = claim->workspace;
    }
    if (items.count)
        qsort(items.at, items.count, sizeof(JobRow), by_priority);
    return true;
}

/* --- Outcomes ------------------------------------------------------------------------ */

/* Done while it was wanted again: it waits once more, as new. "state + 0" keeps PostgreSQL from
 * walking over all that run, each compared with the whole list. */
#define DONE_SET                                                                                   \
    "UPDATE jobs SET state = CASE WHEN is_wanted_again = 1 THEN 0 ELSE 2 END,"                     \
    " attempt = CASE WHEN is_wanted_again = 1 THEN 0 ELSE attempt END,"                            \
    " finished_at = CASE WHEN is_wanted_again = 1 THEN 0 ELSE $3 END,"                             \
    " error_code = '', error = '', lease_until = 0, is_wanted_again = 0"                           \
    " WHERE state + 0 = 1 AND token = $2 AND id "
#define DONE_GONE                                                                                  \
    "DELETE FROM jobs WHERE state + 0 = 1 AND token = $2 AND $3 = $3 AND is_wanted_again = 0 AND " \
    "id "
#define ENDED " RETURNING id, parent, state, type, line"
#define AMONG_SQLITE "IN (SELECT value FROM json_each($1))"
#define AMONG_POSTGRES "= ANY(ARRAY(SELECT json_array_elements_text($1::json)))"

typedef struct Finishing {
    DbTx *tx;
    Arena *arena;
    const JobOutcome *outcomes;
    size_t count;
    int64_t now_ms;
    bool *is_open; /* not written yet */
    Map finished;
    JobEnds ends;
    JobLines *woken;
} Finishing;

/* Rows of ENDED. */
static bool take_ended(Finishing *finishing, DbRows *rows, bool was_removed, Error *err)
{
    Arena *arena = finishing->arena;
    DbStep step;

    while ((step = db_next(rows, err)) == DB_ROW) {
        JobState state = was_removed ? JOB_DONE : (JobState)db_get_int(rows, 2);
        (void)map_add(&finishing->finished, db_get_text(rows, 0, arena), NULL);
        if (state == JOB_WAITING)
            job_line_add(arena, finishing->woken, db_get_text(rows, 3, arena),
                         db_get_text(rows, 4, arena));
        else if (state == JOB_DONE || state == JOB_DEAD || state == JOB_CANCELLED)
            job_end_add(arena, &finishing->ends, db_get_text(rows, 1, arena), state == JOB_DONE);
    }
    return step == DB_END;
}

static bool write_done(Finishing *finishing, DbSql sql, const Str *ids, size_t count, int64_t token,
                       bool removes, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    return db_query(finishing->tx, sql,
                    DB_ARGS(sql_texts(finishing->arena, ids, count), db_int(token),
                            db_int(finishing->now_ms)),
                    &rows, err) &&
           take_ended(finishing, &rows, removes, err);
}

/* Those that are not forgotten, and of the others those that are wanted again. */
static bool mark_done(Finishing *finishing, Str *ids, size_t count, int64_t token, Error *err)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (!map_find(&finishing->finished, ids[i]))
            ids[left++] = ids[i];
    return !left ||
           write_done(finishing, DB_SQL(DONE_SET AMONG_SQLITE ENDED, DONE_SET AMONG_POSTGRES ENDED),
                      ids, left, token, false, err);
}

/* Marks all that are done and have the same token as the first: nearly all do, because most jobs
 * succeed at once. So hundreds of jobs are one statement, which finds its rows by key. */
static bool finish_done(Finishing *finishing, size_t first, Error *err)
{
    const JobOutcome *like = &finishing->outcomes[first];
    Str *ids = arena_new_array(finishing->arena, Str, finishing->count);
    size_t count = 0;

    for (size_t i = first; i < finishing->count; i++) {
        const JobOutcome *outcome = &finishing->outcomes[i];
        if (outcome->state != JOB_DONE || outcome->token != like->token ||
            outcome->is_forgotten != like->is_forgotten)
            continue;
        ids[count++] = outcome->id;
        finishing->is_open[i] = false;
    }
    return (!like->is_forgotten ||
            write_done(finishing,
                       DB_SQL(DONE_GONE AMONG_SQLITE ENDED, DONE_GONE AMONG_POSTGRES ENDED), ids,
                       count, like->token, true, err)) &&
           mark_done(finishing, ids, count, like->token, err);
}

/* One that failed, is given back or waits for its children. A cancelled job does not wait again. */
static bool finish_other(Finishing *finishing, const JobOutcome *outcome, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };

    return db_query(finishing->tx,
                    DB_SAME("UPDATE jobs SET"
                            " state = CASE WHEN is_cancelled = 1 AND $3 IN (0, 5, 6) THEN 4"
                            " WHEN $3 = 6 AND children_left = 0 THEN 0 ELSE $3 END,"
                            " run_at = CASE WHEN $3 = 5 THEN $4 ELSE run_at END,"
                            " attempt = attempt - $5,"
                            " finished_at = CASE WHEN is_cancelled = 0 AND $3 IN (0, 5, 6)"
                            " THEN 0 ELSE $6 END,"
                            " error_code = $7, error = $8, lease_until = 0, is_wanted_again = 0"
                            " WHERE id = $1 AND state = 1 AND token = $2" ENDED),
                    DB_ARGS(db_text(outcome->id), db_int(outcome->token), db_int(outcome->state),
                            db_int(outcome->run_at_ms), db_int(outcome->keeps_attempt),
                            db_int(finishing->now_ms), db_text(outcome->error_code),
                            db_text(outcome->error)),
                    &rows, err) &&
           take_ended(finishing, &rows, false, err);
}

bool jobs_store_finish(DbTx *tx, const Scope *scope, Arena *arena, const JobOutcome *outcomes,
                       size_t count, int64_t now, bool *is_stale, JobLines *woken, Error *err)
{
    Finishing finishing = { .tx = tx,
                            .arena = arena,
                            .outcomes = outcomes,
                            .count = count,
                            .now_ms = now,
                            .is_open = arena_new_array(arena, bool, count + 1),
                            .finished = map_new(arena),
                            .woken = woken };

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
    return job_ends_tell(tx, arena, &finishing.ends, now, woken, err);
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

bool jobs_store_done(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t token,
                     int64_t total, int64_t now, JobLines *woken, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    Finishing finishing = { .arena = arena, .finished = map_new(arena), .woken = woken };

    return db_exec(tx,
                   DB_SAME("UPDATE jobs SET done = $3, total = $3 WHERE id = $1 AND state = 1"
                           " AND token = $2 AND (workspace = $4 OR $5 = 1)"),
                   DB_ARGS(db_text(id), db_int(token), db_int(total), db_text(scope->workspace),
                           db_int(scope->is_system)),
                   NULL, err) &&
           db_query(tx, DB_SAME(DONE_SET "= $1 AND (workspace = $4 OR $5 = 1)" ENDED),
                    DB_ARGS(db_text(id), db_int(token), db_int(now), db_text(scope->workspace),
                            db_int(scope->is_system)),
                    &rows, err) &&
           take_ended(&finishing, &rows, false, err) &&
           job_ends_tell(tx, arena, &finishing.ends, now, woken, err);
}
