/* jobs_store.c - the part of jobs_store.h that is for everybody: add, find, list, count. */
#include "store/jobs_store.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "base/trace.h"
#include "store/document_access_sql.h"
#include "store/jobs_store_row.h"
#include "store/sql.h"

#define SUBJECTS_MAX 1000
#define TITLE_MAX 300 /* bytes that are kept of it */
#define OPEN_MAX 200
#define KEY_MAX 200
#define KEY_MS INT64_C(86400000)

static const struct {
    JobState state;
    const char *name;
} states[] = {
    { JOB_WAITING, "waiting" }, { JOB_DELAYED, "waiting" }, { JOB_RUNNING, "running" },
    { JOB_DONE, "done" },       { JOB_DEAD, "dead" },       { JOB_CANCELLED, "cancelled" },
    { JOB_HELD, "held" },
};

const char *job_state_name(JobState state)
{
    for (size_t i = 0; i < COUNT(states); i++)
        if (states[i].state == state)
            return states[i].name;
    return "unknown";
}

bool job_state_named(Str name, JobState *state_r)
{
    for (size_t i = 0; i < COUNT(states); i++)
        if (str_is(name, states[i].name)) {
            *state_r = states[i].state;
            return true;
        }
    return false;
}

void job_row_read(DbRows *row, Arena *arena, void *item)
{
    *(JobRow *)item = (JobRow){
        .id = db_get_text(row, 0, arena),
        .workspace = db_get_text(row, 1, arena),
        .type = db_get_text(row, 2, arena),
        .subject = db_get_text(row, 3, arena),
        .payload = db_get_text(row, 4, arena),
        .state = (JobState)db_get_int(row, 5),
        .priority = JOB_PRIORITY_MAX - (int)db_get_int(row, 6),
        .attempt = (int)db_get_int(row, 7),
        .attempt_max = (int)db_get_int(row, 8),
        .run_at_ms = db_get_int(row, 9),
        .token = db_get_int(row, 10),
        .is_cancelled = db_get_int(row, 11),
        .stage = db_get_text(row, 12, arena),
        .done = db_get_int(row, 13),
        .total = db_get_int(row, 14),
        .stage_at_ms = db_get_int(row, 15),
        .error_code = db_get_text(row, 16, arena),
        .error = db_get_text(row, 17, arena),
        .created_at_ms = db_get_int(row, 18),
        .started_at_ms = db_get_int(row, 19),
        .finished_at_ms = db_get_int(row, 20),
        .user = db_get_text(row, 21, arena),
        .title = db_get_text(row, 22, arena),
        .result = db_get_text(row, 23, arena),
        .stage_done = db_get_int(row, 24),
        .parent = db_get_text(row, 25, arena),
        .children = db_get_int(row, 26),
        .children_left = db_get_int(row, 27),
        .children_failed = db_get_int(row, 28),
    };
}

/* A system scope sees every row, any other those of its workspace: arguments n and n + 1. */
#define SEEN(n, m) " (workspace = $" #n " OR $" #m " = 1)"
#define SCOPE_ARGS(scope) db_text((scope)->workspace), db_int((scope)->is_system)

/* --- Adding -------------------------------------------------------------------------- */

/* What waits already is hurried when it is wanted sooner now. */
static const char add_sql[] =
    "INSERT INTO jobs (id, workspace, type, subject, payload, rank, state, run_at, attempt,"
    " attempt_max, owner, token, lease_ms, lease_until, is_cancelled, is_wanted_again, stage,"
    " stage_at, done, total, error_code, error, created_at, started_at, finished_at,"
    " user_id, title, result, parent, children_left, line, trace, api_key)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, '', 0, 0, 0, 0, 0, '', 0, 0, 0, '', '', $10,"
    " 0, 0, $12, $13, $14, $15, $16, $17, $18, $19)"
    " ON CONFLICT (coalesce(workspace, ''), type, subject)"
    " WHERE state IN (0, 1, 5, 6) AND subject <> ''"
    " DO UPDATE SET"
    " is_wanted_again = CASE WHEN jobs.state = 1 AND $11 = 1 THEN 1 ELSE jobs.is_wanted_again END,"
    " rank = CASE WHEN jobs.rank > excluded.rank THEN excluded.rank ELSE jobs.rank END,"
    " state = CASE WHEN jobs.state = 5 THEN excluded.state ELSE jobs.state END,"
    " run_at = CASE WHEN jobs.state = 5 THEN excluded.run_at ELSE jobs.run_at END"
    " RETURNING id";

