/* connect_sync.c - the round over one connection, and which are due; see connect.h. */
#include "base/clock.h"
#include "base/log.h"
#include "connect/connect_int.h"
#include "notify/notify.h"

#define ITEMS_MAX_USUAL 10000
#define TAKEN_AT_ONCE 20
#define FAILURES_MAX 10 /* items in a row: the place itself is in trouble */
#define MINUTE_MS ((int64_t)60000)
#define DAY_MS (24 * 60 * MINUTE_MS)

int64_t connect_items_max(const ConnectRun *run)
{
    int64_t usual = run->connector->items_max ? run->connector->items_max : ITEMS_MAX_USUAL;
    return MIN(connect_number(run, "items_max", usual), (int64_t)CONNECTION_ITEMS_MAX);
}

bool connect_hold(DbTx *tx, const ConnectRun *run, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Connection now;
    if (!job_hold(tx, run->job, err) ||
        !connection_find(tx, run->scope, arena, run->connection.id, &now, err))
        return false;
    return now.round == run->connection.round ||
           fail(err, ERROR_CONFLICT, "the connection has changed meanwhile");
}

/* --- Listing --- */

typedef struct Listing {
    ConnectRun *run;
    ConnectPage page;
    Connection connection; /* as it will be */
} Listing;

static bool begin_work(DbTx *tx, void *argument, Error *err)
{
    Listing *work = argument;
    work->connection = work->run->connection;
    return job_hold(tx, work->run->job, err) &&
           connection_begin(tx, work->run->scope, &work->connection, err);
}

static bool page_work(DbTx *tx, void *argument, Error *err)
{
    Listing *work = argument;
    ConnectRun *run = work->run;
    int64_t seen = 0;
    work->connection = run->connection;
    if (!connect_hold(tx, run, err) ||
        (work->page.is_again && !connection_items_again(tx, run->scope, &run->connection, err)) ||
        !connection_items_found(tx, run->scope, run->arena, &run->connection,
                                work->page.found.all.at, work->page.found.all.count,
                                connect_items_max(run), err) ||
        !connection_items_busy(tx, run->scope, run->arena, &run->connection, work->page.busy.all.at,
                               work->page.busy.all.count, err) ||
        !connection_items_seen(tx, run->scope, &run->connection, &seen, err))
        return false;
    /* What was left out for want of room is not gone. */
    bool is_full = seen >= connect_items_max(run);
    return connection_page(tx, run->scope, &work->connection, work->page.cursor,
                           work->page.is_last || is_full, work->page.is_whole && !is_full, err);
}

/* The cursor outlives the part that it came with, and so does what the first part left out. */
static void keep(ConnectRun *run, const Listing *work)
{
    run->connection = work->connection;
    run->connection.cursor = str_copy(run->kept, work->connection.cursor);
    if (!run->left_out.length)
        run->left_out = str_copy(run->kept, work->page.left_out);
}

static bool list_all(ConnectRun *run, Error *err)
{
    Listing work = { .run = run };
    int64_t parts = 0;
    if (str_is(run->connection.phase, "idle")) {
        if (!store_write(run->options->db, run->scope, begin_work, &work, err))
            return false;
        keep(run, &work);
    }
    while (str_is(run->connection.phase, "listing")) {
        arena_reset(run->arena);
        work.page = (ConnectPage){ 0 };
        if (!job_progress(run->job, "listing", parts++, 0))
            return job_stopped(run->job, err);
        if (!run->connector->list(run, run->connection.cursor, &work.page, err) ||
            !store_write(run->options->db, run->scope, page_work, &work, err))
            return false;
        keep(run, &work);
    }
    return true;
}

/* --- Taking --- */

typedef struct Taking {
    ConnectRun *run;
    Arena *arena;
    ConnectionItemList list;
    int64_t counts[ITEM_STATE_COUNT];
} Taking;

static bool waiting_work(DbTx *tx, void *argument, Error *err)
{
    Taking *work = argument;
    const ConnectRun *run = work->run;
    return connection_items_waiting(tx, run->scope, work->arena, run->connection.id, TAKEN_AT_ONCE,
                                    &work->list, err) &&
           connection_item_counts(tx, run->scope, run->connection.id, work->counts, err);
}

