/* openai.c - OpenAI's chat completions, and the many services that speak like it.
 *
 * The wire is OpenAI's API reference; what services really send differs: usage in any chunk (the
 * last one counts) or under x_groq, content as a list of parts, reasoning under two names, an error
 * object inside a stream of status 200, no [DONE] after the finish_reason.
 *
 * Answers are read with json_walk, not with a tree: most of them pass through as they are, and only
 * their usage and end are looked at. */
#include "base/json_walk.h"
#include "gateway/dialect.h"
#include "gateway/price.h"
#include "net/url.h"

#define NAME_MAX 300

/* --- Reading: usage --- */

static int64_t walk_int(Str value)
{
    int64_t number = 0;
    double real;
    if (!str_to_int(value, 0, INT64_C(1) << 50, &number) && str_to_double(value, &real) &&
        real > 0 && real < 1e15)
        number = (int64_t)real;
    return number;
}

/* Sub-counts of the input: they are inside prompt_tokens, and counted apart here. */
static void read_input_details(ModelUsage *usage, Str details)
{
    JsonWalk walk = json_walk_begin(details);
    Str name, value;
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "cached_tokens"))
            usage->cache_read = walk_int(value);
        else if (str_is(name, "cache_write_tokens"))
            usage->cache_write = walk_int(value);
        else if (str_is(name, "audio_tokens"))
            usage->audio_input = walk_int(value);
    }
}

static void read_output_details(ModelUsage *usage, Str details)
{
    JsonWalk walk = json_walk_begin(details);
    Str name, value;
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "reasoning_tokens"))
            usage->reasoning = walk_int(value);
        else if (str_is(name, "audio_tokens"))
            usage->audio_output = walk_int(value);
    }
}

static void read_usage(WireReader *reader, Str object)
{
    JsonWalk walk = json_walk_begin(object);
    ModelUsage usage = { .is_known = true, .cost = -1 };
    Str name, value;
    if (!object.length || object.at[0] != '{')
        return;
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "prompt_tokens") || str_is(name, "input_tokens"))
            usage.input = walk_int(value);
        else if (str_is(name, "completion_tokens") || str_is(name, "output_tokens"))
            usage.output = walk_int(value);
        else if (str_is(name, "prompt_tokens_details") || str_is(name, "input_tokens_details"))
            read_input_details(&usage, value);
        else if (str_is(name, "completion_tokens_details"))
            read_output_details(&usage, value);
        else if (str_is(name, "prompt_cache_hit_tokens")) /* DeepSeek */
            usage.cache_read = walk_int(value);
        else if (str_is(name, "cost"))
            (void)(price_parse(value, 1, &usage.cost) || (usage.cost = -1));
    }
    usage.input = MAX(usage.input - usage.cache_read - usage.cache_write, (int64_t)0);
    reader->usage = usage;
}

/* --- Reading: errors --- */

/* {"error":{"message":"..."}}, {"error":"..."}, {"message":"..."} or {"detail":"..."} */
static void read_error(Arena *arena, Str body, WireError *error_r)
{
    static const char *const names[] = { "message", "detail" };
    Str error = json_walk_member(body, "error"), code = json_walk_member(error, "code");
    *error_r = (WireError){ .retry_after_ms = -1 };
    if (!json_unquote(arena, error, &error_r->message))
        error_r->message = json_text_of(arena, json_walk_member(error, "message"));
    for (size_t i = 0; i < COUNT(names) && !error_r->message.length; i++)
        error_r->message = json_text_of(arena, json_walk_member(body, names[i]));
    error_r->type = json_text_of(arena, json_walk_member(error, "type"));
    if (!json_unquote(arena, code, &error_r->code))
        error_r->status = (int)walk_int(code);
    if (!error_r->status && (str_find(error_r->type, S("rate_limit")) >= 0 ||
                             str_find(error_r->code, S("rate_limit")) >= 0))
        error_r->status = 429;
}

static bool fail_inside(WireReader *reader, Str body, Error *err)
{
    WireError error;
    read_error(reader->scratch, body, &error);
    return wire_fail(reader, error.status, error.message, err);
}

/* --- Reading: choices --- */

typedef struct Piece {
    WireReader *reader;
    int choice;
} Piece;

static bool tell_text(const Piece *piece, ModelEventKind kind, Str value, Error *err)
{
    ModelEvent event = { .kind = kind, .choice = piece->choice };
    if (!json_is_text(value))
        return true;
    if (!json_unquote(piece->reader->scratch, value, &event.text))
        return fail(err, ERROR_UPSTREAM, "a text of the answer is not valid JSON");
    return !event.text.length || wire_event(piece->reader, &event, err);
}

