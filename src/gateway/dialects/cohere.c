/* cohere.c - Cohere's second interface: what is asked. cohere_read.c reads what comes back.
 *
 * Looks like OpenAI's with other names; what is reranked and embedded has its own shapes. */
#include "gateway/dialects/cohere.h"
#include "gateway/dialects/openai_shapes.h"

static Str path(Arena *arena, const ModelRequest *request, const DialectTarget *target)
{
    (void)arena, (void)target;
    return request->task == TASK_EMBEDDING ? S("/v2/embed")
           : request->task == TASK_RERANK  ? S("/v2/rerank")
                                           : S("/v2/chat");
}

/* --- Messages --- */

static bool put_content(JsonWriter *json, const ModelMessage *message, Arena *arena, Error *err)
{
    bool has_images = false;
    for (size_t i = 0; i < message->count; i++) {
        PartKind kind = message->parts[i].kind;
        has_images |= kind == PART_IMAGE;
        if (kind == PART_AUDIO || kind == PART_FILE)
            return unsupported(err, "messages", "this service takes texts and pictures only");
    }
    if (!has_images) {
        Str text = texts_of(arena, message->parts, message->count);
        if (text.length || message->role != FROM_ASSISTANT)
            put_text(json, "content", text);
        return true;
    }
    put_array(json, "content");
    for (size_t i = 0; i < message->count; i++) {
        const ModelPart *part = &message->parts[i];
        if (part->kind == PART_IMAGE)
            put_image_part(json, part, arena);
        if (part->kind != PART_TEXT)
            continue;
        put_object(json, NULL);
        put_text(json, "type", S("text"));
        put_text(json, "text", part->text);
        put_end(json);
    }
    put_end(json);
    return true;
}

/* What the model said of its plan stands beside its calls. */
static void put_plan(JsonWriter *json, const ModelMessage *message)
{
    bool has_call = false;
    Str plan = S("");
    for (size_t i = 0; i < message->count; i++) {
        has_call |= message->parts[i].kind == PART_TOOL_CALL;
        if (message->parts[i].kind == PART_REASONING && message->parts[i].text.length)
            plan = message->parts[i].text;
    }
    if (has_call && plan.length)
        put_text(json, "tool_plan", plan);
}

static bool put_message(JsonWriter *json, const ModelMessage *message, Arena *arena, Error *err)
{
    static const char *const roles[] = { "system", "user", "assistant", "user" };
    if (put_results(json, message, arena))
        return true;
    put_object(json, NULL);
    put_text(json, "role", str(roles[message->role]));
    if (!put_content(json, message, arena, err))
        return false;
    put_plan(json, message);
    put_calls(json, message, true);
    put_end(json);
    return true;
}

/* --- Settings --- */

static void put_tools(JsonWriter *json, const ModelRequest *request, Arena *arena)
{
    if (!request->tool_count)
        return;
    put_array(json, "tools");
    for (size_t i = 0; i < request->tool_count; i++) {
        const ModelTool *tool = &request->tools[i];
        /* One tool cannot be demanded here, but it can be the only one. */
        if (request->tool_choice != TOOLS_NAMED || str_equal(tool->name, request->tool_name))
            put_function(json, tool, false, arena);
    }
    put_end(json);
    if (request->tool_choice == TOOLS_NONE)
        put_text(json, "tool_choice", S("NONE"));
    else if (request->tool_choice != TOOLS_AUTO)
        put_text(json, "tool_choice", S("REQUIRED"));
}

static void put_thinking(JsonWriter *json, const ModelRequest *request)
{
    bool is_off = request->reasoning_budget < 0 || str_is(request->reasoning_effort, "none");
    if (!is_off && request->reasoning_budget <= 0)
        return;
    put_object(json, "thinking");
    put_text(json, "type", is_off ? S("disabled") : S("enabled"));
    if (!is_off)
        put_int(json, "token_budget", request->reasoning_budget);
    put_end(json);
}

static void put_settings(JsonWriter *json, const ModelRequest *request)
{
    if (request->format != FORMAT_TEXT && !request->tool_count) {
        put_object(json, "response_format");
        put_text(json, "type", S("json_object"));
        if (request->format == FORMAT_SCHEMA)
            put_raw(json, "json_schema", request->schema);
        put_end(json);
    }
    if (request->output_max)
        put_int(json, "max_tokens", request->output_max);
    put_maybe(json, "temperature", request->temperature);
    put_maybe(json, "p", request->top_p);
    put_maybe(json, "k", request->top_k);
    put_maybe(json, "presence_penalty", request->presence_penalty);
    put_maybe(json, "frequency_penalty", request->frequency_penalty);
    put_maybe(json, "seed", request->seed);
    put_some_texts(json, "stop_sequences", request->stop);
    put_thinking(json, request);
}

/* --- Tasks --- */

/* A format of the answer cannot be demanded beside tools. */
static void put_format_words(JsonWriter *json, Arena *arena, const ModelRequest *request)
{
    Str words = request->tool_count ? format_words(arena, request) : S("");
    if (!words.length)
        return;
    put_object(json, NULL);
    put_text(json, "role", S("system"));
    put_text(json, "content", words);
    put_end(json);
}

static bool put_chat(JsonWriter *json, Arena *arena, const ModelRequest *request, Error *err)
{
    if (!check_common(request, err) || !check_pictures(request, err))
        return false;
    put_array(json, "messages");
    put_format_words(json, arena, request);
    for (size_t i = 0; i < request->message_count; i++)
        if (!put_message(json, &request->messages[i], arena, err))
            return false;
    put_end(json);
    put_tools(json, request, arena);
    put_settings(json, request);
    put_bool(json, "stream", request->is_stream);
    return true;
}

static void put_embedding(JsonWriter *json, const ModelRequest *request)
{
    put_some_texts(json, "texts", request->inputs);
    put_text(json, "input_type", request->is_query ? S("search_query") : S("search_document"));
    put_some_texts(json, "embedding_types", (StrList){ (const Str[]){ S("float") }, 1 });
    if (request->dimensions)
        put_int(json, "output_dimension", request->dimensions);
}

static void put_rerank(JsonWriter *json, const ModelRequest *request)
{
    put_text(json, "query", request->query);
    put_some_texts(json, "documents", request->inputs);
    if (request->top_n)
        put_int(json, "top_n", request->top_n);
}

static bool write(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                  WireRequest *wire, Error *err)
{
    JsonWriter json = put_begin(&wire->body);
    put_text(&json, "model", target->model);
    if (request->task == TASK_EMBEDDING)
        put_embedding(&json, request);
    else if (request->task == TASK_RERANK)
        put_rerank(&json, request);
    else if (request->task != TASK_CHAT)
        return unsupported(err, "model", "this service only chats, ranks and makes vectors");
    else if (!put_chat(&json, arena, request, err))
        return false;
    put_end(&json);
    return true;
}

const Dialect dialect_cohere = {
    .name = "cohere",
    .tasks = 1U << TASK_CHAT | 1U << TASK_EMBEDDING | 1U << TASK_RERANK,
    .stream_kind = WIRE_EVENTS,
    .models_path = "/v1/models?page_size=1000",
    .authorize = dialect_authorize,
    .path = path,
    .write = write,
    .read_frame = cohere_read_frame,
    .read_whole = cohere_read_whole,
    .read_error = cohere_read_error,
    .read_models = cohere_read_models,
};
