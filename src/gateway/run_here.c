/* run_here.c - see run_here.h. */
#include "gateway/run_here.h"

#include "base/clock.h"
#include "gateway/gateway_int.h"

#define ARENA_MAX MB(512)
#define ON_WAY_MAX KB(256) /* bytes of pieces; the thread waits while there are more */

const Dialect dialect_here = {
    .name = "here",
    .tasks = 1U << TASK_CHAT | 1U << TASK_EMBEDDING | 1U << TASK_RERANK,
};

struct HereWork {
    atomic_int holders; /* the attempt, the thread, and each piece on its way */
    Gateway *gateway;
    Reactor *reactor;
    Arena *arena; /* the thread's once the work has begun */
    GatewayCaller *caller;
    ModelRequest request;
    const Front *front; /* of a request that is read again, whole; else NULL */
    Str body;
    HereCall call;
    bool is_good; /* at the end; else err says why not */
    Error err;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t has_changed;
    RunTry *try; /* NULL: nobody wants the answer any more. Written on the reactor only */
    bool is_paused;
    size_t on_way; /* bytes of pieces */
};

static void release(HereWork *work)
{
    if (atomic_fetch_sub(&work->holders, 1) > 1)
        return;
    caller_release(work->caller);
    pthread_cond_destroy(&work->has_changed);
    pthread_mutex_destroy(&work->lock);
    arena_free(work->arena);
}

/* --- On the thread --- */

/* An event with its text; a vector stays in the arena of its work. */
typedef struct Piece {
    HereWork *work;
    ModelEvent event;
    char text[];
} Piece;

static void on_piece(void *argument);
static void on_worked(void *argument);

/* After the attempt has let go nothing is posted any more: its reactor may be gone. */
static bool post(HereWork *work, ReactorCall *call, void *argument, size_t bytes)
{
    pthread_mutex_lock(&work->lock);
    while (bytes && work->try && (work->is_paused || work->on_way > ON_WAY_MAX))
        pthread_cond_wait(&work->has_changed, &work->lock);
    bool is_wanted = work->try != NULL;
    if (is_wanted) {
        work->on_way += bytes;
        work->holders++;
        reactor_post(work->reactor, call, argument);
    }
    pthread_mutex_unlock(&work->lock);
    return is_wanted;
}

static bool tell(void *self, const ModelEvent *event)
{
    HereWork *work = self;
    Piece *piece = heap_alloc(sizeof *piece + event->text.length);
    *piece = (Piece){ .work = work, .event = *event };
    piece->event.text = (Str){ piece->text, event->text.length };
    if (event->text.length)
        memcpy(piece->text, event->text.at, event->text.length);
    if (post(work, on_piece, piece, sizeof *piece + event->text.length))
        return true;
    free(piece);
    return false;
}

static bool read_again(HereWork *work)
{
    const Front *front = work->front;
    if (!front)
        return true;
    bool good = front->scan(work->arena, work->body, &work->request, &work->err) &&
                front->read(work->arena, work->body, &work->request, &work->err);
    work->request.is_hosted = true; /* if only by its route */
    return good;
}

static void do_work(void *argument)
{
    HereWork *work = argument;
    const GatewayPorts *ports = &work->gateway->ports;
    work->is_good =
        read_again(work) && ports->answer_here(ports->load_app, &work->call, &work->err);
    (void)post(work, on_worked, work, 0);
    release(work);
}

/* --- On the reactor --- */

static void let_go(HereWork *work)
{
    pthread_mutex_lock(&work->lock);
    work->try = NULL;
    pthread_cond_signal(&work->has_changed);
    pthread_mutex_unlock(&work->lock);
    release(work);
}

void here_stop(RunTry *try)
{
    if (try->here)
        let_go(try->here);
    try->here = NULL;
}

/* What is not there will not be there in a moment either, and is no fault to count. */
static FailureKind kind_of(const RunTry *try, const Error *failure)
{
    /* What its tools have done is not done twice. */
    if (try->request->is_hosted)
        return FAILURE_REQUEST;
    switch (failure->code) {
    case ERROR_BUSY:
    case ERROR_LIMITED: return FAILURE_BUSY;
    case ERROR_NOT_FOUND:
    case ERROR_UNSUPPORTED: return FAILURE_LACKING;
    default: return try_failure(try, failure);
    }
}

static void end(RunTry *try, Error *failure)
{
    here_stop(try);
    if (failure)
        try->kind = kind_of(try, failure);
    try_end(try, failure);
}

static void hear(RunTry *try, const ModelEvent *event)
{
    Error err;
    if (!try->first_us)
        try->first_us = monotonic_us();
    bool good = wire_event(&try->reader, event, &err);
    if (try->reader.content_count != try->content_count) {
        try->content_count = try->reader.content_count;
        try->content_ms = monotonic_ms();
    }
    if (!good)
        end(try, &err);
}

static void on_piece(void *argument)
{
    Piece *piece = argument;
    HereWork *work = piece->work;
    if (work->try)
        hear(work->try, &piece->event);
    pthread_mutex_lock(&work->lock);
    work->on_way -= sizeof *piece + piece->event.text.length;
    pthread_cond_signal(&work->has_changed);
    pthread_mutex_unlock(&work->lock);
    free(piece);
    release(work);
}