/* A text, or a list of parts with texts. */
static bool read_content(const Piece *piece, Str content, Error *err)
{
    JsonWalk walk = json_walk_begin(content);
    Str name, part;
    if (!content.length || content.at[0] != '[')
        return tell_text(piece, EVENT_TEXT, content, err);
    while (json_walk_next(&walk, &name, &part))
        if (!tell_text(piece, EVENT_TEXT, json_walk_member(part, "text"), err))
            return false;
    return true;
}

static bool read_tool_call(const Piece *piece, Str call, int position, Error *err)
{
    Str function = json_walk_member(call, "function"), index = json_walk_member(call, "index");
    Arena *arena = piece->reader->scratch;
    ModelEvent event = { .kind = EVENT_TOOL, .choice = piece->choice };
    event.index = index.length ? (int)MIN(walk_int(index), (int64_t)1000) : position;
    event.id = json_text_of(arena, json_walk_member(call, "id"));
    event.name = json_text_of(arena, json_walk_member(function, "name"));
    if ((event.id.length || event.name.length) && !wire_event(piece->reader, &event, err))
        return false;
    ModelEvent more = { .kind = EVENT_ARGUMENTS, .choice = piece->choice, .index = event.index };
    more.text = json_text_of(arena, json_walk_member(function, "arguments"));
    return !more.text.length || wire_event(piece->reader, &more, err);
}

static bool read_tool_calls(const Piece *piece, Str calls, Error *err)
{
    JsonWalk walk = json_walk_begin(calls);
    Str name, call;
    for (int i = 0; json_walk_next(&walk, &name, &call); i++)
        if (!read_tool_call(piece, call, i, err))
            return false;
    return true;
}

/* "delta" of a stream, "message" of a whole answer. */
static bool read_message(const Piece *piece, Str message, Error *err)
{
    JsonWalk walk = json_walk_begin(message);
    Str name, value;
    bool good = true;
    while (good && message.length && message.at[0] == '{' && json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "content"))
            good = read_content(piece, value, err);
        else if (str_is(name, "reasoning_content") || str_is(name, "reasoning"))
            good = tell_text(piece, EVENT_REASONING, value, err);
        else if (str_is(name, "refusal"))
            good = tell_text(piece, EVENT_REFUSAL, value, err);
        else if (str_is(name, "tool_calls") && value.at[0] == '[')
            good = read_tool_calls(piece, value, err);
    }
    return good;
}

static FinishReason finish_reason(Str reason)
{
    static const struct {
        const char *name;
        FinishReason reason;
    } reasons[] = { { "length", FINISH_LENGTH },
                    { "tool_calls", FINISH_TOOLS },
                    { "function_call", FINISH_TOOLS },
                    { "content_filter", FINISH_FILTER } };
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (str_is(reason, reasons[i].name))
            return reasons[i].reason;
    return FINISH_STOP;
}

static bool read_choice(WireReader *reader, Str choice, Error *err)
{
    Piece piece = { reader, (int)MIN(walk_int(json_walk_member(choice, "index")), (int64_t)127) };
    JsonWalk walk = json_walk_begin(choice);
    Str name, value, reason = S("");
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "delta") || str_is(name, "message")) {
            if (!read_message(&piece, value, err))
                return false;
        } else if (str_is(name, "text")) { /* of a text completion */
            if (!tell_text(&piece, EVENT_TEXT, value, err))
                return false;
        } else if (str_is(name, "finish_reason")) {
            reason = json_text_of(reader->scratch, value);
        }
    }
    if (str_is(reason, "error"))
        return wire_fail(reader, 0, S(""), err);
    ModelEvent end = { .kind = EVENT_FINISH,
                       .choice = piece.choice,
                       .finish = finish_reason(reason) };
    return !reason.length || wire_event(reader, &end, err);
}

static bool tell_start(WireReader *reader, Str id, Str model, Error *err)
{
    ModelEvent start = { .kind = EVENT_START };
    if (reader->model.length || !reader->event || !(id.length || model.length))
        return true;
    start.id = json_text_of(reader->scratch, id);
    start.model = json_text_of(reader->scratch, model);
    reader->model = str_copy(reader->arena, start.model.length ? start.model : S("?"));
    return wire_event(reader, &start, err);
}

/* A whole answer that is handed on as it is, and told its usage: nothing in its choices matters
 * here, and they are nearly all of it. */
static bool is_unheard(const WireReader *reader, Str choices)
{
    return !reader->event && !reader->is_stream && reader->usage.is_known && choices.length > 2 &&
           str_find(choices, S("\"error\"")) < 0;
}

