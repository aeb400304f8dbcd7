/* run_background.c - see run_background.h. */
#include "gateway/run_background.h"

#include "base/clock.h"
#include "gateway/gateway_int.h"

#define RUNNING_MAX 256
#define ARENA_MAX MB(512)

/* A call with a request and a response that were never on a wire. */
typedef struct Background {
    Run run; /* first: its end tells of this */
    HttpRequest http;
    HttpResponse response;
    Gateway *gateway;
    Arena *arena;
    Str owner, id;
    int64_t created_s;
    bool is_cancelled; /* with the lock held */
    bool is_done;      /* on the gateway's own reactor */
    struct Background *next;
} Background;

struct Backgrounds {
    pthread_mutex_t lock;
    pthread_cond_t has_ended; /* one of them */
    Background *first;
    int count;
};

Backgrounds *backgrounds_new(void)
{
    Backgrounds *all = heap_alloc(sizeof *all);
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->has_ended, NULL);
    return all;
}

void backgrounds_free(Backgrounds *all)
{
    if (!all)
        return;
    pthread_cond_destroy(&all->has_ended);
    pthread_mutex_destroy(&all->lock);
    free(all);
}

/* --- The end --- */

static void free_work(void *argument)
{
    Background *work = argument;
    arena_free(work->arena);
}

/* What is kept until there is an answer, or instead of one. */
static Str state_of(Background *work, Str status, const Error *failure)
{
    Run *run = &work->run;
    Buf out = buf_new(work->arena, MB(64));
    FrontWriter writer = { .front = run->front,
                           .arena = work->arena,
                           .request = &run->request,
                           .id = work->id,
                           .model = run->request.model,
                           .created_s = work->created_s,
                           .out = &out };
    run->front->write_state(&writer, status, failure);
    return buf_str(&out);
}

static void keep_state(Background *work, Str state)
{
    kept_add(work->gateway->kept, work->owner, work->id, (KeptAnswer){ .reply = state });
}

static void take_out(Backgrounds *all, Background *work)
{
    Background **place = &all->first;
    while (*place != work)
        place = &(*place)->next;
    *place = work->next;
    all->count--;
    work->is_done = true;
    pthread_cond_broadcast(&all->has_ended);
}

static void on_done(Run *run, const Error *failure)
{
    Background *work = (Background *)run;
    Backgrounds *all = work->gateway->backgrounds;
    pthread_mutex_lock(&all->lock);
    bool is_cancelled = work->is_cancelled;
    pthread_mutex_unlock(&all->lock);
    if (!failure)
        gateway_keep(work->gateway, run->caller->workspace, run->caller->user, &run->try->writer);
    else if (is_cancelled)
        keep_state(work, state_of(work, S("cancelled"), NULL));
    else
        keep_state(work, state_of(work, S("failed"), failure));
    pthread_mutex_lock(&all->lock);
    take_out(all, work);
    pthread_mutex_unlock(&all->lock);
    /* Who asked for its end before has posted that before this. */
    reactor_post(work->gateway->own, free_work, work);
}

static void stop(void *argument)
{
    Background *work = argument;
    if (!work->is_done)
        run_stop(&work->run);
}

/* With the lock held, so that its end comes behind this. */
static void ask_to_stop(Background *work)
{
    if (!work->is_cancelled)
        reactor_post(work->gateway->own, stop, work);
    work->is_cancelled = true;
}

static Background *find(const Backgrounds *all, Str owner, Str id)
{
    Background *work = all->first;
    while (work && !(str_equal(work->id, id) && str_equal(work->owner, owner)))
        work = work->next;
    return work;
}

void background_cancel(Backgrounds *all, Str owner, Str id)
{
    pthread_mutex_lock(&all->lock);
    Background *work = find(all, owner, id);
    if (work)
        ask_to_stop(work);
    while (find(all, owner, id))
        pthread_cond_wait(&all->has_ended, &all->lock);
    pthread_mutex_unlock(&all->lock);
}

void backgrounds_end(Backgrounds *all)
{
    pthread_mutex_lock(&all->lock);
    for (Background *work = all->first; work; work = work->next)
        ask_to_stop(work);
    while (all->first)
        pthread_cond_wait(&all->has_ended, &all->lock);
    pthread_mutex_unlock(&all->lock);
}

