/* run_try.c - one attempt of a call at one target: from the request's bytes to the answer's. */
#include "base/clock.h"
#include "base/json_walk.h"
#include "gateway/run.h"

#define FAILURE_MAX KB(64)

/* --- The body --- */

/* The client's stream_options with include_usage set: we count, whether the client does or not. */
static void put_stream_options(Buf *out, Str options)
{
    JsonWalk walk = json_walk_begin(options);
    Str name, value;
    buf_add(out, S("{\"include_usage\":true"));
    while (options.length && json_walk_next(&walk, &name, &value))
        if (!str_is(name, "include_usage"))
            buf_addf(out, ",\"" STR_FMT "\":" STR_FMT, STR_ARG(name), STR_ARG(value));
    buf_add_char(out, '}');
}

/* Does the body have a member that the service calls otherwise or fails with? */
static bool has_quirks(Str body, const DialectQuirks *quirks)
{
    JsonWalk walk = json_walk_begin(body);
    Str name, value;
    while (quirks->members && json_walk_next(&walk, &name, &value))
        if (!str_equal(dialect_member(quirks, name), name))
            return true;
    return false;
}

static bool has_names(Str body)
{
    JsonWalk walk = json_walk_begin(json_walk_member(body, "messages"));
    Str ignored, message;
    while (json_walk_next(&walk, &ignored, &message))
        if (json_walk_member(message, "name").length)
            return true;
    return false;
}

/* The client's own body, but for the model's name, what the service calls otherwise and, of a
 * stream, that usage is wanted. */
static Str same_body(const RunTry *try, Str model)
{
    Run *run = try->run;
    const DialectQuirks *quirks = &try->target->service->quirks;
    const ModelRequest *request = &run->request;
    Str body = run->body, name, value, options = S("");
    bool wants_usage = request->is_stream && !request->wants_usage && request->task == TASK_CHAT &&
                       dialect_member(quirks, S("stream_options")).length;
    if (!wants_usage && str_equal(request->model, model) && !has_quirks(body, quirks))
        return body;
    Buf out = buf_new(run->arena, body.length + model.length * 6 + KB(1));
    buf_reserve(&out, body.length + model.length + 64);
    JsonWalk walk = json_walk_begin(body);
    buf_add(&out, S("{\"model\":"));
    json_quote(&out, model);
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "model"))
            continue;
        if (wants_usage && str_is(name, "stream_options")) {
            options = value.at[0] == '{' ? value : S("");
            continue;
        }
        Str said = dialect_member(quirks, name);
        bool is_renamed = said.length && !str_equal(said, name);
        if (!said.length || (is_renamed && json_walk_member(body, str_c(run->arena, said)).length))
            continue;
        buf_add(&out, S(",\""));
        buf_add(&out, said);
        buf_add(&out, S("\":"));
        buf_add(&out, value);
    }
    if (wants_usage) {
        buf_add(&out, S(",\"stream_options\":"));
        put_stream_options(&out, options);
    }
    buf_add_char(&out, '}');
    return buf_str(&out);
}

static bool read_request(Run *run, Error *err)
{
    if (!run->is_read && !run->front->read(run->arena, run->body, &run->request, err))
        return err->field[0] ? fail_in(err, "%s", err->field) : false;
    run->is_read = true;
    return true;
}

/* A service that only chats completes a prompt that is its only message. */
static const ModelRequest *request_for(Run *run, const ModelRequest *request,
                                       const Dialect *dialect)
{
    bool is_chat = request->task == TASK_COMPLETION && !(dialect->tasks & 1U << TASK_COMPLETION);
    if (!is_chat)
        return request;
    ModelRequest *chat = arena_new_one(run->arena, ModelRequest);
    *chat = *request;
    chat->task = TASK_CHAT;
    return chat;
}

/* A tool that a service has itself is told in its own dialect's words. */
static bool check_tools(const ModelRequest *request, const DialectTarget *at, Error *err)
{
    for (size_t i = 0; !at->takes_extra && i < request->tool_count; i++)
        if (request->tools[i].builtin.length) {
            fail(err, ERROR_UNSUPPORTED,
                 "tools: this service has no tool of its own like number %zu", i);
            snprintf(err->field, sizeof err->field, "tools[%zu].type", i);
            return false;
        }
    return true;
}