/* What this thread works for: the job goes on with it. */
static Str trace_of(Arena *arena)
{
    const TraceContext *here = trace_here();
    Str parent = trace_text(here, (char[TRACE_TEXT_SIZE]){ 0 });
    if (!parent.length)
        return S("");
    return str_format(arena, STR_FMT "%s" STR_FMT, STR_ARG(parent), here->state.length ? " " : "",
                      STR_ARG(here->state));
}

static bool insert(DbTx *tx, const Scope *scope, Arena *arena, const NewJob *job, Str id, Str *id_r,
                   Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    int64_t now = now_ms();
    bool is_later = job->run_at_ms > now;
    JobState state = job->is_held ? JOB_HELD : is_later ? JOB_DELAYED : JOB_WAITING;

    if (!db_query(tx, DB_SAME(add_sql),
                  DB_ARGS(db_text(id), db_text_or_null(scope->workspace), db_text(job->type),
                          db_text(job->subject),
                          db_text(job->payload.length ? job->payload : S("{}")),
                          db_int(JOB_PRIORITY_MAX - job->priority), db_int(state),
                          db_int(is_later ? job->run_at_ms : now), db_int(job->attempt_max),
                          db_int(now), db_int(job->is_wanted_again), db_text(scope->user),
                          db_text(str_slice(job->title, 0, TITLE_MAX)), db_text(job->result),
                          db_text(job->parent), db_int(job->is_held), db_text(scope->workspace),
                          db_text(trace_of(arena)), db_text(scope->key)),
                  &rows, err) ||
        db_next(&rows, err) != DB_ROW)
        return false;
    *id_r = db_get_text(&rows, 0, arena);
    return true;
}

/* In PostgreSQL an INSERT that finds the job holds its row until the commit, and whoever else wants
 * the same waits for that. One that waits already and is hurried no more is only kept from being
 * begun before our commit, by as many as want it. STR_NONE: there is none. */
static bool share_waiting(DbTx *tx, const Scope *scope, Arena *arena, const NewJob *job, Str *id_r,
                          Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    *id_r = STR_NONE;
    if (db_tx_kind(tx) != DB_POSTGRES || !job->is_wanted_again)
        return true;
    if (!db_query(tx,
                  DB_SAME("SELECT id FROM jobs WHERE coalesce(workspace, '') = $1 AND type = $2"
                          " AND subject = $3 AND subject <> '' AND state = 0 AND rank <= $4"
                          " FOR SHARE"),
                  DB_ARGS(db_text(scope->workspace), db_text(job->type), db_text(job->subject),
                          db_int(JOB_PRIORITY_MAX - job->priority)),
                  &rows, err))
        return false;
    DbStep step = db_next(&rows, err);
    if (step == DB_ROW)
        *id_r = db_get_text(&rows, 0, arena);
    return step != DB_FAILED;
}

static bool count_child(DbTx *tx, const Scope *scope, Str parent, Error *err)
{
    int64_t changed;
    if (!db_exec(tx,
                 DB_SAME("UPDATE jobs SET children = children + 1,"
                         " children_left = children_left + 1"
                         " WHERE id = $1 AND state IN (0, 1, 5, 6) AND" SEEN(2, 3)),
                 DB_ARGS(db_text(parent), SCOPE_ARGS(scope)), &changed, err))
        return false;
    return changed ||
           fail(err, ERROR_CONFLICT,
                "the job '" STR_FMT "' is over, so it can have no more children", STR_ARG(parent));
}