static bool take_some(Taking *work, int64_t *done, int *failures, Error *err)
{
    ConnectRun *run = work->run;
    int64_t total = *done + work->counts[ITEM_waiting];
    for (size_t i = 0; i < work->list.count; i++) {
        bool is_failed = false;
        arena_reset(run->arena);
        if (!job_progress(run->job, "taking", (*done)++, total))
            return job_stopped(run->job, err);
        if (!connect_take(run, &work->list.at[i], &is_failed, err))
            return false;
        *failures = is_failed ? *failures + 1 : 0;
        if (*failures >= FAILURES_MAX)
            return fail(err, run->last_failure.code, "%d items in a row could not be taken: %s",
                        FAILURES_MAX, run->last_failure.message);
    }
    return true;
}

static bool take_all(ConnectRun *run, Error *err)
{
    Taking work = { .run = run };
    int64_t done = 0;
    int failures = 0;
    do {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        work.arena = arena;
        if (!store_read(run->options->db, run->scope, waiting_work, &work, err) ||
            !take_some(&work, &done, &failures, err))
            return false;
    } while (work.list.count);
    return !run->connection.is_whole || connect_take_away(run, err);
}

/* --- The end --- */

typedef struct Ending {
    ConnectRun *run;
    Error why; /* ERROR_NONE: it went well, and its message says what was left out */
} Ending;

/* No failure, as it would be the same in the next round; but people are told. */
static bool note_left_out(DbTx *tx, Ending *work, Error *err)
{
    const ConnectRun *run = work->run;
    int64_t seen = 0, most = connect_items_max(run);
    if (work->why.code != ERROR_NONE)
        return true;
    if (!connection_items_seen(tx, run->scope, &run->connection, &seen, err))
        return false;
    if (seen >= most)
        snprintf(work->why.message, sizeof work->why.message,
                 "%" PRId64 " items are what items_max allows: if there are more, they are left "
                 "out. Raise it, or choose a part of the place",
                 most);
    else
        snprintf(work->why.message, sizeof work->why.message, STR_FMT, STR_ARG(run->left_out));
    return true;
}

/* After each failure in a row twice as long, up to a day. */
static int64_t next_at(const ConnectRun *run, const Error *why)
{
    const Connection *connection = &run->connection;
    int64_t wait_ms = connection->every_minutes * MINUTE_MS;
    if (!wait_ms)
        return 0;
    if (why->code != ERROR_NONE)
        wait_ms = MAX(MIN(wait_ms << MIN(connection->failures + 1, (int64_t)12), DAY_MS), wait_ms);
    return now_ms() + wait_ms;
}

static bool tell(DbTx *tx, const Ending *work, Error *err)
{
    const ConnectRun *run = work->run;
    const NoticeField fields[] = {
        { "name", run->connection.name },
        { "error", str(work->why.message) },
    };
    const Notice notice = {
        .kind = NOTICE_connection_failed,
        .audience = ROLE_ADMIN,
        .dedup = str_format(run->kept, STR_FMT " %" PRId64, STR_ARG(run->connection.id),
                            run->connection.round),
        .fields = fields,
        .field_count = COUNT(fields),
    };
    return notify_send(tx, run->scope, run->kept, &notice, err);
}

/* One that goes on already is found again. */
static bool watch(DbTx *tx, const ConnectRun *run, Error *err)
{
    NewJob job = { .type = CONNECT_WATCH_JOB, .subject = run->connection.id };
    return !run->tells || !run->connection.every_minutes ||
           job_add(tx, run->scope, run->kept, &job, NULL, err);
}

static bool end_work(DbTx *tx, void *argument, Error *err)
{
    Ending *work = argument;
    const ConnectRun *run = work->run;
    bool is_first = work->why.code != ERROR_NONE && !run->connection.failures;
    return connect_hold(tx, run, err) && note_left_out(tx, work, err) &&
           connection_end(tx, run->scope, &run->connection, &work->why, next_at(run, &work->why),
                          err) &&
           (!is_first || tell(tx, work, err)) &&
           (work->why.code != ERROR_NONE || watch(tx, run, err));
}

