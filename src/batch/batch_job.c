/* batch_job.c - a batch at work: a while of it, then others have the lane. */
#include <pthread.h>

#include "base/clock.h"
#include "base/pool.h"
#include "batch/batch_int.h"
#include "store/api_keys_store.h"
#include "store/people_store.h"

#define THREADS 8
#define WHILE_MS 30000    /* then other batches have their turn */
#define LOOK_MS 1000      /* at whether it was cancelled */
#define PAUSE_MIN_MS 3000 /* who has to wait longer gives the lane to others */
#define PAUSE_MAX_MS 10000
#define PAUSE_STEP_MS 50
#define LIMITED_TRIES 10 /* where nobody says when it is worth asking again */
#define FAILED_TRIES 3
#define ANSWER_MEMORY_MAX GB(1)
#define NUMBERS_PAGE 10000

/* One while of a batch, shared by its threads. */
typedef struct Turn {
    Batches *batches;
    Job *job;
    Batch batch;
    GatewayCaller *caller;
    const Front *front;
    Str input;
    unsigned char *answered; /* a bit for each line */
    size_t answered_bytes;
    int64_t ends_ms; /* monotonic, of the turn */
    bool gives_up;   /* on services that are left alone */

    pthread_mutex_t lock; /* of all below */
    BatchReader reader;
    int64_t looked_ms, done;
    bool stops; /* for whatever reason: no more lines are begun */
    bool is_cancelled, is_expired, is_at_end;
    int64_t pause_ms, good_count;
    bool is_busy; /* a service was left alone */
    bool has_failed;
    Error err;
} Turn;

/* --- Who it calls for --- */

typedef struct RightsWork {
    Turn *turn;
    Arena *arena;
} RightsWork;

/* Whoever made it may still call. */
static bool rights_work(DbTx *tx, void *argument, Error *err)
{
    const RightsWork *work = argument;
    const Batch *batch = &work->turn->batch;
    const Scope *scope = &work->turn->job->scope;
    bool serves = true;
    Role role;
    if (batch->key.length &&
        !api_key_serves(tx, scope, work->arena, batch->key, now_ms(), &serves, err))
        return false;
    if (!serves)
        return fail(err, ERROR_DENIED, "the key that made this batch is not valid any more");
    if (!batch->user.length)
        return true;
    return membership_role(tx, scope, batch->user, &role, err) &&
           (role != ROLE_NONE ||
            fail(err, ERROR_DENIED, "the person who made this batch may not call any more"));
}

static Scope scope_of(const Turn *turn)
{
    const Batch *batch = &turn->batch;
    return (Scope){ .workspace = turn->job->scope.workspace,
                    .user = batch->user,
                    .key = batch->key,
                    .role = batch->role };
}

/* --- What is answered already --- */

typedef struct NumbersWork {
    Turn *turn;
    Arena *arena;
    int64_t after;
    LineNumbers page;
} NumbersWork;

static bool numbers_work(DbTx *tx, void *argument, Error *err)
{
    NumbersWork *work = argument;
    return batch_line_numbers(tx, &work->turn->job->scope, work->arena, work->turn->batch.id,
                              work->after, NUMBERS_PAGE, &work->page, err);
}

static void mark(Turn *turn, int64_t line)
{
    size_t byte = (size_t)line / 8;
    if (byte < turn->answered_bytes)
        turn->answered[byte] |= (unsigned char)(1 << line % 8);
}

static bool is_marked(const Turn *turn, int64_t line)
{
    size_t byte = (size_t)line / 8;
    return byte < turn->answered_bytes && turn->answered[byte] >> line % 8 & 1;
}

/* Lines are counted from 1; there are no more of them than bytes. */
static bool find_answered(Turn *turn, Error *err)
{
    NumbersWork work = { .turn = turn };
    turn->answered_bytes = turn->input.length / 8 + 2;
    turn->answered = arena_alloc(turn->job->arena, turn->answered_bytes);
    do {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        work.arena = arena;
        if (!store_read(turn->batches->options.db, &turn->job->scope, numbers_work, &work, err))
            return false;
        for (size_t i = 0; i < work.page.count; i++)
            mark(turn, work.after = work.page.at[i]);
        turn->done += (int64_t)work.page.count;
    } while (work.page.count);
    return true;
}

/* --- One line --- */