/* --- Keys ---------------------------------------------------------------------------- */

static Str fingerprint(Arena *arena, const NewJob *job)
{
    Str parts[] = { job->type, job->subject, job->payload };
    return sha256_hex(arena, str_join(arena, parts, COUNT(parts), S("\n")));
}

/* Whoever inserts the key has it; one whose time is over is anybody's. *first_r: the job that has
 * it, empty when that is the new one. */
static bool take_key(DbTx *tx, const Scope *scope, Arena *arena, const NewJob *job, Str id,
                     Str *first_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    int64_t now = now_ms();
    Str print = fingerprint(arena, job);

    if (job->key.length > KEY_MAX)
        return fail_field(err, "key", "a key has at most %d bytes", KEY_MAX);
    if (!db_query(tx,
                  DB_SAME("INSERT INTO job_keys (workspace, key, job, fingerprint, expires_at)"
                          " VALUES ($1, $2, $3, $4, $5)"
                          " ON CONFLICT (coalesce(workspace, ''), key) DO UPDATE SET"
                          " job = CASE WHEN job_keys.expires_at < $6 THEN excluded.job"
                          " ELSE job_keys.job END,"
                          " fingerprint = CASE WHEN job_keys.expires_at < $6"
                          " THEN excluded.fingerprint ELSE job_keys.fingerprint END,"
                          " expires_at = CASE WHEN job_keys.expires_at < $6"
                          " THEN excluded.expires_at ELSE job_keys.expires_at END"
                          " RETURNING job, fingerprint"),
                  DB_ARGS(db_text_or_null(scope->workspace), db_text(job->key), db_text(id),
                          db_text(print), db_int(now + (job->key_ms ? job->key_ms : KEY_MS)),
                          db_int(now)),
                  &rows, err) ||
        db_next(&rows, err) != DB_ROW)
        return false;
    Str first = db_get_text(&rows, 0, arena);
    if (!str_equal(db_get_text(&rows, 1, arena), print))
        return fail(err, ERROR_CONFLICT,
                    "the key '" STR_FMT "' was used for another job; use a new one",
                    STR_ARG(job->key));
    *first_r = str_equal(first, id) ? STR_NONE : first;
    return true;
}

bool jobs_store_add(DbTx *tx, const Scope *scope, Arena *arena, const NewJob *job, Str *id_r,
                    bool *is_new_r, Error *err)
{
    Str id = id_new(arena), found = STR_NONE;

    if (!scope->workspace.length && !sql_needs_system(scope, err))
        return false;
    if (job->priority < 0 || job->priority > JOB_PRIORITY_MAX)
        return fail_field(err, "priority", "a priority is 0 to %d, not %d", JOB_PRIORITY_MAX,
                          job->priority);
    if (job->key.length && !take_key(tx, scope, arena, job, id, &found, err))
        return false;
    if (!found.length && !share_waiting(tx, scope, arena, job, &found, err))
        return false;
    if (found.length) {
        *id_r = found;
        *is_new_r = false;
        return true;
    }
    if (!insert(tx, scope, arena, job, id, &found, err))
        return false;
    bool is_new = str_equal(found, id);
    if (is_new && job->parent.length && !count_child(tx, scope, job->parent, err))
        return false;
    *id_r = found;
    *is_new_r = is_new;
    return true;
}

/* --- Finding ------------------------------------------------------------------------- */

bool jobs_store_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, JobRow *row_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME("SELECT " JOB_COLUMNS " FROM jobs WHERE id = $1 AND" SEEN(2, 3)),
                    DB_ARGS(db_text(id), SCOPE_ARGS(scope)), job_row_read, row_r, "job", id, err);
}