/* --- The head --- */

/* What the client says to a service of its own dialect by headers. */
static void put_passed(const RunTry *try, Buf *out)
{
    const char *const *names = try->is_same ? try->run->front->passed_headers : NULL;
    for (; names && *names; names++) {
        Str value = http_header_in(try->run->http, *names);
        if (value.length)
            wire_put_header(out, str(*names), value);
    }
}

/* The client has said it, and that counts. */
static bool is_passed(const RunTry *try, Str name)
{
    const char *const *names = try->is_same ? try->run->front->passed_headers : NULL;
    for (; names && *names; names++)
        if (str_equal_ignore_case(name, str(*names)))
            return http_header_in(try->run->http, *names).length > 0;
    return false;
}

static void write_head(RunTry *try, const WireRequest *wire, const DialectTarget *at)
{
    Run *run = try->run;
    const GatewayService *service = try->target->service;
    Str path = service->dialect->path(run->arena, try->request, at);
    Buf *out = &try->head;
    *out = buf_new(run->arena, KB(32));
    buf_reserve(out, 400);
    buf_add(out, S("POST "));
    buf_add(out, service->base_path);
    buf_add(out, path);
    buf_add(out, S(" HTTP/1.1\r\n"));
    wire_put_header(out, S("Host"), service->host_header);
    wire_put_header(out, S("User-Agent"), S("lectern/" VERSION));
    wire_put_header(out, S("Accept"),
                    run->request.is_stream ? S("text/event-stream") : S("application/json"));
    wire_put_header(out, S("Accept-Encoding"), S("identity"));
    wire_put_header(out, S("Content-Type"),
                    wire->media_type.length ? wire->media_type : S("application/json"));
    if (run->traceparent.length)
        wire_put_header(out, S("traceparent"), run->traceparent);
    put_passed(try, out);
    for (size_t i = 0; i < wire->header_count; i++)
        if (!is_passed(try, wire->headers[i].name))
            wire_put_header(out, wire->headers[i].name, wire->headers[i].value);
    for (size_t i = 0; i < service->headers.count; i++)
        wire_put_header(out, service->headers.at[i].name, service->headers.at[i].value);
    buf_addf(out, "Content-Length: %zu\r\n\r\n", try->body.length);
}

static bool write_request(RunTry *try, Error *err)
{
    Run *run = try->run;
    const GatewayTarget *target = try->target;
    const Dialect *dialect = target->service->dialect;
    DialectTarget at = { .model = target_model(target, run->request.model),
                         .key = target->service->keys.count
                                    ? target->service->keys.at[try->seat.key]
                                    : S(""),
                         .version = target->service->version,
                         .quirks = target->service->quirks,
                         .takes_extra = run->front && run->front->same == dialect };
    WireRequest wire = { 0 };
    try->request = &run->request;
    if (try->is_same && at.quirks.refuses_names && has_names(run->body))
        try->is_same = false; /* then it is written anew, without them */
    if (run->request.has_image_urls && target->service->is_local)
        return fail_field(err, "messages",
                          "send images as data: URLs; addresses are not handed on");
    if (guard_is_on(try)) {
        if (!read_request(run, err))
            return false;
        try->request = guard_request(try);
        try->is_same = try->is_same && !try->is_masked;
    }
    if (try->is_same) {
        try->body = same_body(try, at.model);
    } else {
        wire.body = buf_new(run->arena, MB(64));
        if (!read_request(run, err))
            return false;
        try->request = request_for(run, try->request, dialect);
        if (!check_tools(try->request, &at, err) ||
            !dialect->write(run->arena, try->request, &at, &wire, err))
            return false;
        try->body = buf_str(&wire.body);
    }
    dialect->authorize(run->arena, &at, &wire);
    write_head(try, &wire, &at);
    return true;
}

/* --- The answer --- */

static bool is_good(int status) { return status >= 200 && status < 300; }

