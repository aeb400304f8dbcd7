/* run.c - the way of a call: see run.h. */
#include "gateway/run.h"

#include "base/clock.h"
#include "base/hash.h"
#include "gateway/gateway_int.h"
#include "gateway/run_background.h"

#define CALLER_MS 30000 /* what is known of a key is asked for again */
#define STOPPING_WAIT_MS 1000

/* --- The end --- */

/* What was worked on is paid for, also when nobody waited for its first word. */
static void bill(Run *run, const Error *failure)
{
    CallRecord *record = &run->record;
    const RunTry *try = run->try;
    ModelUsage *usage = &record->usage;
    bool is_used =
        !failure || try->reader.has_content || run->is_answered || (try->target && try->is_dropped);
    if (is_used && try->target)
        record->is_estimated = usage_of(try, usage);
    else
        *usage = try->reader.usage;
    bool is_paid = try->target && (is_used || usage->is_known);
    record->cost = is_paid ? price_of(&try->target->price, usage) : 0;
    if (record->cost >= 0)
        record->cost += run->lost_cost;
}

/* What the dearest way of the same plan would have cost more; a local model without a price costs
 * nothing. */
static void count_saving(Run *run)
{
    CallRecord *record = &run->record;
    ModelUsage usage = record->usage;
    int64_t dearest = 0, cost = record->is_local ? MAX(record->cost, (int64_t)0) : record->cost;
    if (!run->try->target || cost < 0)
        return;
    usage.cost = -1; /* what this service asked for, another would not */
    for (int i = 0; run->all_count > 1 && i < run->all_count; i++) {
        int64_t other = price_of(&run->targets[i]->price, &usage);
        dearest = MAX(dearest, other);
    }
    record->saved = MAX(record->saved, dearest - cost);
}

/* Ours is what passed before the first service was asked and after the last one was done. */
static void count_time(Run *run)
{
    CallRecord *record = &run->record;
    int64_t now = monotonic_us(), ended_us = run->try->ended_us;
    record->total_us = now - run->started_us;
    record->own_us = (run->asked_us ? run->asked_us : now) - run->started_us;
    if (ended_us)
        record->own_us += now - ended_us;
}

/* It can wait, and is asked again when there is room: nothing has happened yet. */
static bool is_put_off(const Run *run, const Error *failure)
{
    return run->is_patient && failure && !run->asked_us &&
           (failure->code == ERROR_LIMITED || failure->code == ERROR_BUSY);
}

/* Who was asked last. A target that is open for any name has those of its clients. */
static void name_target(Run *run)
{
    const GatewayTarget *target = run->try->target;
    CallRecord *record = &run->record;
    record->service = target->service->name;
    record->is_local = target->service->is_local;
    record->model = target_model(target, run->request.model);
    if (!target->model.length && run->caller)
        record->model =
            open_name(run->loop->gateway->open_names, run->caller->workspace, record->model);
}

void run_finish(Run *run, const Error *failure)
{
    CallRecord *record = &run->record;
    if (run->try->target)
        name_target(run);
    bill(run, failure);
    credit_settle(run, failure);
    cache_ended(run, failure);
    record->status = str(failure ? error_name(failure->code) : "ok");
    record->http_status = run->response ? run->response->status : 0;
    record->is_stream = run->request.is_stream;
    record->is_truncated = failure && run->stream && run->is_answered;
    record->task = run->request.task;
    count_time(run);
    if (!failure)
        count_saving(run);
    if (run->caller && !is_put_off(run, failure)) {
        record->workspace = run->caller->workspace;
        record->user = run->caller->user;
        record->key = run->caller->key;
        journal_add(run->loop->records, record);
        prompts_end(run);
    }
    if (failure || run->on_done || !kept_waits(run))
        run_end(run, failure);
}

/* Whoever was told to give up has nobody who waits, or a server that stops: then the client is
 * still there, and an answer of nothing would look like a good one. */
static void respond(Run *run, const Error *failure)
{
    Error err;
    if (failure && run->is_gone) {
        answer_stopping(&err);
        answer_failed(run, &err, STOPPING_WAIT_MS);
    }
    http_respond_now(run->response);
}

void run_end(Run *run, const Error *failure)
{
    caller_release(run->caller);
    if (run->on_done) {
        run->on_done(run, failure);
        return;
    }
    if (run->stream && !failure)
        answer_rest(run);
    if (run->stream && failure && run->try->reader.is_bytes)
        http_stream_abort(run->stream); /* nothing else can be said in the middle of a sound */
    else if (run->stream)
        http_stream_close(run->stream);
    else
        respond(run, failure);
    http_let_go(run->response);
}

void run_fail(Run *run, const Error *failure, int64_t wait_ms)
{
    run->wait_ms = wait_ms;
    if (!run->ask)
        answer_failed(run, failure, wait_ms);
    run_finish(run, failure);
}

/* The field that is to blame when there is nothing to answer with. */
static void name_model(Error *err)
{
    if (err->code == ERROR_NOT_FOUND)
        snprintf(err->field, sizeof err->field, "model");
}