bool jobs_store_list(DbTx *tx, const Scope *scope, Arena *arena, const JobFilter *filter,
                     const Slice *slice, JobRowList *list_r, Error *err)
{
    static const char everywhere[] = "SELECT " JOB_COLUMNS " FROM jobs WHERE $1 = $1 ";
    static const char here[] = "SELECT " JOB_COLUMNS " FROM jobs WHERE workspace = $1 ";
#define REST                                                                                       \
    " AND ($2 < 0 OR state = $2 OR state = $3) AND ($4 = '' OR type = $4)"                         \
    " AND ($5 = '' OR id < $5) AND ($7 = '' OR parent = $7) ORDER BY id DESC LIMIT $6"
    Str after = slice ? slice->after : STR_NONE;
    int64_t limit = slice_limit(slice);
    int64_t state = filter->state ? (int64_t)*filter->state : -1;
    int64_t state_too = state == JOB_WAITING ? (int64_t)JOB_DELAYED : state;
    SqlItems items;

    Str sql = str_format(arena, "%s" REST, scope->is_system ? everywhere : here);
    if (!sql_list(tx, arena, DB_SAME(sql.at),
                  DB_ARGS(db_text(scope->workspace), db_int(state), db_int(state_too),
                          db_text(filter->type), db_text(after), db_int(limit + 1),
                          db_text(filter->parent)),
                  job_row_read, sizeof(JobRow), &items, err))
        return false;
#undef REST
    *list_r = (JobRowList){ .at = items.at, .count = items.count };
    if (list_r->count > (size_t)limit) {
        list_r->count = (size_t)limit;
        list_r->next = list_r->at[limit - 1].id;
    }
    return true;
}

bool jobs_store_of_subjects(DbTx *tx, const Scope *scope, Arena *arena, const Str *subjects,
                            size_t count, JobRowList *list_r, Error *err)
{
    SqlItems items;

    if (count > SUBJECTS_MAX)
        return fail(err, ERROR_INVALID, "%zu subjects; at most %d at once", count, SUBJECTS_MAX);
    if (!sql_list(tx, arena,
                  SQL_IN_TEXTS("SELECT " JOB_COLUMNS " FROM jobs WHERE" SEEN(
                                   2, 3) " AND state IN (0, 1, 5, 6) AND subject <> '' AND subject",
                               1, ""),
                  DB_ARGS(sql_texts(arena, subjects, count), SCOPE_ARGS(scope)), job_row_read,
                  sizeof(JobRow), &items, err))
        return false;
    *list_r = (JobRowList){ .at = items.at, .count = items.count };
    return true;
}

#define OPEN_FROM                                                                                  \
    " FROM jobs WHERE coalesce(workspace, '') = $1 AND state IN (0, 1, 5, 6) AND subject <> ''"

/* By workspace, type and state, as the index of subjects has them. */
bool jobs_store_list_open(DbTx *tx, const Scope *scope, Arena *arena, StrList types,
                          StrList own_types, JobRowList *list_r, Error *err)
{
    const char *open = db_tx_kind(tx) == DB_SQLITE
                           ? "SELECT " JOB_COLUMNS OPEN_FROM
                             " AND (type IN (SELECT value FROM json_each($2))"
                             " OR (type IN (SELECT value FROM json_each($3)) AND user_id = $4))"
                           : "SELECT " JOB_COLUMNS OPEN_FROM
                             " AND (type IN (SELECT json_array_elements_text($2::json))"
                             " OR (type IN (SELECT json_array_elements_text($3::json))"
                             " AND user_id = $4))";
    const SqlPart parts = { open, "jobs.subject", " ORDER BY id LIMIT $5" };
    SqlItems items;

    if (!access_list_named(tx, scope, arena, &parts,
                           DB_ARGS(db_text(scope->workspace),
                                   sql_texts(arena, types.at, types.count),
                                   sql_texts(arena, own_types.at, own_types.count),
                                   db_text(scope->user), db_int(OPEN_MAX)),
                           job_row_read, sizeof(JobRow), &items, err))
        return false;
    *list_r = (JobRowList){ .at = items.at, .count = items.count };
    return true;
}

/* With workspace and system in one condition no index would be of use. */
#define COUNTS(seen)                                                                               \
    "SELECT state, count(*), min(run_at) FROM jobs WHERE state IN (0, 1, 5, 6) AND " seen          \
    " GROUP BY state UNION ALL SELECT 3, count(*), 0 FROM jobs WHERE state = 3 AND " seen

