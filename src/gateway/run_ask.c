/* run_ask.c - calls of our own: a thread asks and waits, the reactor does the rest.
 *
 * Pieces of the text wait in `pending` for the thread that asked; it hands them to its caller, so a
 * slow caller never holds up the reactor. */
#include "base/clock.h"
#include "base/id.h"
#include "gateway/gateway_int.h"
#include "gateway/thoughts.h"

#define ASK_ARENA_MAX MB(256)
#define TEXT_MAX MB(1) /* of an answer that we asked for ourselves */

typedef struct RunAsk {
    pthread_mutex_t lock; /* of pending and what follows it */
    pthread_cond_t has_news;
    Buf pending;
    bool is_done, is_good;
    bool stop_waits; /* a stop is on its way to the reactor, and looks at this when it is there */
    Error err;

    Run run;
    Arena *arena; /* of the run and of the pieces */
    ThoughtFilter thoughts;
    bool has_text;
} RunAsk;

/* --- On the reactor --- */

static void tell(RunAsk *ask, Str text)
{
    if (!text.length)
        return;
    ask->has_text = ask->has_text || str_trim(text).length;
    pthread_mutex_lock(&ask->lock);
    buf_add(&ask->pending, text);
    pthread_cond_signal(&ask->has_news);
    pthread_mutex_unlock(&ask->lock);
}

bool ask_event(RunTry *try, const ModelEvent *event, Error *err)
{
    RunAsk *ask = try->run->ask;
    Str rest;
    if (!model_collect(&try->collector, event, err))
        return false;
    if (event->kind != EVENT_TEXT || event->choice)
        return true;
    if (!thoughts_skip(&ask->thoughts, event->text, &rest, err))
        return false;
    tell(ask, rest);
    return !ask->pending.overflowed ||
           fail(err, ERROR_TOO_LARGE, "the answer has more than %zu bytes", TEXT_MAX);
}

static void ask_done(Run *run, const Error *failure)
{
    RunAsk *ask = run->ask;
    if (!failure)
        tell(ask, thoughts_rest(&ask->thoughts));
    pthread_mutex_lock(&ask->lock);
    ask->is_done = true;
    ask->is_good = !failure;
    if (failure)
        ask->err = *failure;
    pthread_cond_signal(&ask->has_news);
    pthread_mutex_unlock(&ask->lock);
}

/* --- Answers that are kept --- */

Str ask_kept(Run *run)
{
    Str model = str_slice(run->record.model, 0, 400);
    return str_format(run->arena, STR_FMT "\n" STR_FMT, STR_ARG(model),
                      STR_ARG(buf_str(&run->ask->pending)));
}

bool ask_again(Run *run, Str kept, Error *err)
{
    Str model;
    (void)str_next(&kept, '\n', &model);
    run->record.model = str_copy(run->arena, model);
    return ask_event(run->try, &(ModelEvent){ .kind = EVENT_TEXT, .text = kept }, err) &&
           ask_event(run->try, &(ModelEvent){ .kind = EVENT_FINISH, .finish = FINISH_STOP }, err);
}

/* Each text with its length before it, so that no two requests have one text. */
static void put(Buf *out, Str text) { buf_addf(out, "%zu:" STR_FMT, text.length, STR_ARG(text)); }

Str ask_text(Run *run)
{
    const ModelRequest *request = &run->request;
    Buf out = buf_new(run->arena, MB(4));
    if (request->task != TASK_CHAT || request->tool_count || request->choice_count > 1)
        return S("");
    put(&out, request->model);
    put(&out, request->schema);
    put(&out, request->reasoning_effort);
    buf_addf(&out, "%d,%" PRId64 ",%" PRId64 ",%d,%g;", request->format, request->output_max,
             request->reasoning_budget, request->temperature.is_set, request->temperature.value);
    for (size_t i = 0; i < request->message_count; i++) {
        const ModelMessage *message = &request->messages[i];
        buf_addf(&out, "%d,%zu;", message->role, message->count);
        for (size_t j = 0; j < message->count; j++) {
            if (message->parts[j].kind != PART_TEXT)
                return S("");
            put(&out, message->parts[j].text);
        }
    }
    return out.overflowed ? S("") : buf_str(&out);
}

static void begin(void *argument) { run_admit(argument); }

