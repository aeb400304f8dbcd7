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
    KeptName name;
    int64_t created_s;
    bool is_cancelled, is_ended; /* by its user; with the server. With the lock held */
    bool has_begun, is_done;     /* on the gateway's own reactor */
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

int backgrounds_count(Backgrounds *all)
{
    pthread_mutex_lock(&all->lock);
    int count = all->count;
    pthread_mutex_unlock(&all->lock);
    return count;
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
                           .id = work->name.id,
                           .model = run->request.model,
                           .created_s = work->created_s,
                           .out = &out };
    run->front->write_state(&writer, status, failure);
    return buf_str(&out);
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

static bool keep(Background *work, const FrontWriter *writer)
{
    KeptAnswer answer = { .name = work->name,
                          .state = KEPT_ENDED,
                          .reply = writer->kept_reply,
                          .items = writer->kept_items,
                          .asked = writer->kept_asked };
    return kept_add(work->gateway->kept, &answer, NULL);
}

static void keep_state(Background *work, Str status, const Error *failure)
{
    KeptAnswer answer = { .name = work->name, .state = KEPT_ENDED };
    answer.reply = state_of(work, status, failure);
    (void)kept_add(work->gateway->kept, &answer, NULL);
}

static void keep_end(Background *work, const Error *failure)
{
    Backgrounds *all = work->gateway->backgrounds;
    Error why;
    pthread_mutex_lock(&all->lock);
    bool is_cancelled = work->is_cancelled, is_ended = work->is_ended;
    pthread_mutex_unlock(&all->lock);
    if (!failure && keep(work, &work->run.try->writer))
        return;
    if (!failure)
        fail(&why, ERROR_TOO_LARGE, "the answer is too large to be kept");
    else if (is_ended)
        fail(&why, ERROR_INTERNAL, "the server was stopped before the answer was finished");
    else
        why = *failure;
    keep_state(work, failure && is_cancelled ? S("cancelled") : S("failed"),
               failure && is_cancelled ? NULL : &why);
}

static void on_done(Run *run, const Error *failure)
{
    Background *work = (Background *)run;
    Backgrounds *all = work->gateway->backgrounds;
    keep_end(work, failure);
    pthread_mutex_lock(&all->lock);
    take_out(all, work);
    pthread_mutex_unlock(&all->lock);
    /* Who asked for its end before has posted that before this. */
    reactor_post(work->gateway->own, free_work, work);
}

static void stop(void *argument)
{
    Background *work = argument;
    if (work->has_begun && !work->is_done)
        run_stop(&work->run);
}

/* With the lock held, so that its end comes behind this. */
static void ask_to_stop(Background *work, bool is_users)
{
    if (!work->is_cancelled && !work->is_ended)
        reactor_post(work->gateway->own, stop, work);
    *(is_users ? &work->is_cancelled : &work->is_ended) = true;
}

static Background *find(const Backgrounds *all, const KeptName *name)
{
    Background *work = all->first;
    while (work && !(str_equal(work->name.id, name->id) && str_equal(work->name.user, name->user) &&
                     str_equal(work->name.workspace, name->workspace)))
        work = work->next;
    return work;
}

bool background_cancel(Backgrounds *all, const KeptName *name)
{
    pthread_mutex_lock(&all->lock);
    Background *work = find(all, name);
    if (work)
        ask_to_stop(work, true);
    while (find(all, name))
        pthread_cond_wait(&all->has_ended, &all->lock);
    pthread_mutex_unlock(&all->lock);
    return work != NULL;
}

void backgrounds_end(Backgrounds *all)
{
    pthread_mutex_lock(&all->lock);
    for (Background *work = all->first; work; work = work->next)
        ask_to_stop(work, false);
    while (all->first)
        pthread_cond_wait(&all->has_ended, &all->lock);
    pthread_mutex_unlock(&all->lock);
}

/* --- While they run --- */

static size_t list_names(Backgrounds *all, Arena *arena, KeptName *names)
{
    size_t count = 0;
    pthread_mutex_lock(&all->lock);
    for (const Background *work = all->first; work; work = work->next)
        names[count++] =
            (KeptName){ str_copy(arena, work->name.workspace), str_copy(arena, work->name.user),
                        str_copy(arena, work->name.id) };
    pthread_mutex_unlock(&all->lock);
    return count;
}