/* Both a frame and a whole answer; *choices_r: how many it has, -1: no such member. */
static bool read_completion(WireReader *reader, Str body, int *choices_r, Error *err)
{
    JsonWalk walk = json_walk_begin(body), items;
    Str name, value, item, ignored, id = S(""), model = S(""), choices = S(""), error = S("");
    bool has_usage = false;
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "choices") && value.at[0] == '[')
            choices = value;
        else if (str_is(name, "usage"))
            has_usage = value.at[0] == '{', read_usage(reader, value);
        else if (str_is(name, "x_groq") && json_walk_member(value, "usage").length)
            read_usage(reader, json_walk_member(value, "usage"));
        else if (str_is(name, "id"))
            id = value;
        else if (str_is(name, "model"))
            model = value;
        else if (str_is(name, "error"))
            error = value;
    }
    if (walk.failed)
        return fail(err, ERROR_UPSTREAM, "a piece of the answer is not valid JSON, or was cut off");
    if (error.length && !str_is(error, "null"))
        return fail_inside(reader, body, err);
    if (!tell_start(reader, id, model, err))
        return false;
    if (is_unheard(reader, choices)) {
        *choices_r = 1;
        reader->has_content = true;
        return true;
    }
    *choices_r = choices.length ? 0 : -1;
    items = json_walk_begin(choices.length ? choices : S("[]"));
    while (json_walk_next(&items, &ignored, &item)) {
        ++*choices_r;
        if (!read_choice(reader, item, err))
            return false;
    }
    reader->has_usage_only = has_usage && *choices_r == 0;
    return true;
}

static bool read_frame(WireReader *reader, Str event, Str data, Error *err)
{
    int choices;
    (void)event;
    if (str_starts(data, S("[DONE]"))) {
        reader->is_ended = true;
        return true;
    }
    return !str_trim(data).length || read_completion(reader, data, &choices, err);
}

static bool read_whole(WireReader *reader, Str body, Error *err)
{
    int choices = -1;
    if (reader->task != TASK_CHAT && reader->task != TASK_COMPLETION) {
        if (!json_walk_is_valid(body))
            return fail(err, ERROR_UPSTREAM, "the answer is not valid JSON, or was cut off");
        read_usage(reader, json_walk_member(body, "usage"));
        reader->is_ended = reader->has_content = true;
        return true;
    }
    if (!read_completion(reader, body, &choices, err))
        return false;
    if (choices < 0)
        return fail(err, ERROR_UPSTREAM, "the answer is of an unknown shape");
    reader->is_ended = true;
    return true;
}

static bool read_models(Arena *arena, Str body, StrList *names_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    VEC(Str) names = { 0 };
    if (!json_parse(body, MB(8), &json, err))
        return fail(err, ERROR_UPSTREAM, "its list of models is not valid JSON");
    /* OpenAI wraps the list; some services send it bare. */
    const json_t *data = json_is_array(json) ? json : json_object_get(json, "data");
    if (!json_is_array(data) && !json_is_null(data))
        return fail(err, ERROR_UPSTREAM, "its list of models is of an unknown shape");
    for (size_t i = 0; i < json_array_size(data); i++) {
        Str id = json_member_text(json_array_get(data, i), "id");
        if (id.length && id.length <= NAME_MAX)
            *vec_push(arena, &names) = str_copy(arena, id);
    }
    *names_r = (StrList){ names.at, names.count };
    return true;
}

/* --- Writing --- */

static const char *const roles[] = { "system", "user", "assistant", "tool" };

static void put_image(JsonWriter *json, const ModelPart *part, Arena *arena)
{
    put_object(json, "image_url");
    put_text(json, "url",
             part->data.length ? str_format(arena, "data:" STR_FMT ";base64," STR_FMT,
                                            STR_ARG(part->media_type), STR_ARG(part->data))
                               : part->url);
    if (part->detail.length)
        put_text(json, "detail", part->detail);
    put_end(json);
}

static void put_file(JsonWriter *json, const ModelPart *part, Arena *arena)
{
    put_object(json, "file");
    if (part->file_id.length) {
        put_text(json, "file_id", part->file_id);
    } else {
        put_text(json, "filename", part->name.length ? part->name : S("file"));
        put_text(json, "file_data",
                 str_format(arena, "data:" STR_FMT ";base64," STR_FMT, STR_ARG(part->media_type),
                            STR_ARG(part->data)));
    }
    put_end(json);
}