bool jobs_store_count(DbTx *tx, const Scope *scope, JobCounts *counts_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    JobCounts counts = { 0 };
    DbStep step;

    if (!db_query(tx, DB_SAME(scope->is_system ? COUNTS("$1 = $1") : COUNTS("workspace = $1")),
                  DB_ARGS(db_text(scope->workspace)), &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        int64_t count = db_get_int(&rows, 1);
        switch (db_get_int(&rows, 0)) {
        case JOB_WAITING:
            counts.waiting = count;
            counts.oldest_waiting_ms = db_get_int(&rows, 2);
            break;
        case JOB_RUNNING: counts.running = count; break;
        case JOB_DELAYED: counts.delayed = count; break;
        case JOB_DEAD: counts.dead = count; break;
        case JOB_HELD: counts.held = count; break;
        default: break;
        }
    }
    if (step == DB_END)
        *counts_r = counts;
    return step == DB_END;
}

/* --- By type ------------------------------------------------------------------------- */

typedef struct TypeState {
    Str type;
    int state; /* -1: sums of minutes */
    int64_t numbers[5];
} TypeState;

static void read_type_state(DbRows *row, Arena *arena, void *item)
{
    TypeState *one = item;
    one->type = db_get_text(row, 0, arena);
    one->state = (int)db_get_int(row, 1);
    for (int i = 0; i < 5; i++)
        one->numbers[i] = db_get_int(row, 2 + i);
}

static JobTypeCounts *counts_of(JobTypeCountsList *list, Str type)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->at[i].type, type))
            return &list->at[i];
    list->at[list->count].type = type;
    return &list->at[list->count++];
}

static void add_state(JobTypeCounts *to, const TypeState *one)
{
    int64_t count = one->numbers[0];
    switch (one->state) {
    case JOB_WAITING:
        to->counts.waiting = count;
        to->counts.oldest_waiting_ms = one->numbers[1];
        break;
    case JOB_RUNNING: to->counts.running = count; break;
    case JOB_DELAYED: to->counts.delayed = count; break;
    case JOB_DEAD: to->counts.dead = count; break;
    case JOB_HELD: to->counts.held = count; break;
    default:
        to->done = one->numbers[0];
        to->failed = one->numbers[1];
        to->dead = one->numbers[2];
        to->run_ms = one->numbers[3];
        to->wait_ms = one->numbers[4];
    }
}

#define TYPE_COUNTS(seen)                                                                          \
    "SELECT type, state, count(*), min(run_at), 0, 0, 0 FROM jobs"                                 \
    " WHERE state IN (0, 1, 5, 6) AND " seen " GROUP BY type, state"                               \
    " UNION ALL SELECT type, 3, count(*), 0, 0, 0, 0 FROM jobs WHERE state = 3 AND " seen          \
    " GROUP BY type UNION ALL SELECT type, -1, sum(done), sum(failed), sum(dead), sum(run_ms),"    \
    " sum(wait_ms) FROM job_minutes WHERE minute >= $2 AND " seen " GROUP BY type ORDER BY 1, 2"

bool jobs_store_count_types(DbTx *tx, const Scope *scope, Arena *arena, int64_t since,
                            JobTypeCountsList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(
            tx, arena,
            DB_SAME(scope->is_system ? TYPE_COUNTS("$1 = $1") : TYPE_COUNTS("workspace = $1")),
            DB_ARGS(db_text(scope->workspace), db_int(since - since % 60000)), read_type_state,
            sizeof(TypeState), &items, err))
        return false;
    *list_r = (JobTypeCountsList){ arena_new_array(arena, JobTypeCounts, items.count + 1), 0 };
    for (size_t i = 0; i < items.count; i++) {
        const TypeState *one = (TypeState *)items.at + i;
        add_state(counts_of(list_r, one->type), one);
    }
    return true;
}
