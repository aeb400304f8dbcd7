/* run_call.c - calls in a client's shape that no client waits for: a thread asks and waits, with a
 * request and a response that were never on a wire. */
#include "base/clock.h"
#include "base/id.h"
#include "gateway/gateway_int.h"

#define CALL_ARENA_MAX MB(512)

typedef struct RunCall {
    Run run; /* first: the end tells of this */
    HttpRequest http;
    HttpResponse response;
    pthread_mutex_t lock; /* of is_done */
    pthread_cond_t ends;
    bool is_done;
    ErrorCode failure;
} RunCall;

static void call_done(Run *run, const Error *failure)
{
    RunCall *call = (RunCall *)run;
    pthread_mutex_lock(&call->lock);
    call->failure = failure ? failure->code : ERROR_NONE;
    call->is_done = true;
    pthread_cond_signal(&call->ends);
    pthread_mutex_unlock(&call->lock);
}

static void begin(void *argument)
{
    Run *run = argument;
    Error err;
    if (!run->front->scan(run->arena, run->body, &run->request, &err)) {
        run->refused = arena_new_one(run->arena, Error);
        *run->refused = err;
    } else if (run->request.is_stream) {
        run->refused = arena_new_one(run->arena, Error);
        fail_field(run->refused, "stream", "nobody waits for this answer: it cannot be streamed");
        run->request.is_stream = false;
    }
    run_admit(run);
}

static void open_call(RunCall *call, Arena *arena, Gateway *gateway, GatewayCaller *caller,
                      const GatewayCall *asked)
{
    Run *run = &call->run;
    call->http = (HttpRequest){ .arena = arena, .id = id_new(arena), .body = asked->body };
    call->response = (HttpResponse){ .status = 200, .body = buf_new(arena, RUN_ANSWER_MAX) };
    pthread_mutex_init(&call->lock, NULL);
    pthread_cond_init(&call->ends, NULL);
    run->loop = gateway_own_loop(gateway);
    run->on_done = call_done;
    run->is_patient = true;
    run->front = asked->front;
    run->http = &call->http;
    run->response = &call->response;
    run->body = asked->body;
    run->arena = arena;
    run->caller = caller_hold(caller);
    run->started_us = monotonic_us();
    run->deadline_ms = asked->total_ms ? monotonic_ms() + asked->total_ms : 0;
    run->record = (CallRecord){ .id = call->http.id,
                                .front = str(asked->front->name),
                                .feature = asked->feature,
                                .bytes_in = (int64_t)asked->body.length,
                                .started_ms = now_ms() };
    run_begin_trace(run, trace_here());
    answer_begin(run);
}

static void wait_for_end(RunCall *call)
{
    pthread_mutex_lock(&call->lock);
    while (!call->is_done)
        pthread_cond_wait(&call->ends, &call->lock);
    pthread_mutex_unlock(&call->lock);
    pthread_cond_destroy(&call->ends);
    pthread_mutex_destroy(&call->lock);
}

void gateway_call(Gateway *gateway, GatewayCaller *caller, Arena *arena, const GatewayCall *asked,
                  GatewayReply *reply_r)
{
    AUTO_ARENA Arena *own = arena_new(CALL_ARENA_MAX);
    RunCall *call = arena_new_one(own, RunCall);
    open_call(call, own, gateway, caller, asked);
    reactor_post(gateway->own, begin, &call->run);
    wait_for_end(call);
    *reply_r = (GatewayReply){ .id = str_copy(arena, call->http.id),
                               .status = call->response.status,
                               .body = str_copy(arena, buf_str(&call->response.body)),
                               .failure = call->failure,
                               .wait_ms = call->failure ? call->run.wait_ms : 0,
                               .model = str_copy(arena, call->run.record.model),
                               .usage = call->run.record.usage };
}