static void put_part(JsonWriter *json, const ModelPart *part, Arena *arena)
{
    static const char *const types[] = { [PART_TEXT] = "text",
                                         [PART_IMAGE] = "image_url",
                                         [PART_AUDIO] = "input_audio",
                                         [PART_FILE] = "file",
                                         [PART_REFUSAL] = "refusal" };
    put_object(json, NULL);
    put_text(json, "type", str(types[part->kind]));
    if (part->kind == PART_TEXT || part->kind == PART_REFUSAL) {
        put_text(json, types[part->kind], part->text);
    } else if (part->kind == PART_IMAGE) {
        put_image(json, part, arena);
    } else if (part->kind == PART_FILE) {
        put_file(json, part, arena);
    } else {
        put_object(json, "input_audio");
        put_text(json, "data", part->data);
        put_text(json, "format", part->media_type);
        put_end(json);
    }
    put_end(json);
}

static bool is_content(const ModelPart *part)
{
    return part->kind <= PART_FILE || part->kind == PART_REFUSAL;
}

/* One text is written plainly: many services know nothing else. */
static void put_content(JsonWriter *json, const ModelMessage *message, Arena *arena)
{
    const ModelPart *only = NULL;
    size_t count = 0;
    for (size_t i = 0; i < message->count; i++)
        if (is_content(&message->parts[i]))
            only = &message->parts[i], count++;
    if (!count) {
        put_null(json, "content");
        return;
    }
    if (count == 1 && only->kind == PART_TEXT) {
        put_text(json, "content", only->text);
        return;
    }
    put_array(json, "content");
    for (size_t i = 0; i < message->count; i++)
        if (is_content(&message->parts[i]))
            put_part(json, &message->parts[i], arena);
    put_end(json);
}

static void put_tool_calls(JsonWriter *json, const ModelMessage *message)
{
    bool is_open = false;
    for (size_t i = 0; i < message->count; i++) {
        const ModelPart *part = &message->parts[i];
        if (part->kind != PART_TOOL_CALL)
            continue;
        if (!is_open)
            put_array(json, "tool_calls");
        is_open = true;
        put_object(json, NULL);
        put_text(json, "id", part->id);
        put_text(json, "type", S("function"));
        put_object(json, "function");
        put_text(json, "name", part->name);
        put_text(json, "arguments", part->arguments.length ? part->arguments : S("{}"));
        put_end(json);
        put_end(json);
    }
    if (is_open)
        put_end(json);
}

static Str result_text(Arena *arena, const ModelPart *result)
{
    Buf out = buf_new(arena, MB(64));
    for (size_t i = 0; i < result->part_count; i++)
        if (result->parts[i].kind == PART_TEXT)
            buf_add(&out, result->parts[i].text);
    return result->part_count ? buf_str(&out) : result->text;
}

/* Each result is a message of its own here. */
static void put_tool_results(JsonWriter *json, const ModelMessage *message, Arena *arena)
{
    for (size_t i = 0; i < message->count; i++) {
        const ModelPart *part = &message->parts[i];
        if (part->kind != PART_TOOL_RESULT)
            continue;
        put_object(json, NULL);
        put_text(json, "role", S("tool"));
        put_text(json, "tool_call_id", part->id);
        put_text(json, "content", result_text(arena, part));
        put_end(json);
    }
}

static void put_message(JsonWriter *json, const ModelMessage *message, Arena *arena)
{
    size_t results = 0;
    for (size_t i = 0; i < message->count; i++)
        results += message->parts[i].kind == PART_TOOL_RESULT;
    put_tool_results(json, message, arena);
    if (results && results == message->count)
        return;
    put_object(json, NULL);
    put_text(json, "role", str(roles[message->role]));
    if (message->name.length)
        put_text(json, "name", message->name);
    put_content(json, message, arena);
    put_tool_calls(json, message);
    put_end(json);
}

static void put_tools(JsonWriter *json, const ModelRequest *request)
{
    static const char *const choices[] = { "auto", "none", "required" };
    if (!request->tool_count)
        return;
    put_array(json, "tools");
    for (size_t i = 0; i < request->tool_count; i++) {
        const ModelTool *tool = &request->tools[i];
        put_object(json, NULL);
        put_text(json, "type", S("function"));
        put_object(json, "function");
        put_text(json, "name", tool->name);
        if (tool->description.length)
            put_text(json, "description", tool->description);
        if (tool->parameters.length)
            put_raw(json, "parameters", tool->parameters);
        if (tool->is_strict)
            put_bool(json, "strict", true);
        put_end(json);
        put_end(json);
    }
    put_end(json);
    if (request->tool_choice == TOOLS_NAMED) {
        put_object(json, "tool_choice");
        put_text(json, "type", S("function"));
        put_object(json, "function");
        put_text(json, "name", request->tool_name);
        put_end(json);
        put_end(json);
    } else if (request->tool_choice != TOOLS_AUTO) {
        put_text(json, "tool_choice", str(choices[request->tool_choice]));
    }
    if (request->parallel_tools != UNSAID)
        put_bool(json, "parallel_tool_calls", request->parallel_tools == YES);
}