static BatchUsage usage_of(const ModelUsage *usage)
{
    return (BatchUsage){ .input = usage->input + usage->cache_read + usage->cache_write +
                                  usage->cache_write_long,
                         .cached = usage->cache_read,
                         .output = usage->output,
                         .reasoning = usage->reasoning };
}

typedef struct SaveWork {
    Turn *turn;
    BatchLine line;
    BatchUsage usage;
} SaveWork;

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    const SaveWork *work = argument;
    const Turn *turn = work->turn;
    return job_hold(tx, turn->job, err) &&
           batch_line_add(tx, &turn->job->scope, turn->batch.id, &work->line, &work->usage, err);
}

static void stop_with(Turn *turn, const Error *err)
{
    pthread_mutex_lock(&turn->lock);
    if (!turn->has_failed)
        turn->err = *err;
    turn->has_failed = turn->stops = true;
    pthread_mutex_unlock(&turn->lock);
}

static void save(Turn *turn, Arena *arena, const BatchRequest *request, const GatewayReply *reply)
{
    Error err;
    SaveWork work = { .turn = turn,
                      .line = { request->line, !reply->failure,
                                batch_answer(arena, &turn->batch, request, reply) },
                      .usage = usage_of(&reply->usage) };
    if (!store_write(turn->batches->options.db, &turn->job->scope, save_work, &work, &err)) {
        stop_with(turn, &err);
        return;
    }
    pthread_mutex_lock(&turn->lock);
    int64_t done = ++turn->done;
    turn->good_count += !reply->failure;
    pthread_mutex_unlock(&turn->lock);
    if (!job_progress(turn->job, "calling", done, turn->batch.total))
        (void)job_is_stopped(turn->job); /* looked at before the next line */
}

typedef struct LookWork {
    const Turn *turn;
    Arena *arena;
    Batch batch;
} LookWork;

static bool look_work(DbTx *tx, void *argument, Error *err)
{
    LookWork *work = argument;
    return batch_find(tx, &work->turn->job->scope, work->arena, S(""), work->turn->batch.id,
                      &work->batch, err);
}

/* A person may have cancelled it; its time may be over. With the lock. */
static void look(Turn *turn)
{
    AUTO_ARENA Arena *arena = arena_new(MB(2));
    LookWork work = { .turn = turn, .arena = arena };
    turn->looked_ms = monotonic_ms();
    turn->is_expired = now_ms() >= turn->batch.expires_at_ms;
    if (!store_read(turn->batches->options.db, &turn->job->scope, look_work, &work, &turn->err))
        turn->has_failed = true;
    else if (work.batch.cancelling_at_ms)
        turn->is_cancelled = true, turn->batch.cancelling_at_ms = work.batch.cancelling_at_ms;
    turn->stops = turn->stops || turn->has_failed || turn->is_cancelled || turn->is_expired ||
                  turn->looked_ms >= turn->ends_ms || job_is_stopped(turn->job);
}

static void look_again(Turn *turn)
{
    if (monotonic_ms() - turn->looked_ms >= LOOK_MS || job_is_stopped(turn->job))
        look(turn);
}

static bool has_stopped(Turn *turn)
{
    pthread_mutex_lock(&turn->lock);
    look_again(turn);
    bool stops = turn->stops;
    pthread_mutex_unlock(&turn->lock);
    return stops;
}

/* False: the turn ends meanwhile. A long wait ends it. */
static bool wait_for(Turn *turn, int64_t wait_ms, bool is_busy)
{
    bool is_long = wait_ms >= PAUSE_MIN_MS;
    pthread_mutex_lock(&turn->lock);
    turn->is_busy = turn->is_busy || is_busy;
    turn->stops = turn->stops || is_long;
    if (is_long)
        turn->pause_ms = MIN(wait_ms, (int64_t)PAUSE_MAX_MS);
    pthread_mutex_unlock(&turn->lock);
    if (is_long)
        return false;
    for (int64_t until_ms = monotonic_ms() + wait_ms; monotonic_ms() < until_ms;) {
        if (has_stopped(turn))
            return false;
        sleep_ms(PAUSE_STEP_MS);
    }
    return !has_stopped(turn);
}

/* Whether this failure is worth another try, and after what time. A budget that is used up until
 * after the batch's own end is not. */
