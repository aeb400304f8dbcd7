/* ollama.c - Ollama's own interface: lines of JSON, arguments as objects, counts in the last line.
 *
 * Its OpenAI-shaped one cannot set the context's size, and leaves out what models think. */
#include "gateway/dialects/openai_shapes.h"

static Str path(Arena *arena, const ModelRequest *request, const DialectTarget *target)
{
    (void)arena, (void)target;
    return request->task == TASK_EMBEDDING    ? S("/api/embed")
           : request->task == TASK_COMPLETION ? S("/api/generate")
                                              : S("/api/chat");
}

/* --- Writing --- */

static bool put_images(JsonWriter *json, const ModelPart *parts, size_t count, Error *err)
{
    bool is_open = false;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].kind == PART_AUDIO || parts[i].kind == PART_FILE)
            return unsupported(err, "messages", "this service takes texts and pictures only");
        if (parts[i].kind != PART_IMAGE)
            continue;
        if (!parts[i].data.length)
            return unsupported(err, "messages", "send images as data: URLs to this service");
        if (!is_open)
            put_array(json, "images");
        is_open = true;
        put_text(json, NULL, parts[i].data);
    }
    if (is_open)
        put_end(json);
    return true;
}

static Str thoughts_of(const ModelMessage *message)
{
    for (size_t i = 0; i < message->count; i++)
        if (message->parts[i].kind == PART_REASONING && message->parts[i].text.length)
            return message->parts[i].text;
    return S("");
}

/* Each result is a message of its own. */
static bool put_tool_messages(JsonWriter *json, const ModelRequest *request, size_t number,
                              Arena *arena, Error *err)
{
    const ModelMessage *message = &request->messages[number];
    for (size_t i = 0; i < message->count; i++) {
        const ModelPart *part = &message->parts[i];
        if (part->kind != PART_TOOL_RESULT)
            continue;
        put_object(json, NULL);
        put_text(json, "role", S("tool"));
        put_text(json, "content", result_text(arena, part));
        put_text(json, "tool_name", call_name(request, number, part->id));
        put_text(json, "tool_call_id", call_id(part->id));
        if (!put_images(json, part->parts, part->part_count, err))
            return false;
        put_end(json);
    }
    return true;
}

static bool put_message(JsonWriter *json, const ModelRequest *request, size_t number, Arena *arena,
                        Error *err)
{
    static const char *const roles[] = { "system", "user", "assistant", "user" };
    const ModelMessage *message = &request->messages[number];
    if (!put_tool_messages(json, request, number, arena, err))
        return false;
    if (has_only_results(message))
        return true;
    put_object(json, NULL);
    put_text(json, "role", str(roles[message->role]));
    put_text(json, "content", texts_of(arena, message->parts, message->count));
    if (thoughts_of(message).length)
        put_text(json, "thinking", thoughts_of(message));
    if (!put_images(json, message->parts, message->count, err))
        return false;
    put_calls(json, message, false);
    put_end(json);
    return true;
}

/* A choice of tools is not known here, but none is none. */
static void put_tools(JsonWriter *json, const ModelRequest *request, Arena *arena)
{
    if (!request->tool_count || request->tool_choice == TOOLS_NONE)
        return;
    put_array(json, "tools");
    for (size_t i = 0; i < request->tool_count; i++)
        put_function(json, &request->tools[i], false, arena);
    put_end(json);
}

static void put_options(JsonWriter *json, const ModelRequest *request)
{
    put_object(json, "options");
    if (request->output_max)
        put_int(json, "num_predict", request->output_max);
    put_maybe(json, "temperature", request->temperature);
    put_maybe(json, "top_p", request->top_p);
    put_maybe(json, "top_k", request->top_k);
    put_maybe(json, "presence_penalty", request->presence_penalty);
    put_maybe(json, "frequency_penalty", request->frequency_penalty);
    put_maybe(json, "seed", request->seed);
    put_some_texts(json, "stop", request->stop);
    put_end(json);
}

static void put_thinking(JsonWriter *json, const ModelRequest *request)
{
    static const struct {
        const char *effort, *level; /* it knows three of them */
    } levels[] = { { "minimal", "low" }, { "low", "low" },    { "medium", "medium" },
                   { "high", "high" },   { "xhigh", "high" }, { "max", "high" } };
    Str effort = request->reasoning_effort;
    for (size_t i = 0; i < COUNT(levels); i++)
        if (str_is(effort, levels[i].effort))
            put_text(json, "think", str(levels[i].level));
    if (str_is(effort, "none") || request->reasoning_budget < 0)
        put_bool(json, "think", false);
    else if (!effort.length && request->reasoning_budget > 0)
        put_bool(json, "think", true);
}

static void put_format(JsonWriter *json, const ModelRequest *request)
{
    if (request->format == FORMAT_JSON)
        put_text(json, "format", S("json"));
    else if (request->format == FORMAT_SCHEMA)
        put_raw(json, "format", request->schema);
}

static bool put_chat(JsonWriter *json, Arena *arena, const ModelRequest *request, Error *err)
{
    if (!check_common(request, err))
        return false;
    if (request->task == TASK_COMPLETION) {
        put_text(json, "prompt",
                 request->message_count
                     ? texts_of(arena, request->messages[0].parts, request->messages[0].count)
                     : S(""));
    } else {
        put_array(json, "messages");
        for (size_t i = 0; i < request->message_count; i++)
            if (!put_message(json, request, i, arena, err))
                return false;
        put_end(json);
        put_tools(json, request, arena);
    }
    put_format(json, request);
    put_thinking(json, request);
    put_options(json, request);
    put_bool(json, "stream", request->is_stream);
    return true;
}