/* Calls of our own that name no model want a service for chat. */
static const GatewayRoute *route_of(Run *run)
{
    const GatewayConfig *config = run->caller->config;
    ModelRequest *request = &run->request;
    bool may_be_here = (!run->ask && !request->is_hosted) || request->task != TASK_CHAT;
    const GatewayRoute *here =
        may_be_here ? config_here(config, request->task, request->model) : NULL;
    if (here && !request->model.length)
        request->model = here->name;
    return here ? here : config_route(config, request->model);
}

void run_admit(Run *run)
{
    Error err;
    if (run->refused) {
        run_fail(run, run->refused, 0);
        return;
    }
    if (run->request.is_background && !run->on_done) {
        if (!background_begin(run, &err))
            run_fail(run, &err, 0);
        return;
    }
    if (files_wait(run))
        return;
    if (previous_wait(run))
        return;
    run->route = route_of(run);
    if (!run->route) {
        fail(&err, ERROR_NOT_FOUND, "there is no model '" STR_FMT "'; GET /v1/models lists them",
             STR_ARG(str_slice(run->request.model, 0, 100)));
        name_model(&err);
        run_fail(run, &err, 0);
        return;
    }
    run->record.route = run->route->name;
    if (!caller_allows(run->caller,
                       run->request.model.length ? run->request.model : run->route->name)) {
        fail(&err, ERROR_DENIED, "this key may not use the model '" STR_FMT "'",
             STR_ARG(str_slice(run->request.model, 0, 100)));
        run_fail(run, &err, 0);
        return;
    }
    if (hosted_is_wanted(run) && !hosted_route(run, &err)) {
        run_fail(run, &err, 0);
        return;
    }
    run_plan(run);
    prompts_begin(run);
    if (!cache_answers(run))
        run_go(run);
}

void run_go(Run *run)
{
    Error err;
    CreditVerdict verdict = credit_take(run, &err);
    if (verdict == CREDIT_GIVEN)
        run_next(run);
    else if (verdict == CREDIT_REFUSED)
        run_fail(run, &err, run->wait_ms);
}

void run_stop(Run *run)
{
    Error gone;
    run->is_gone = true;
    if (run->is_loading || !cache_let_go(run))
        return;
    fail(&gone, ERROR_CANCELLED, "the client has gone");
    run_cancel(run);
    run_finish(run, &gone);
}

static void on_gone(void *argument) { run_stop(argument); }

/* --- Who calls --- */

typedef struct CallerLoad {
    Run *run;
    Str secret;
    GatewayCaller *caller;
    Error err;
} CallerLoad;

static void on_loaded(void *argument)
{
    CallerLoad *load = argument;
    Run *run = load->run;
    run->is_loading = false;
    run->caller = load->caller;
    if (run->is_gone) {
        run_stop(run);
    } else if (run->caller) {
        run_admit(run);
    } else {
        name_model(&load->err);
        run_fail(run, &load->err, 0);
    }
}

static void load_caller(void *argument)
{
    CallerLoad *load = argument;
    Gateway *gateway = load->run->loop->gateway;
    uint64_t stamp = callers_stamp(gateway);
    if (gateway->ports.load_caller(gateway->ports.load_app, load->run->http, load->secret,
                                   &load->caller, &load->err)) {
        if (load->secret.length && !load->caller->is_for_once)
            callers_keep(gateway, load->secret, load->caller, stamp);
    } else {
        load->caller = NULL;
    }
    reactor_post(load->run->loop->reactor, on_loaded, load);
}

static void find_caller(Run *run, Str secret)
{
    Gateway *gateway = run->loop->gateway;
    Error err;
    if (secret.length)
        run->caller = callers_find(gateway, secret, monotonic_ms() - CALLER_MS);
    if (run->caller) {
        run_admit(run);
        return;
    }
    CallerLoad *load = arena_new_one(run->arena, CallerLoad);
    *load = (CallerLoad){ .run = run, .secret = secret };
    run->is_loading = true;
    if (pool_add(gateway->pool, load_caller, load))
        return;
    run->is_loading = false;
    fail(&err, ERROR_BUSY, "too many requests are waiting; try again in a moment");
    run_fail(run, &err, 1000);
}

void run_begin_trace(Run *run, const TraceContext *from)
{
    run->traceparent = trace_begin(run->arena, from, &run->record);
    if (from->is_set)
        run->tracestate = str_copy(run->arena, from->state);
}

void gateway_serve(Gateway *gateway, const Front *front, Str secret, HttpRequest *http,
                   HttpResponse *response)
{
    Error err;
    Run *run = arena_new_one(http->arena, Run);
    run->loop = gateway_loop(gateway, http_reactor(response));
    run->front = front;
    run->http = http;
    run->body = http->body;
    run->secret = secret;
    run->response = response;
    run->arena = http->arena;
    run->started_us = http->started_us;
    run->record = (CallRecord){ .id = http->id,
                                .front = str(front->name),
                                .feature = S("api"),
                                .bytes_in = (int64_t)http->body.length,
                                .started_ms = now_ms() };
    run_begin_trace(run, &http->trace);
    answer_begin(run);
    http_respond_later(response, on_gone, run);
    run->request.is_stream = front->streams_unasked;
    if (front->is_form)
        run->request.form_type = http_header_in(http, "Content-Type");
    /* Who may not call does not learn what is wrong with the body. */
    if (!front->scan(run->arena, http->body, &run->request, &err)) {
        run->refused = arena_new_one(run->arena, Error);
        *run->refused = err;
    }
    find_caller(run, secret);
}