static void stop(void *argument)
{
    RunAsk *ask = argument;
    if (!ask->is_done)
        run_stop(&ask->run);
    pthread_mutex_lock(&ask->lock);
    ask->stop_waits = false;
    pthread_cond_signal(&ask->has_news);
    pthread_mutex_unlock(&ask->lock);
}

/* --- On the thread that asks --- */

/* The next piece; an empty one at the end. */
static Str wait_for_piece(RunAsk *ask, Buf *text)
{
    size_t told = text->length;
    pthread_mutex_lock(&ask->lock);
    while (told == ask->pending.length && (!ask->is_done || ask->stop_waits))
        pthread_cond_wait(&ask->has_news, &ask->lock);
    buf_add(text, str_from(buf_str(&ask->pending), told));
    pthread_mutex_unlock(&ask->lock);
    return str_from(buf_str(text), told);
}

static void ask_to_stop(RunAsk *ask)
{
    pthread_mutex_lock(&ask->lock);
    ask->stop_waits = true;
    pthread_mutex_unlock(&ask->lock);
    reactor_post(ask->run.loop->reactor, stop, ask);
}

/* Hand on what comes until the call is over. */
static void wait_for_end(RunAsk *ask, const GatewayAsk *asked, Buf *text)
{
    bool stops = false;
    Str piece;
    while ((piece = wait_for_piece(ask, text)).length)
        if (!stops && asked->delta && !asked->delta(asked->self, piece)) {
            stops = true;
            ask_to_stop(ask);
        }
}

static void open_ask(RunAsk *ask, Gateway *gateway, GatewayCaller *caller, const GatewayAsk *asked)
{
    ask->pending = buf_new(ask->arena, TEXT_MAX);
    thoughts_begin(&ask->thoughts, ask->arena, TEXT_MAX);
    pthread_mutex_init(&ask->lock, NULL);
    pthread_cond_init(&ask->has_news, NULL);
    size_t bytes = 0;
    for (size_t i = 0; i < asked->request->message_count; i++)
        for (size_t j = 0; j < asked->request->messages[i].count; j++)
            bytes += asked->request->messages[i].parts[j].text.length;
    Run *run = &ask->run;
    run->loop = gateway_own_loop(gateway);
    run->ask = ask;
    run->on_done = ask_done;
    run->arena = ask->arena;
    answer_begin(run);
    run->caller = caller_hold(caller);
    run->request = *asked->request;
    run->request.is_stream = run->request.task == TASK_CHAT;
    run->is_read = true;
    run->persona = asked->persona;
    run->may_keep = asked->may_keep;
    run->is_personal = asked->is_personal;
    run->never_here = asked->never_here;
    run->is_within = asked->is_within;
    run->body = (Str){ NULL, bytes }; /* only its length is asked for */
    run->started_us = monotonic_us();
    run->record = (CallRecord){ .id = id_new(ask->arena),
                                .front = S("own"),
                                .feature = asked->feature,
                                .bytes_in = (int64_t)bytes,
                                .started_ms = now_ms() };
    run_begin_trace(run, trace_here());
}

bool gateway_ask(Gateway *gateway, GatewayCaller *caller, Arena *arena, const GatewayAsk *asked,
                 GatewayAnswer *answer_r, Error *err)
{
    AUTO_ARENA Arena *own = arena_new(ASK_ARENA_MAX);
    RunAsk *ask = arena_new_one(own, RunAsk);
    Buf text = buf_new(arena, TEXT_MAX);
    ask->arena = own;
    open_ask(ask, gateway, caller, asked);
    Run *run = &ask->run;
    reactor_post(gateway->own, begin, run);
    wait_for_end(ask, asked, &text);

    const ModelReply *reply = model_reply_copy(arena, model_collected(&run->try->collector));
    *answer_r = (GatewayAnswer){ .text = buf_str(&text),
                                 .model = str_copy(arena, run->record.model),
                                 .reply = reply,
                                 .usage = run->record.usage,
                                 .finish = reply->choices.at[0].finish,
                                 .cost = run->record.cost,
                                 .is_estimated = run->record.is_estimated,
                                 .wait_ms = ask->is_good ? 0 : run->wait_ms };
    bool good = ask->is_good;
    if (!good)
        *err = ask->err;
    pthread_cond_destroy(&ask->has_news);
    pthread_mutex_destroy(&ask->lock);
    return good;
}