/* Of an answer that is handed on and kept it must be known how it ends. */
static bool listen_only(void *try, const ModelEvent *event, Error *err)
{
    (void)try, (void)event, (void)err;
    return true;
}

static bool (*listener_of(const RunTry *try))(void *, const ModelEvent *, Error *)
{
    if (!try->is_same)
        return answer_event;
    return try->run->keeps_answer ? listen_only : NULL;
}

static bool on_head(AsyncCall *call, const HttpHead *head, Error *err)
{
    RunTry *try = call->owner;
    Run *run = try->run;
    Str encoding = http_head_header(head, "Content-Encoding");
    try->status = head->status;
    try->first_us = monotonic_us();
    Hints hints = hints_of_headers(head->headers, now_ms());
    try->wait_ms = is_good(head->status) ? HINT_NONE : hints.wait_ms;
    target_learn(try->seat.places[PLACE_TARGET].state, &hints);
    if (!is_good(head->status)) {
        try->failure = buf_new(run->arena, FAILURE_MAX);
        return true;
    }
    if (encoding.length && !str_equal_ignore_case(encoding, S("identity")))
        return fail(err, ERROR_UPSTREAM, "its answer is encoded although that was not asked for");
    bool is_told = run->request.is_stream || !try->is_same;
    try->reader = (WireReader){ .dialect = try->target->service->dialect,
                                .arena = run->arena,
                                .scratch = run->loop->scratch,
                                .task = try->request->task,
                                .is_stream = run->request.is_stream,
                                .event = listener_of(try),
                                .frame = try->is_same && is_told ? answer_frame : NULL,
                                .self = try };
    wire_reader_begin(&try->reader, RUN_ANSWER_MAX);
    try->is_reading = true;
    return true;
}

static bool on_body(AsyncCall *call, Str bytes, Error *err)
{
    RunTry *try = call->owner;
    if (!try->is_reading) {
        buf_add(&try->failure, bytes); /* what is over the limit says nothing new */
        return true;
    }
    bool good = wire_reader_feed(&try->reader, bytes, err);
    if (try->reader.content_count != try->content_count) {
        try->content_count = try->reader.content_count;
        try->content_ms = call->moved_ms;
    }
    return good;
}

bool try_tells_key(const RunTry *try, Str text)
{
    const StrList *keys = &try->target->service->keys;
    for (size_t i = 0; i < keys->count; i++)
        if (keys->at[i].length && str_find(text, keys->at[i]) >= 0)
            return true;
    return false;
}

/* What a service says of its refusal. */
static Str reason_of(const RunTry *try, const WireError *said)
{
    if (try_tells_key(try, said->message))
        return S("it gave a reason that holds the key");
    Str why = str_slice(str_trim(said->message), 0, 240);
    return why.length ? why : S("it gave no reason");
}

static bool fail_request(int status, Str why, Error *err)
{
    ErrorCode code = status == 404   ? ERROR_NOT_FOUND
                     : status == 413 ? ERROR_TOO_LARGE
                                     : ERROR_INVALID;
    return fail(err, code, "it refuses the request: " STR_FMT, STR_ARG(why));
}

/* A status that is no success, told to people. */
static bool fail_status(RunTry *try, Error *err)
{
    const GatewayService *service = try->target->service;
    Str body = buf_str(&try->failure);
    WireError said;
    service->dialect->read_error(try->run->arena, body, &said);
    FailureText text = { .status = try->status,
                         .code = said.code,
                         .type = said.type,
                         .message = said.message,
                         .moves_on = service->moves_on };
    Str why = reason_of(try, &said);
    try->kind = failure_of(&text);
    try->wait_ms = MAX(try->wait_ms, MAX(said.retry_after_ms, hint_of_body(body)));
    switch (try->kind) {
    case FAILURE_KEY:
        return fail(err, ERROR_UPSTREAM, "it refuses the key (status %d); set another one",
                    try->status);
    case FAILURE_QUOTA:
        return fail(err, ERROR_LIMITED, "nothing is left of what is paid for: " STR_FMT,
                    STR_ARG(why));
    case FAILURE_BUSY:
        return fail(err, ERROR_LIMITED, "it wants fewer requests: " STR_FMT, STR_ARG(why));
    case FAILURE_CONTEXT:
    case FAILURE_REQUEST: return fail_request(try->status, why, err);
    default: break;
    }
    if (try->status < 400)
        return fail(err, ERROR_UPSTREAM,
                    "it answers with a redirect (status %d), which is not followed; correct its "
                    "address",
                    try->status);
    return fail(err, ERROR_UPSTREAM, "it failed with status %d: " STR_FMT, try->status,
                STR_ARG(why));
}