static bool write(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                  WireRequest *wire, Error *err)
{
    JsonWriter json = put_begin(&wire->body);
    put_text(&json, "model", target->model);
    if (request->task == TASK_EMBEDDING) {
        put_texts(&json, "input", request->inputs);
        if (request->dimensions)
            put_int(&json, "dimensions", request->dimensions);
    } else if (request->task != TASK_CHAT && request->task != TASK_COMPLETION) {
        return unsupported(err, "model", "this service only chats and makes vectors");
    } else if (!put_chat(&json, arena, request, err)) {
        return false;
    }
    put_extra(&json, arena, request, target);
    put_end(&json);
    return true;
}

/* --- Reading --- */

typedef struct Calls {
    int count;
} Calls;

static bool read_calls(WireReader *reader, Str list, Error *err)
{
    JsonWalk walk = json_walk_begin(wire_list(list));
    Str name, call;
    while (json_walk_next(&walk, &name, &call)) {
        if (!reader->state)
            reader->state = arena_new_one(reader->arena, Calls);
        Str function = json_walk_member(call, "function");
        WireCall told = { .index = ((Calls *)reader->state)->count++,
                          .id = json_text_of(reader->scratch, json_walk_member(call, "id")),
                          .name = json_text_of(reader->scratch, json_walk_member(function, "name")),
                          .arguments = json_walk_member(function, "arguments") };
        if (!wire_call(reader, &told, err))
            return false;
    }
    return true;
}

/* Counts of zero are left out; an answer that ended has counts all the same. */
static void read_usage(WireReader *reader, Str body)
{
    reader->usage = (ModelUsage){ .is_known = true, .cost = -1 };
    reader->usage.input = wire_int(json_walk_member(body, "prompt_eval_count"));
    reader->usage.output = wire_int(json_walk_member(body, "eval_count"));
}

static bool read_done(WireReader *reader, Str body, Error *err)
{
    static const FinishWord words[] = { { "length", FINISH_LENGTH } };
    Str word = json_text_of(reader->scratch, json_walk_member(body, "done_reason"));
    FinishReason reason = FINISH_OF(words, word);
    if (reason == FINISH_STOP && reader->state)
        reason = FINISH_TOOLS;
    read_usage(reader, body);
    reader->is_ended = true;
    return wire_finish(reader, 0, reason, err);
}

static bool read_message(WireReader *reader, Str body, Error *err)
{
    Str message = json_walk_member(body, "message");
    bool good = wire_text(reader, EVENT_REASONING, 0,
                          json_walk_member(message.length ? message : body, "thinking"), err) &&
                wire_text(reader, EVENT_TEXT, 0, json_walk_member(message, "content"), err) &&
                wire_text(reader, EVENT_TEXT, 0, json_walk_member(body, "response"), err);
    return good && read_calls(reader, json_walk_member(message, "tool_calls"), err);
}

static bool read_frame(WireReader *reader, Str event, Str data, Error *err)
{
    (void)event;
    if (!json_walk_is_valid(data))
        return fail(err, ERROR_UPSTREAM, "a piece of the answer is not valid JSON, or was cut off");
    if (json_walk_member(data, "error").length)
        return wire_fail_body(reader, data, err);
    if (!wire_start(reader, S(""), json_walk_member(data, "model"), err) ||
        !read_message(reader, data, err))
        return false;
    return !str_is(json_walk_member(data, "done"), "true") || read_done(reader, data, err);
}

static bool read_whole(WireReader *reader, Str body, Error *err)
{
    if (!json_walk_is_valid(body))
        return fail(err, ERROR_UPSTREAM, "the answer is not valid JSON, or was cut off");
    if (reader->task != TASK_EMBEDDING || json_walk_member(body, "error").length)
        return read_frame(reader, S(""), body, err) &&
               (reader->is_ended || fail(err, ERROR_UPSTREAM, "the answer is of an unknown shape"));
    read_usage(reader, body);
    reader->is_ended = true;
    return wire_vectors(reader, json_walk_member(body, "embeddings"), err) &&
           (reader->has_content || fail(err, ERROR_UPSTREAM, "the answer has no vectors"));
}

static void read_error(Arena *arena, Str body, WireError *error_r)
{
    *error_r = (WireError){ .retry_after_ms = -1 };
    error_r->message = json_text_of(arena, json_walk_member(body, "error"));
}

static bool read_models(Arena *arena, Str body, StrList *names_r, Error *err)
{
    return wire_models(arena, body, "models", "name", names_r, err);
}

const Dialect dialect_ollama = {
    .name = "ollama",
    .tasks = 1U << TASK_CHAT | 1U << TASK_COMPLETION | 1U << TASK_EMBEDDING,
    .stream_kind = WIRE_LINES,
    .models_path = "/api/tags",
    .authorize = dialect_authorize,
    .path = path,
    .write = write,
    .read_frame = read_frame,
    .read_whole = read_whole,
    .read_error = read_error,
    .read_models = read_models,
};