static void on_worked(void *argument)
{
    HereWork *work = argument;
    RunTry *try = work->try;
    if (try) {
        Error err = work->err;
        bool good = work->is_good;
        try->reader.usage = work->call.usage;
        good = good && answer_whole(try, &err);
        end(try, good ? NULL : &err);
    }
    release(work);
}

void here_pause(HereWork *work, bool is_paused)
{
    pthread_mutex_lock(&work->lock);
    work->is_paused = is_paused;
    pthread_cond_signal(&work->has_changed);
    pthread_mutex_unlock(&work->lock);
}

bool here_is_paused(HereWork *work) { return work->is_paused; }

/* --- The beginning --- */

static StrList copy_texts(Arena *arena, StrList texts)
{
    Str *copies = arena_new_array(arena, Str, texts.count);
    for (size_t i = 0; i < texts.count; i++)
        copies[i] = str_copy(arena, texts.at[i]);
    return (StrList){ copies, texts.count };
}

static const ModelMessage *copy_messages(Arena *arena, const ModelRequest *from)
{
    ModelMessage *messages = arena_new_array(arena, ModelMessage, from->message_count);
    for (size_t i = 0; i < from->message_count; i++) {
        const ModelMessage *message = &from->messages[i];
        ModelPart *parts = arena_new_array(arena, ModelPart, message->count);
        size_t count = 0;
        for (size_t j = 0; j < message->count; j++)
            if (message->parts[j].kind == PART_TEXT)
                parts[count++] = (ModelPart){ .kind = PART_TEXT,
                                              .text = str_copy(arena, message->parts[j].text) };
        messages[i] = (ModelMessage){ .role = message->role, .parts = parts, .count = count };
    }
    return messages;
}

static const ModelTokens *copy_tokens(Arena *arena, const ModelRequest *from)
{
    ModelTokens *lists = arena_new_array(arena, ModelTokens, from->token_list_count);
    for (size_t i = 0; i < from->token_list_count; i++) {
        size_t count = from->token_lists[i].count;
        uint32_t *ids = arena_new_array(arena, uint32_t, count);
        memcpy(ids, from->token_lists[i].at, count * sizeof *ids);
        lists[i] = (ModelTokens){ ids, count };
    }
    return lists;
}

/* A call with tools needs all that was asked, which is read from the body once more. */
static void copy_body(HereWork *work, const Run *run)
{
    work->front = run->front;
    work->body = str_copy(work->arena, run->body);
    work->request = (ModelRequest){ .earlier = str_copy(work->arena, run->request.earlier),
                                    .is_stream = run->front->streams_unasked };
}

/* What an answer is made from, apart from the call, which may be over before its thread knows. */
static ModelRequest copy_request(Arena *arena, const ModelRequest *from)
{
    return (ModelRequest){ .task = from->task,
                           .model = str_copy(arena, from->model),
                           .messages = copy_messages(arena, from),
                           .message_count = from->message_count,
                           .inputs = copy_texts(arena, from->inputs),
                           .token_lists = copy_tokens(arena, from),
                           .token_list_count = from->token_list_count,
                           .query = str_copy(arena, from->query),
                           .dimensions = from->dimensions,
                           .top_n = from->top_n,
                           .is_query = from->is_query,
                           .is_passage = from->is_passage };
}

static HereWork *make_work(RunTry *try)
{
    Run *run = try->run;
    Arena *arena = arena_new(ARENA_MAX);
    HereWork *work = arena_new_one(arena, HereWork);
    work->holders = 2;
    work->gateway = run->loop->gateway;
    work->reactor = run->loop->reactor;
    work->arena = arena;
    work->caller = caller_hold(run->caller);
    if (try->request->is_hosted)
        copy_body(work, run);
    else
        work->request = copy_request(arena, try->request);
    work->call = (HereCall){ .request = &work->request,
                             .model = str_copy(arena, try->target->model),
                             .caller = work->caller,
                             .route_tools = str_copy(arena, run->route->tools),
                             .tool_rounds = run->route->tool_rounds,
                             .arena = arena,
                             .tell = tell,
                             .self = work };
    work->try = try;
    pthread_mutex_init(&work->lock, NULL);
    pthread_cond_init(&work->has_changed, NULL);
    return work;
}

bool here_start(RunTry *try, Error *err)
{
    Run *run = try->run;
    if (!try_read(try, err))
        return false;
    try->reader = (WireReader){ .dialect = &dialect_here,
                                .arena = run->arena,
                                .scratch = run->loop->scratch,
                                .task = try->request->task,
                                .is_stream = run->request.is_stream,
                                .event = answer_event,
                                .self = try };
    try->here = make_work(try);
    if (pool_add(run->loop->gateway->here, do_work, try->here))
        return true;
    release(try->here); /* the thread's hold */
    here_stop(try);
    return fail(err, ERROR_BUSY, "too many answers are made here already; try again in a moment");
}