/* A failure that may be over in a moment is left to the queue; every other one, and the last, is
 * the connection's to show, and its schedule's to try again. */
static bool end(ConnectRun *run, const Error *why, Error *err)
{
    Ending work = { .run = run, .why = *why };
    bool is_last = run->job->attempt >= run->job->attempt_max;
    if (connect_is_stopped(run))
        is_last = false;
    else if (why->code != ERROR_NONE && !error_is_temporary(why->code))
        is_last = true;
    if (why->code != ERROR_NONE && !is_last && run->retry_ms)
        job_retry_in(run->job, run->retry_ms);
    if (why->code != ERROR_NONE && !is_last)
        return fail(err, why->code, "%s", why->message);
    if (why->code != ERROR_NONE)
        log_warn("connect", "'" STR_FMT "' failed: %s", STR_ARG(run->connection.name),
                 why->message);
    return store_write(run->options->db, run->scope, end_work, &work, err);
}

static bool load_work(DbTx *tx, void *argument, Error *err)
{
    ConnectRun *run = argument;
    return connection_find(tx, run->scope, run->kept, run->job->subject, &run->connection, err);
}

/* A round that others have begun anew, or whose connection is gone, has nothing left to do. */
static bool is_void(ConnectRun *run)
{
    Connection was = run->connection;
    Error ignored = { 0 };
    bool is_there = store_read(run->options->db, run->scope, load_work, run, &ignored);
    bool is_other = is_there && run->connection.round != was.round;
    run->connection = was;
    return is_other || (!is_there && ignored.code == ERROR_NOT_FOUND);
}

static bool sync_run(ConnectRun *run, Error *err)
{
    Error why = { 0 };
    if ((!list_all(run, &why) || !take_all(run, &why)) && is_void(run))
        return true;
    return end(run, &why, err);
}

typedef struct Loading {
    const Job *job;
    Arena *arena;
    Connection *connection;
} Loading;

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    const Loading *work = argument;
    return connection_find(tx, &work->job->scope, work->arena, work->job->subject, work->connection,
                           err);
}

bool connect_load(const Job *job, Arena *arena, Connection *connection_r,
                  const ConnectorKind **kind_r, json_t **settings_r, Error *err)
{
    Connect *connect = job->argument;
    Loading work = { job, arena, connection_r };
    return store_read(job->db, &job->scope, find_work, &work, err) &&
           connector_named(connection_r->kind, kind_r, err) &&
           (!settings_r || connect_settings(connect, arena, connection_r, settings_r, err));
}

bool connect_sync_job(Job *job, Error *err)
{
    AUTO_JSON json_t *settings = NULL;
    const ConnectorKind *kind;
    Connection connection;
    Scope scope = job->scope;
    if (!connect_load(job, job->arena, &connection, &kind, &settings, err))
        return err->code == ERROR_NOT_FOUND; /* removed meanwhile */
    if (!connection.is_on)
        return true;
    scope.user = connection.created_by;
    AUTO_CONNECT_RUN ConnectRun run;
    connect_run_begin(&run, job->argument, &scope, kind, &connection, settings);
    run.job = job;
    return sync_run(&run, err);
}

/* --- What is due --- */

typedef struct Due {
    Job *job;
    ConnectionList list;
} Due;

static bool due_work(DbTx *tx, void *argument, Error *err)
{
    Due *due = argument;
    int64_t now = now_ms();
    Str job;
    if (!connection_list_due(tx, &due->job->scope, due->job->arena, now, &due->list, err))
        return false;
    for (size_t i = 0; i < due->list.count; i++) {
        const Connection *connection = &due->list.at[i];
        const Scope scope = { .workspace = connection->workspace,
                              .user = connection->created_by,
                              .role = ROLE_OWNER };
        int64_t every_ms = connection->every_minutes * MINUTE_MS;
        if (!connect_sync(tx, &scope, due->job->arena, connection, false, &job, err) ||
            !connection_plan(tx, &scope, connection->id, every_ms ? now + every_ms : 0, err))
            return false;
    }
    return true;
}

bool connect_due_job(Job *job, Error *err)
{
    Due due = { .job = job };
    return store_write(job->db, &job->scope, due_work, &due, err);
}