static bool is_worth_more(const Turn *turn, const GatewayReply *reply, int tries,
                          int64_t *wait_ms_r)
{
    bool is_limit = reply->failure == ERROR_LIMITED || reply->failure == ERROR_BUSY;
    if (!reply->failure || !error_is_temporary(reply->failure))
        return false;
    *wait_ms_r = is_limit && reply->wait_ms > 0 ? reply->wait_ms : job_retry_delay_ms(tries) / 4;
    if (now_ms() + *wait_ms_r > turn->batch.expires_at_ms)
        return false;
    if (reply->failure == ERROR_BUSY)
        return !turn->gives_up;
    if (reply->failure == ERROR_LIMITED)
        return reply->wait_ms > 0 || tries < LIMITED_TRIES;
    return tries < FAILED_TRIES;
}

/* What is left without an answer is asked in another turn. */
static void answer_line(Turn *turn, const BatchRequest *request)
{
    Gateway *gateway = models_gateway(turn->batches->options.models);
    GatewayCall call = { .front = turn->front, .body = request->body, .feature = S("batch") };
    int64_t wait_ms = 0;
    for (int tries = 1;; tries++) {
        AUTO_ARENA Arena *arena = arena_new(ANSWER_MEMORY_MAX);
        GatewayReply reply;
        gateway_call(gateway, turn->caller, arena, &call, &reply);
        if (!is_worth_more(turn, &reply, tries, &wait_ms)) {
            save(turn, arena, request, &reply);
            return;
        }
        if (!wait_for(turn, wait_ms, reply.failure == ERROR_BUSY))
            return;
    }
}

/* --- The turn --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    Turn *turn = argument;
    return batch_find(tx, &turn->job->scope, turn->job->arena, S(""), turn->job->subject,
                      &turn->batch, err);
}

/* The next line without an answer. With the lock. */
static bool next_line(Turn *turn, Arena *arena, BatchRequest *request_r)
{
    Str line;
    look_again(turn);
    while (!turn->stops && !turn->is_at_end) {
        turn->is_at_end = !batch_next_line(&turn->reader, &line);
        request_r->line = turn->reader.line;
        if (!turn->is_at_end && !is_marked(turn, request_r->line))
            return batch_read_line(arena, line, request_r);
    }
    return false;
}

static void work_lines(void *argument)
{
    Turn *turn = argument;
    for (;;) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        BatchRequest request;
        pthread_mutex_lock(&turn->lock);
        bool has_line = next_line(turn, arena, &request);
        pthread_mutex_unlock(&turn->lock);
        if (!has_line)
            return;
        answer_line(turn, &request);
    }
}

static void run_threads(Turn *turn)
{
    Pool *pool = pool_new("batch", THREADS, THREADS);
    pthread_mutex_init(&turn->lock, NULL);
    turn->reader = (BatchReader){ .rest = turn->input };
    turn->ends_ms = monotonic_ms() + WHILE_MS;
    for (int i = 0; i < THREADS; i++)
        (void)!pool_add(pool, work_lines, turn);
    pool_free(pool); /* waits for all of them */
    pthread_mutex_destroy(&turn->lock);
}

static bool finish(Turn *turn, Error *err)
{
    return batch_finish(turn->batches, turn->job, &turn->batch, turn->input, err);
}

/* It cannot go on: told in its list of errors, with the answers that there are. */
static bool fail_batch(Turn *turn, const char *code, const Error *why, Error *err)
{
    turn->batch.problems = batch_problem(turn->job->arena, code, str(why->message), 0);
    turn->input = S("");
    return finish(turn, err);
}

static bool begin_work(DbTx *tx, void *argument, Error *err)
{
    const Turn *turn = argument;
    return job_hold(tx, turn->job, err) &&
           batch_advance(tx, &turn->job->scope, &turn->batch, "validating", "in_progress", err);
}

static bool finalizing_work(DbTx *tx, void *argument, Error *err)
{
    const Turn *turn = argument;
    return job_hold(tx, turn->job, err) &&
           batch_advance(tx, &turn->job->scope, &turn->batch, "in_progress finalizing",
                         "finalizing", err);
}

/* Somebody has just cancelled it: another turn sees that. */
static bool moves_on(Turn *turn, DbWork *work, Error *err)
{
    if (store_write(turn->batches->options.db, &turn->job->scope, work, turn, err))
        return true;
    if (err->code == ERROR_CONFLICT)
        job_put_off(turn->job, 100);
    return false;
}

