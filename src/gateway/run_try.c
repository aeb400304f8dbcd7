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

/* The client's own body, but for the model's name, what the service calls otherwise and, of a
 * stream, that usage is wanted. */
static Str same_body(Run *run, Str model)
{
    const DialectQuirks *quirks = &run->try->target->service->quirks;
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

/* --- The head --- */

static bool is_header_text(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
            return false;
    return true;
}

static void put_header(Buf *out, Str name, Str value)
{
    if (!is_header_text(name) || !is_header_text(value))
        return;
    buf_add(out, name);
    buf_add(out, S(": "));
    buf_add(out, value);
    buf_add(out, S("\r\n"));
}

/* What the client says to a service of its own dialect by headers. */
static void put_passed(const RunTry *try, Buf *out)
{
    const char *const *names = try->is_same ? try->run->front->passed_headers : NULL;
    for (; names && *names; names++) {
        Str value = http_header_in(try->run->http, *names);
        if (value.length)
            put_header(out, str(*names), value);
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
    Str path = service->dialect->path(run->arena, &run->request, at);
    Buf *out = &try->head;
    *out = buf_new(run->arena, KB(32));
    buf_reserve(out, 400);
    buf_add(out, S("POST "));
    buf_add(out, service->base_path);
    buf_add(out, path);
    buf_add(out, S(" HTTP/1.1\r\n"));
    put_header(out, S("Host"), service->host_header);
    put_header(out, S("User-Agent"), S("lectern/" VERSION));
    put_header(out, S("Accept"),
               run->request.is_stream ? S("text/event-stream") : S("application/json"));
    put_header(out, S("Content-Type"),
               wire->media_type.length ? wire->media_type : S("application/json"));
    put_passed(try, out);
    for (size_t i = 0; i < wire->header_count; i++)
        if (!is_passed(try, wire->headers[i].name))
            put_header(out, wire->headers[i].name, wire->headers[i].value);
    for (size_t i = 0; i < service->headers.count; i++)
        put_header(out, service->headers.at[i].name, service->headers.at[i].value);
    buf_addf(out, "Content-Length: %zu\r\n\r\n", try->body.length);
}

static bool write_request(RunTry *try, Error *err)
{
    Run *run = try->run;
    const GatewayTarget *target = try->target;
    const Dialect *dialect = target->service->dialect;
    DialectTarget at = { .model = target_model(target, run->request.model),
                         .key = target->service->keys.count ? target->service->keys.at[0] : S(""),
                         .version = target->service->version,
                         .quirks = target->service->quirks };
    WireRequest wire = { 0 };
    if (run->request.has_image_urls && target->service->is_local)
        return fail_field(err, "messages",
                          "send images as data: URLs; addresses are not handed on");
    if (try->is_same) {
        try->body = same_body(run, at.model);
    } else {
        wire.body = buf_new(run->arena, MB(64));
        if (!read_request(run, err) || !dialect->write(run->arena, &run->request, &at, &wire, err))
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
    (void)err;
    try->status = head->status;
    try->first_us = monotonic_us();
    Hints hints = hints_of_headers(head->headers, now_ms());
    try->wait_ms = is_good(head->status) ? HINT_NONE : hints.wait_ms;
    target_learn(try->place.state, &hints);
    if (!is_good(head->status)) {
        try->failure = buf_new(run->arena, FAILURE_MAX);
        return true;
    }
    bool is_told = run->request.is_stream || !try->is_same;
    try->reader = (WireReader){ .dialect = try->target->service->dialect,
                                .arena = run->arena,
                                .scratch = run->loop->scratch,
                                .task = run->request.task,
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
    if (try->is_reading)
        return wire_reader_feed(&try->reader, bytes, err);
    buf_add(&try->failure, bytes); /* what is over the limit says nothing new */
    return true;
}

/* A status that is no success, told to people. The key never is: some services repeat it. */
static bool fail_status(RunTry *try, Error *err)
{
    const GatewayService *service = try->target->service;
    WireError said;
    service->dialect->read_error(try->run->arena, buf_str(&try->failure), &said);
    Str why =
        said.message.length ? str_slice(str_trim(said.message), 0, 240) : S("it gave no reason");
    for (size_t i = 0; i < service->keys.count; i++)
        if (service->keys.at[i].length && str_find(why, service->keys.at[i]) >= 0)
            why = S("it gave a reason that holds the key");
    int64_t told_ms = MAX(said.retry_after_ms, hint_of_body(buf_str(&try->failure)));
    try->wait_ms = MAX(try->wait_ms, told_ms);
    if (try->status == 401 || try->status == 403)
        return fail(err, ERROR_UPSTREAM, "it refuses the key (status %d); set another one",
                    try->status);
    if (try->status == 429)
        return fail(err, ERROR_LIMITED, "it wants fewer requests: " STR_FMT, STR_ARG(why));
    if (try->status == 400 || try->status == 413 || try->status == 422)
        return fail(err, ERROR_INVALID, "it refuses the request: " STR_FMT, STR_ARG(why));
    return fail(err, ERROR_UPSTREAM, "it failed with status %d: " STR_FMT, try->status,
                STR_ARG(why));
}

static void let_origin_go(RunTry *try)
{
    origins_cancel(&try->origin_wait);
    origin_release(try->origin);
    try->origin = NULL;
}

static void on_end(AsyncCall *call, const Error *failure)
{
    RunTry *try = call->owner;
    Error err = failure ? *failure : (Error){ 0 };
    bool good = !failure;
    try->ended_us = monotonic_us();
    if (good && !is_good(try->status))
        good = fail_status(try, &err);
    else if (good)
        good = wire_reader_finish(&try->reader, &err) && answer_whole(try, &err);
    if (try->is_reading)
        wire_reader_end(&try->reader);
    try->is_reading = false;
    if (!good)
        fail_in(&err, STR_FMT, STR_ARG(try->target->service->title));
    let_origin_go(try);
    run_tried(try, good ? NULL : &err);
}

static void on_origin(OriginWait *wait, const AsyncOrigin *origin, const Error *failure)
{
    RunTry *try = wait->owner;
    try->origin = try->call.origin = origin;
    if (origin)
        async_call_start(try->run->loop->client, &try->call);
    else
        on_end(&try->call, failure);
}

bool try_start(RunTry *try, const GatewayTarget *target, const TargetPlace *place, Error *err)
{
    Run *run = try->run;
    const GatewayService *service = target->service;
    *try = (RunTry){ .run = run,
                     .target = target,
                     .place = *place,
                     .is_same = run->front && run->front->same == service->dialect,
                     .wait_ms = -1,
                     .started_us = monotonic_us(),
                     .held = buf_new(run->arena, RUN_HELD_MAX) };
    model_collect_begin(&try->collector, run->arena, RUN_ANSWER_MAX);
    if (!run->asked_us)
        run->asked_us = try->started_us;
    if (!write_request(try, err))
        return false;
    const GatewayTimes *times = &service->times;
    int64_t first_ms = times->first_byte_ms ? times->first_byte_ms : 120000;
    int64_t total_ms = times->total_ms ? times->total_ms : 900000;
    try->call = (AsyncCall){
        .head = buf_str(&try->head),
        .body = try->body,
        .connect_ms = times->connect_ms,
        /* A whole answer comes when it is written to its end. */
        .first_byte_ms = run->request.is_stream ? first_ms : total_ms,
        .idle_ms = times->idle_ms,
        .total_ms = total_ms,
        .on_head = on_head,
        .on_body = on_body,
        .on_end = on_end,
        .owner = try,
    };
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
    let_origin_go(try);
    if (try->is_reading)
        wire_reader_end(&try->reader);
    try->is_reading = false;
}