/* --- The end --- */

static void let_origin_go(RunTry *try)
{
    origins_cancel(&try->origin_wait);
    origin_release(try->origin);
    try->origin = NULL;
}

static bool is_too_late(const Run *run)
{
    int64_t now_ms = monotonic_ms();
    return (run->deadline_ms && now_ms >= run->deadline_ms) ||
           (run->begin_by_ms && !run->is_answered && now_ms >= run->begin_by_ms);
}

/* Of a failure that no status tells of. That the client's own time is over says nothing of the
 * service. */
static FailureKind kind_of(const RunTry *try, const Error *failure)
{
    FailureText text = { .status = try->reader.failed_status, .message = str(failure->message) };
    if (text.status)
        return failure_of(&text);
    bool is_ours = failure->code == ERROR_CANCELLED || failure->code == ERROR_INVALID ||
                   (failure->code == ERROR_TIMEOUT && is_too_late(try->run));
    return is_ours ? FAILURE_GONE : FAILURE_BROKEN;
}

static void end_try(RunTry *try, Error *failure)
{
    try->ended_us = monotonic_us();
    if (try->is_reading)
        wire_reader_end(&try->reader);
    try->is_reading = false;
    reactor_clear_timer(try->run->loop->reactor, &try->clock);
    if (failure)
        fail_in(failure, STR_FMT, STR_ARG(try->target->service->title));
    let_origin_go(try);
    run_tried(try, failure);
}

static void on_end(AsyncCall *call, const Error *failure)
{
    RunTry *try = call->owner;
    Error err = failure ? *failure : (Error){ 0 };
    bool good = !failure;
    if (try->status && !is_good(try->status)) { /* cut or not, the status says what is wrong */
        good = fail_status(try, &err);
    } else {
        good = good && wire_reader_finish(&try->reader, &err) && answer_whole(try, &err);
        if (err.code == ERROR_TOO_LARGE) /* the answer is, not what was asked */
            err.code = ERROR_UPSTREAM;
        if (!good && try_tells_key(try, str(err.message)))
            fail(&err, err.code,
                 "it failed in the middle of the answer, and its reason holds the key");
        if (!good)
            try->kind = kind_of(try, &err);
    }
    end_try(try, good ? NULL : &err);
}

/* --- Time --- */

/* When the next piece of the answer must have come. */
static int64_t content_due_ms(const RunTry *try)
{
    const Run *run = try->run;
    if (try->call.is_paused)
        return monotonic_ms() + try->times.idle_ms;
    if (try->content_count)
        return try->content_ms + try->times.idle_ms;
    int64_t due_ms = try->started_us / 1000 + try->times.first_byte_ms;
    return run->begin_by_ms ? MIN(due_ms, run->begin_by_ms) : due_ms;
}

/* One timer for a stream, moved when it fires: what comes costs nothing. Bytes alone do not help,
 * so a service that sends nothing but comments ends here. */
static void on_clock(ReactorTimer *timer)
{
    RunTry *try = timer->owner;
    int64_t due_ms = content_due_ms(try);
    Error err;
    if (due_ms > monotonic_ms()) {
        reactor_set_timer(try->run->loop->reactor, timer, due_ms);
        return;
    }
    fail(&err, ERROR_TIMEOUT, "it %s within the time limit",
         try->content_count ? "stopped in the middle of the answer" : "did not begin to answer");
    async_call_cancel(&try->call);
    try->kind = kind_of(try, &err);
    end_try(try, &err);
}