/* --- The beginning --- */

/* What the client says of the call itself; how long it waits for bytes has no meaning any more. */
static HttpPairs copy_wishes(Arena *arena, const HttpRequest *http)
{
    VEC(HttpPair) pairs = { 0 };
    for (size_t i = 0; i < http->headers.count; i++) {
        const HttpPair *pair = &http->headers.at[i];
        if (str_equal_ignore_case(str_slice(pair->name, 0, 10), S("x-lectern-")))
            *vec_push(arena, &pairs) =
                (HttpPair){ str_copy(arena, pair->name), str_copy(arena, pair->value) };
    }
    return (HttpPairs){ pairs.at, pairs.count };
}

static void begin(void *argument)
{
    Run *run = argument;
    Error err;
    if (!run->front->scan(run->arena, run->body, &run->request, &err)) {
        run->refused = arena_new_one(run->arena, Error);
        *run->refused = err;
    }
    run_admit(run);
}

static Background *make_work(const Run *from)
{
    Gateway *gateway = from->loop->gateway;
    Arena *arena = arena_new(ARENA_MAX);
    Background *work = arena_new_one(arena, Background);
    Run *run = &work->run;
    work->gateway = gateway;
    work->arena = arena;
    work->owner = kept_owner(arena, from->caller->workspace, from->caller->user);
    work->created_s = now_ms() / 1000;
    work->http = (HttpRequest){ .arena = arena,
                                .id = str_copy(arena, from->http->id),
                                .headers = copy_wishes(arena, from->http),
                                .body = str_copy(arena, from->body) };
    work->id = str_format(arena, "%s" STR_FMT, from->front->id_prefix, STR_ARG(work->http.id));
    work->response = (HttpResponse){ .status = 200, .body = buf_new(arena, RUN_ANSWER_MAX) };
    run->loop = gateway_own_loop(gateway);
    run->on_done = on_done;
    run->front = from->front;
    run->http = &work->http;
    run->response = &work->response;
    run->body = work->http.body;
    run->secret = str_copy(arena, from->secret);
    run->arena = arena;
    run->caller = caller_hold(from->caller);
    run->started_us = monotonic_us();
    run->record = from->record;
    run->record.id = work->http.id;
    run->traceparent = str_copy(arena, from->traceparent);
    answer_begin(run);
    return work;
}

static bool read_whole(Background *work, Error *err)
{
    Run *run = &work->run;
    if (!run->front->scan(run->arena, run->body, &run->request, err))
        return false;
    return run->front->read(run->arena, run->body, &run->request, err) ||
           (err->field[0] ? fail_in(err, "%s", err->field) : false);
}

static bool add(Backgrounds *all, Background *work, Error *err)
{
    pthread_mutex_lock(&all->lock);
    bool has_room = all->count < RUNNING_MAX;
    if (has_room) {
        work->next = all->first;
        all->first = work;
        all->count++;
    }
    pthread_mutex_unlock(&all->lock);
    return has_room ||
           fail(err, ERROR_BUSY, "%d responses are in the background already", RUNNING_MAX);
}

/* The client's own part of the call ends here; the record is written at the other end. */
static void answer(Run *run, Str state)
{
    buf_add(&run->response->body, state);
    caller_release(run->caller);
    http_respond_now(run->response);
    http_let_go(run->response);
}

bool background_begin(Run *run, Error *err)
{
    Backgrounds *all = run->loop->gateway->backgrounds;
    if (run->request.is_stream)
        return fail_field(err, "stream", "a response in the background is asked for, not streamed");
    if (!run->request.is_kept)
        return fail_field(err, "store", "a response in the background has to be stored");
    Background *work = make_work(run);
    /* What is wrong with it is told at once. */
    if (!read_whole(work, err) || !add(all, work, err)) {
        caller_release(work->run.caller);
        arena_free(work->arena);
        return false;
    }
    Str state = state_of(work, S("in_progress"), NULL);
    keep_state(work, state);
    answer(run, state);
    work->run.request = (ModelRequest){ 0 };
    reactor_post(work->gateway->own, begin, &work->run);
    return true;
}