static bool validate(Turn *turn, bool *is_good_r, Error *err)
{
    BatchCheck check;
    batch_check(turn->job->arena, turn->input, turn->batch.endpoint, &check);
    turn->batch.problems = check.problems;
    turn->batch.model = check.model;
    *is_good_r = !check.problems.length;
    if (!*is_good_r) {
        turn->input = S("");
        return finish(turn, err);
    }
    turn->batch.total = check.total;
    turn->batch.began_at_ms = now_ms();
    return moves_on(turn, begin_work, err);
}

/* All lines have answers, or none will be asked any more. */
static bool end_batch(Turn *turn, Error *err)
{
    if (!turn->is_cancelled) {
        turn->batch.finalizing_at_ms = now_ms();
        if (!moves_on(turn, finalizing_work, err))
            return false;
    }
    return finish(turn, err);
}

static bool stuck_work(DbTx *tx, void *argument, Error *err)
{
    const Turn *turn = argument;
    return job_hold(tx, turn->job, err) &&
           batch_set_stuck(tx, &turn->job->scope, turn->batch.id, turn->batch.stuck_at_ms, err);
}

static bool note_stuck(Turn *turn, Error *err)
{
    int64_t was_ms = turn->batch.stuck_at_ms;
    bool is_stuck = turn->is_busy && !turn->good_count;
    turn->batch.stuck_at_ms = !is_stuck ? 0 : was_ms ? was_ms : now_ms();
    return turn->batch.stuck_at_ms == was_ms ||
           store_write(turn->batches->options.db, &turn->job->scope, stuck_work, turn, err);
}

/* An outage of a hundredth of its window is waited for, a quarter of an hour of a day. */
static bool has_waited_enough(const Batch *batch)
{
    return batch->stuck_at_ms &&
           now_ms() - batch->stuck_at_ms > (batch->expires_at_ms - batch->created_at_ms) / 100;
}

static bool call_lines(Turn *turn, Error *err)
{
    Scope scope = scope_of(turn);
    RightsWork rights = { turn, turn->job->arena };
    Error why;
    if (!store_read(turn->batches->options.db, &turn->job->scope, rights_work, &rights, &why)) {
        bool is_lost = why.code == ERROR_DENIED || why.code == ERROR_NOT_FOUND;
        *err = why;
        return is_lost && fail_batch(turn, "not_allowed", &why, err);
    }
    if (!find_answered(turn, err) ||
        !models_caller(turn->batches->options.models, &scope, &turn->caller, err))
        return false;
    turn->gives_up = has_waited_enough(&turn->batch);
    run_threads(turn);
    caller_release(turn->caller);
    if (turn->has_failed) {
        *err = turn->err;
        return false;
    }
    if (job_is_stopped(turn->job))
        return job_stopped(turn->job, err);
    if (turn->done >= turn->batch.total || turn->is_cancelled || turn->is_expired)
        return end_batch(turn, err);
    if (!note_stuck(turn, err))
        return false;
    job_put_off(turn->job, turn->pause_ms);
    return fail(err, ERROR_BUSY, "it goes on later");
}

static bool run_batch(Turn *turn, Error *err)
{
    bool is_good = true;
    if (str_is(turn->batch.state, "validating") && !validate(turn, &is_good, err))
        return false;
    if (!is_good)
        return true;
    turn->is_cancelled = turn->batch.cancelling_at_ms != 0;
    turn->is_expired = now_ms() >= turn->batch.expires_at_ms;
    if (turn->is_cancelled || turn->is_expired || turn->batch.finalizing_at_ms)
        return end_batch(turn, err);
    return call_lines(turn, err);
}

bool batch_job(Job *job, Error *err)
{
    Turn turn = { .batches = job->argument, .job = job };
    AUTO_CLOSE int fd = -1;
    AUTO_MAP FileMap map = { 0 };
    ClientFile file;
    Error why;
    if (!store_read(turn.batches->options.db, &job->scope, find_work, &turn, err))
        return false;
    if (batch_is_over(&turn.batch))
        return true;
    turn.front = front_at(turn.batch.endpoint);
    if (!files_open(turn.batches, &job->scope, job->arena, turn.batch.input_file, &file, &fd,
                    &why)) {
        *err = why;
        return why.code == ERROR_NOT_FOUND && fail_batch(&turn, "no_input_file", &why, err);
    }
    if (!fd_map(fd, &map, err))
        return false;
    turn.input = map.bytes;
    return run_batch(&turn, err);
}
