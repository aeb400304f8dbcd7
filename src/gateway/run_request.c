/* run_request.c - what a target is sent: the client's own body where both sides speak the same
 * dialect, else one that is written anew. */
#include "base/json_walk.h"
#include "gateway/members.h"
#include "gateway/run_media.h"

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
    bool is_said = request->task == TASK_CHAT || request->task == TASK_COMPLETION;
    bool wants_usage = request->is_stream && !request->wants_usage && is_said &&
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

bool run_read(Run *run, Error *err)
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

bool try_read(RunTry *try, Error *err)
{
    Run *run = try->run;
    if (!run_read(run, err))
        return false;
    try->request = guard_is_on(try) ? guard_request(try) : &run->request;
    try->request = media_request(try, try->request);
    try->request = request_for(run, try->request, try->target->service->dialect);
    return true;
}

/* Another model has other tokens. */
static bool check_tokens(const ModelRequest *request, Error *err)
{
    return !request->token_list_count ||
           fail_field(err, "input", "lists of tokens mean nothing to this service: send texts");
}

/* Its answer is words, in which names may be put back, rather than sound or pictures. */
static bool has_words(const ModelRequest *request)
{
    return request->task != TASK_SPEECH && request->task != TASK_IMAGE;
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

static Str accepted(const ModelRequest *request)
{
    if (request->task == TASK_SPEECH || request->task == TASK_TRANSCRIPTION)
        return S("*/*"); /* as the body asks for */
    return request->is_stream ? S("text/event-stream") : S("application/json");
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
    wire_put_header(out, S("Accept"), accepted(&run->request));
    wire_put_header(out, S("Accept-Encoding"), S("identity"));
    wire_put_header(out, S("Content-Type"),
                    wire->media_type.length ? wire->media_type : S("application/json"));
    if (run->traceparent.length)
        wire_put_header(out, S("traceparent"), run->traceparent);
    if (run->tracestate.length)
        wire_put_header(out, S("tracestate"), run->tracestate);
    put_passed(try, out);
    for (size_t i = 0; i < wire->header_count; i++)
        if (!is_passed(try, wire->headers[i].name))
            wire_put_header(out, wire->headers[i].name, wire->headers[i].value);
    for (size_t i = 0; i < service->headers.count; i++)
        wire_put_header(out, service->headers.at[i].name, service->headers.at[i].value);
    buf_addf(out, "Content-Length: %zu\r\n\r\n", try->body.length);
}

bool try_write(RunTry *try, Error *err)
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
    if (run->request.has_near_urls && target->service->is_local)
        return fail_field(
            err, "messages",
            "send images as data: URLs, or as https:// of a public host: this service "
            "stands in a network of its own and would open the address there");
    /* A form is written anew from what was found in it (form.h). */
    bool is_passed = try->is_same && !run->request.form_type.length && !media_is_made(try);
    if (guard_is_on(try)) {
        if (!try_read(try, err))
            return false;
        is_passed = is_passed && !try->is_masked;
        try->is_same = try->is_same && (!try->is_masked || !has_words(&run->request));
    }
    if (is_passed) {
        if (!members_check_body(run->body, &at.quirks, err))
            return false;
        try->body = same_body(try, at.model);
    } else {
        wire.body = buf_new(run->arena, MB(64) + run->body.length + run->request.media.length);
        if (!try_read(try, err) || !check_tokens(try->request, err) ||
            !check_tools(try->request, &at, err) || !members_check(try->request, &at, err) ||
            !dialect->write(run->arena, try->request, &at, &wire, err))
            return false;
        try->body = buf_str(&wire.body);
    }
    dialect->authorize(run->arena, &at, &wire);
    write_head(try, &wire, &at);
    return true;
}