/* Another server was asked to end it, or to forget it. */
static void end_unwanted(Backgrounds *all, const KeptName *name)
{
    pthread_mutex_lock(&all->lock);
    Background *work = find(all, name);
    if (work)
        ask_to_stop(work, true);
    pthread_mutex_unlock(&all->lock);
}

void backgrounds_watch(Gateway *gateway)
{
    Backgrounds *all = gateway->backgrounds;
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    KeptName names[RUNNING_MAX];
    size_t count = list_names(all, arena, names);
    for (size_t i = 0; i < count; i++) {
        Error err;
        if (!kept_touch(gateway->kept, &names[i], &err) && err.code == ERROR_NOT_FOUND)
            end_unwanted(all, &names[i]);
    }
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
    Background *work = argument;
    Run *run = &work->run;
    Error err;
    pthread_mutex_lock(&work->gateway->backgrounds->lock);
    bool is_wanted = !work->is_cancelled && !work->is_ended;
    pthread_mutex_unlock(&work->gateway->backgrounds->lock);
    work->has_begun = true;
    run->request = (ModelRequest){ 0 };
    if (!run->front->scan(run->arena, run->body, &run->request, &err)) {
        run->refused = arena_new_one(run->arena, Error);
        *run->refused = err;
    }
    if (is_wanted)
        run_admit(run);
    else
        run_stop(run);
}

static Background *make_work(const Run *from)
{
    Gateway *gateway = from->loop->gateway;
    Arena *arena = arena_new(ARENA_MAX);
    Background *work = arena_new_one(arena, Background);
    Run *run = &work->run;
    work->gateway = gateway;
    work->arena = arena;
    work->created_s = now_ms() / 1000;
    work->http = (HttpRequest){ .arena = arena,
                                .id = str_copy(arena, from->http->id),
                                .headers = copy_wishes(arena, from->http),
                                .body = str_copy(arena, from->body) };
    work->name =
        (KeptName){ str_copy(arena, from->caller->workspace), str_copy(arena, from->caller->user),
                    str_format(arena, "%s" STR_FMT, from->front->id_prefix,
                               STR_ARG(work->http.id)) };
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
    run->tracestate = str_copy(arena, from->tracestate);
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

/* The client's own part of the call. */
typedef struct Begun {
    Run *run;
    Background *work;
    Str state;
} Begun;

/* It ends here; the record is written at the other end. */
static void answer(void *argument)
{
    Begun *begun = argument;
    Run *run = begun->run;
    buf_add(&run->response->body, begun->state);
    caller_release(run->caller);
    http_respond_now(run->response);
    http_let_go(run->response);
}

/* On the gateway's own reactor. */
static void on_kept(void *argument)
{
    Begun *begun = argument;
    Background *work = begun->work;
    reactor_post(begun->run->loop->reactor, answer, begun);
    begin(work);
}

bool background_begin(Run *run, Error *err)
{
    Gateway *gateway = run->loop->gateway;
    if (run->request.is_stream)
        return fail_field(err, "stream", "a response in the background is asked for, not streamed");
    if (!run->request.is_kept)
        return fail_field(err, "store", "a response in the background has to be stored");
    if (!gateway->kept)
        return fail(err, ERROR_UNSUPPORTED, "responses are not kept here");
    Background *work = make_work(run);
    /* What is wrong with it is told at once. */
    if (!read_whole(work, err) || !add(gateway->backgrounds, work, err)) {
        caller_release(work->run.caller);
        arena_free(work->arena);
        return false;
    }
    Begun *begun = arena_new_one(run->arena, Begun);
    *begun = (Begun){ run, work, str_copy(run->arena, state_of(work, S("in_progress"), NULL)) };
    KeptAnswer kept = { .name = work->name, .state = KEPT_RUNNING, .reply = begun->state };
    KeptWaiter waiter = { gateway->own, on_kept, begun };
    run->is_loading = true;
    if (!kept_add(gateway->kept, &kept, &waiter))
        reactor_post(gateway->own, on_kept, begun); /* too large: its client hears of the failure */
    return true;
}