static void merge_times(GatewayTimes *times, const GatewayTimes *more)
{
    times->connect_ms = times->connect_ms ? times->connect_ms : more->connect_ms;
    times->first_byte_ms = times->first_byte_ms ? times->first_byte_ms : more->first_byte_ms;
    times->idle_ms = times->idle_ms ? times->idle_ms : more->idle_ms;
    times->try_ms = times->try_ms ? times->try_ms : more->try_ms;
    times->total_ms = times->total_ms ? times->total_ms : more->total_ms;
}

static GatewayTimes times_of(const RunTry *try)
{
    static const GatewayTimes standard = { .connect_ms = 10000,
                                           .first_byte_ms = 120000,
                                           .idle_ms = 60000,
                                           .try_ms = 900000,
                                           .total_ms = 900000 };
    GatewayTimes times = try->run->route->times;
    merge_times(&times, &try->target->service->times);
    merge_times(&times, &try->run->caller->config->times);
    merge_times(&times, &standard);
    return times;
}

/* What is left for this attempt; less than 1: nothing. */
static int64_t time_left_ms(const RunTry *try)
{
    const Run *run = try->run;
    int64_t now_ms = monotonic_ms();
    int64_t left_ms = run->started_us / 1000 + try->times.total_ms - now_ms;
    if (run->deadline_ms)
        left_ms = MIN(left_ms, run->deadline_ms - now_ms);
    if (run->begin_by_ms && !run->request.is_stream)
        left_ms = MIN(left_ms, run->begin_by_ms - now_ms);
    return MIN(left_ms, try->times.try_ms);
}

/* --- The beginning --- */

static void on_origin(OriginWait *wait, const AsyncOrigin *origin, const Error *failure)
{
    RunTry *try = wait->owner;
    try->origin = try->call.origin = origin;
    if (origin)
        async_call_start(try->run->loop->client, &try->call);
    else
        on_end(&try->call, failure);
}

static void make_call(RunTry *try, int64_t left_ms)
{
    const GatewayTimes *times = &try->times;
    bool is_stream = try->run->request.is_stream;
    try->call = (AsyncCall){
        .head = buf_str(&try->head),
        .body = try->body,
        .connect_ms = times->connect_ms,
        /* A whole answer comes when it is written to its end. */
        .first_byte_ms = is_stream ? times->first_byte_ms : left_ms,
        .idle_ms = times->idle_ms,
        .total_ms = left_ms,
        .on_head = on_head,
        .on_body = on_body,
        .on_end = on_end,
        .owner = try,
    };
    try->clock = (ReactorTimer){ .fire = on_clock, .owner = try };
    if (is_stream)
        reactor_set_timer(try->run->loop->reactor, &try->clock, content_due_ms(try));
}

bool try_start(RunTry *try, const GatewayTarget *target, const RunSeat *seat, Error *err)
{
    Run *run = try->run;
    const GatewayService *service = target->service;
    *try = (RunTry){ .run = run,
                     .target = target,
                     .seat = *seat,
                     .is_same = run->front && run->front->same == service->dialect,
                     .wait_ms = HINT_NONE,
                     .started_us = monotonic_us(),
                     .held = buf_new(run->arena, RUN_HELD_MAX) };
    model_collect_begin(&try->collector, run->arena, RUN_ANSWER_MAX);
    try->times = times_of(try);
    int64_t left_ms = time_left_ms(try);
    if (left_ms < 1)
        return fail(err, ERROR_TIMEOUT, "no time is left to ask " STR_FMT, STR_ARG(service->title));
    if (!run->asked_us)
        run->asked_us = try->started_us;
    if (!write_request(try, err))
        return false;
    make_call(try, left_ms);
    try->origin_wait = (OriginWait){ .done = on_origin, .owner = try };
    const AsyncOrigin *origin =
        origins_find(run->loop->origins, service->base_url, &service->safety, &try->origin_wait);
    if (origin)
        on_origin(&try->origin_wait, origin, NULL);
    return true;
}

void try_cancel(RunTry *try)
{
    async_call_cancel(&try->call);
    reactor_clear_timer(try->run->loop->reactor, &try->clock);
    let_origin_go(try);
    if (try->is_reading)
        wire_reader_end(&try->reader);
    try->is_reading = false;
}
