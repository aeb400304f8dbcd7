/* models_calls.c - calls of a service, each counted in `usage`. */
#include "base/clock.h"
#include "base/id.h"
#include "models/models_int.h"
#include "store/usage_store.h"

typedef struct UsageWork {
    const Scope *scope;
    Arena *arena;
    UsageRow row;
} UsageWork;

static bool add_usage(DbTx *tx, void *argument, Error *err)
{
    UsageWork *work = argument;
    return usage_add(tx, work->scope, work->arena, &work->row, 1, err);
}

typedef struct Bill {
    Str feature, model;
    const Service *service;
    const GatewayReply *reply;
    int64_t start_us;
    const Error *failure; /* NULL: none */
} Bill;

/* An answer that exists is not thrown away because its row could not be written. */
static void write_usage(Models *models, const Scope *scope, Arena *arena, const Bill *bill)
{
    Error ignored;
    UsageWork work = { .scope = scope, .arena = arena };
    work.row = (UsageRow){
        .id = id_new(arena),
        .workspace = scope->workspace,
        .user = scope->user,
        .feature = bill->feature,
        .model = bill->model,
        .provider = str(bill->service->target.provider->name),
        .status = str(bill->failure ? error_name(bill->failure->code) : "ok"),
        .input_tokens = bill->reply->input_tokens,
        .output_tokens = bill->reply->output_tokens,
        .took_ms = (monotonic_us() - bill->start_us) / 1000,
        .created_at_ms = now_ms(),
    };
    (void)!store_write(models->options.db, scope, add_usage, &work, &ignored);
}

static bool ready_service(Models *models, const Scope *scope, Arena *arena, Service *service,
                          Error *err)
{
    return service_find(models, scope, arena, service, err) &&
           service_reach(models, arena, service, err);
}

/* A service that was found by itself and is not there any more is looked for again. */
static void note_failure(Models *models, const Service *service, const Error *err)
{
    if (service->was_found && err->code == ERROR_UPSTREAM)
        forget_local(models);
}

/* Answers name their model "ollama/llama3.2"; the service knows it as llama3.2. */
static Str without_service(Arena *arena, const Service *service, Str model)
{
    Str prefix = str_format(arena, "%s/", service->target.provider->name);
    return str_starts(model, prefix) ? str_from(model, prefix.length) : model;
}

bool models_chat(Models *models, const Scope *scope, Arena *arena, const ChatRequest *request,
                 ChatResult *result_r, Error *err)
{
    Service service;
    GatewayReply reply;
    GatewayMessage *messages = arena_new_array(arena, GatewayMessage, request->count);
    for (size_t i = 0; i < request->count; i++)
        messages[i] = (GatewayMessage){ request->messages[i].role, request->messages[i].text };
    if (!ready_service(models, scope, arena, &service, err))
        return false;
    if (request->model.length)
        service.model = without_service(arena, &service, request->model);
    if (!service_model(models, arena, &service, true, err))
        return false;
    GatewayChat chat = { .messages = messages,
                         .count = request->count,
                         .model = service.model,
                         .output_max = request->output_max,
                         .temperature = request->temperature,
                         .delta = request->delta,
                         .self = request->self };
    Bill bill = { .feature = request->feature,
                  .model = service.model,
                  .service = &service,
                  .reply = &reply,
                  .start_us = monotonic_us() };
    bool good = gateway_chat(models->http, arena, &service.target, &chat, &reply, err);
    if (!good) {
        bill.failure = err;
        note_failure(models, &service, err);
    }
    write_usage(models, scope, arena, &bill);
    if (good)
        *result_r = (ChatResult){ .text = reply.text,
                                  .model = service.model,
                                  .input_tokens = reply.input_tokens,
                                  .output_tokens = reply.output_tokens,
                                  .finish = reply.finish };
    return good;
}

bool models_forward(Models *models, const Scope *scope, Arena *arena, const ForwardRequest *request,
                    ForwardAnswer *answer_r, Error *err)
{
    Service service;
    GatewayForwarded done;
    if (!ready_service(models, scope, arena, &service, err))
        return false;
    GatewayForward forward = { .body = request->body,
                               .is_stream = request->is_stream,
                               .receive = request->receive,
                               .self = request->self };
    Bill bill = { .feature = S("chat"),
                  .model = request->model,
                  .service = &service,
                  .reply = &done.reply,
                  .start_us = monotonic_us() };
    bool good = gateway_forward(models->http, arena, &service.target, &forward, &done, err);
    Error refused = { .code = done.status == 429 ? ERROR_LIMITED : ERROR_UPSTREAM };
    if (!good) {
        bill.failure = err;
        note_failure(models, &service, err);
    } else if (done.status >= 300) {
        bill.failure = &refused;
    }
    write_usage(models, scope, arena, &bill);
    *answer_r = (ForwardAnswer){ done.status, done.body, done.retry_after };
    return good;
}