static void put_format(JsonWriter *json, const ModelRequest *request)
{
    if (request->format == FORMAT_TEXT)
        return;
    put_object(json, "response_format");
    put_text(json, "type", request->format == FORMAT_JSON ? S("json_object") : S("json_schema"));
    if (request->format == FORMAT_SCHEMA) {
        put_object(json, "json_schema");
        put_text(json, "name", request->schema_name.length ? request->schema_name : S("answer"));
        put_raw(json, "schema", request->schema);
        if (request->is_strict != UNSAID)
            put_bool(json, "strict", request->is_strict == YES);
        put_end(json);
    }
    put_end(json);
}

static void put_maybe(JsonWriter *json, const char *name, MaybeNumber number)
{
    if (number.is_set && number.value == (double)(int64_t)number.value)
        put_int(json, name, (int64_t)number.value);
    else if (number.is_set)
        put_number(json, name, number.value);
}

static void put_settings(JsonWriter *json, const ModelRequest *request)
{
    if (request->output_max)
        put_int(json, request->is_plain ? "max_completion_tokens" : "max_tokens",
                request->output_max);
    if (!request->is_plain)
        put_maybe(json, "temperature", request->temperature);
    put_maybe(json, "top_p", request->top_p);
    put_maybe(json, "presence_penalty", request->presence_penalty);
    put_maybe(json, "frequency_penalty", request->frequency_penalty);
    put_maybe(json, "seed", request->seed);
    if (request->choice_count)
        put_int(json, "n", request->choice_count);
    if (request->stop.count) {
        put_array(json, "stop");
        for (size_t i = 0; i < request->stop.count; i++)
            put_text(json, NULL, request->stop.at[i]);
        put_end(json);
    }
    if (request->reasoning_effort.length)
        put_text(json, "reasoning_effort", request->reasoning_effort);
    if (request->user.length)
        put_text(json, "user", request->user);
}

static void put_stream(JsonWriter *json)
{
    put_bool(json, "stream", true);
    put_object(json, "stream_options");
    put_bool(json, "include_usage", true);
    put_end(json);
}

static Str path(Arena *arena, const ModelRequest *request, const DialectTarget *target)
{
    static const Str paths[TASK_COUNT] = { [TASK_CHAT] = S_INIT("/chat/completions"),
                                           [TASK_COMPLETION] = S_INIT("/completions"),
                                           [TASK_EMBEDDING] = S_INIT("/embeddings"),
                                           [TASK_RERANK] = S_INIT("/rerank"),
                                           [TASK_MODERATION] = S_INIT("/moderations"),
                                           [TASK_TRANSCRIPTION] = S_INIT("/audio/transcriptions"),
                                           [TASK_SPEECH] = S_INIT("/audio/speech"),
                                           [TASK_IMAGE] = S_INIT("/images/generations") };
    /* Azure's older interface: the model is a part of the path. */
    if (target->version.length)
        return str_format(arena, "/openai/deployments/" STR_FMT STR_FMT "?api-version=" STR_FMT,
                          STR_ARG(url_encode(arena, target->model)), STR_ARG(paths[request->task]),
                          STR_ARG(target->version));
    return paths[request->task];
}

static bool write_chat(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                       WireRequest *wire)
{
    JsonWriter json = put_begin(&wire->body);
    put_text(&json, "model", target->model);
    put_array(&json, "messages");
    for (size_t i = 0; i < request->message_count; i++)
        put_message(&json, &request->messages[i], arena);
    put_end(&json);
    put_tools(&json, request);
    put_format(&json, request);
    put_settings(&json, request);
    if (request->is_stream)
        put_stream(&json);
    put_end(&json);
    return true;
}

static bool write(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                  WireRequest *wire, Error *err)
{
    if (request->task == TASK_CHAT)
        return write_chat(arena, request, target, wire);
    return fail(err, ERROR_UNSUPPORTED, "this service cannot do that");
}

const Dialect dialect_openai = {
    .name = "openai",
    .tasks = 1U << TASK_CHAT,
    .stream_kind = WIRE_EVENTS,
    .models_path = "/models",
    .authorize = dialect_authorize,
    .path = path,
    .write = write,
    .read_frame = read_frame,
    .read_whole = read_whole,
    .read_error = read_error,
    .read_models = read_models,
};
