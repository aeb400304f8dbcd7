/* anthropic.c - Anthropic's messages: what is asked. anthropic_read.c reads what comes back.
 *
 * Differs from OpenAI's in what it insists on: an end of the answer's length, system text apart,
 * results of tools in one message right behind their calls, thinking sent back with its signature,
 * no empty texts. */
#include "gateway/dialects/anthropic.h"

#include "base/base64.h"
#include "gateway/catalogue.h"
#include "gateway/dialects/openai_shapes.h"

#define VERSION_HEADER "2023-06-01"
#define OUTPUT_MAX 16384 /* when nobody says, of models that can write so much */
#define BUDGET_MIN 1024

static void authorize(Arena *arena, const DialectTarget *target, WireRequest *wire)
{
    (void)arena;
    if (target->key.length)
        wire_header(wire, S("x-api-key"), target->key);
    wire_header(wire, S("anthropic-version"),
                target->version.length ? target->version : S(VERSION_HEADER));
}

static Str path(Arena *arena, const ModelRequest *request, const DialectTarget *target)
{
    (void)arena, (void)request, (void)target;
    return S("/messages");
}

/* --- Models --- */

typedef enum Thinking { THINKS_ADAPTIVELY, THINKS_TO_BUDGET, THINKS_NOT } Thinking;

typedef struct Model {
    const char *start; /* of its name */
    Thinking thinking;
    bool takes_schema; /* for what it says and for its calls of tools */
} Model;

/* Models that are newer than this list think as much as they see fit, and take schemas. */
static const Model *model_of(Str name)
{
    static const Model newer = { "", THINKS_ADAPTIVELY, true };
    static const Model older[] = {
        { "claude-3-7", THINKS_TO_BUDGET, false },
        { "claude-3-", THINKS_NOT, false },
        { "claude-2", THINKS_NOT, false },
        { "claude-sonnet-4-2", THINKS_TO_BUDGET, false },
        { "claude-sonnet-4-0", THINKS_TO_BUDGET, false },
        { "claude-sonnet-4-5", THINKS_TO_BUDGET, true },
        { "claude-opus-4-2", THINKS_TO_BUDGET, false },
        { "claude-opus-4-0", THINKS_TO_BUDGET, false },
        { "claude-opus-4-1", THINKS_TO_BUDGET, true },
        { "claude-opus-4-5", THINKS_TO_BUDGET, true },
        { "claude-haiku-4-5", THINKS_TO_BUDGET, true },
    };
    for (size_t i = 0; i < COUNT(older); i++)
        if (str_starts(name, str(older[i].start)))
            return &older[i];
    return &newer;
}

/* A schema that is not strict may have what the service refuses in one. */
static bool takes_schema(const ModelRequest *request, const Model *model)
{
    return request->format == FORMAT_SCHEMA && model->takes_schema && request->is_strict == YES;
}

/* --- Blocks --- */

static void put_cache(JsonWriter *json, Str cache)
{
    if (cache.length)
        put_raw(json, "cache_control", cache);
}

static void put_text_block(JsonWriter *json, const ModelPart *part)
{
    if (!part->text.length)
        return;
    put_object(json, NULL);
    put_text(json, "type", S("text"));
    put_text(json, "text", part->text);
    put_cache(json, part->cache);
    put_end(json);
}

static bool put_source(JsonWriter *json, const ModelPart *part, Arena *arena, Error *err)
{
    bool is_text = str_starts(part->media_type, S("text/"));
    Str text = S("");
    if (is_text && part->data.length && !base64_decode(arena, part->data, &text))
        return fail_field(err, "messages", "a file is not valid base64");
    put_object(json, "source");
    if (part->file_id.length) {
        put_text(json, "type", S("file"));
        put_text(json, "file_id", part->file_id);
    } else if (part->data.length) {
        put_text(json, "type", is_text ? S("text") : S("base64"));
        put_text(json, "media_type", is_text ? S("text/plain") : part->media_type);
        put_text(json, "data", is_text ? text : part->data);
    } else {
        put_text(json, "type", S("url"));
        put_text(json, "url", part->url);
    }
    put_end(json);
    return true;
}

static bool put_media_block(JsonWriter *json, const ModelPart *part, Arena *arena, Error *err)
{
    bool is_image = part->kind == PART_IMAGE;
    put_object(json, NULL);
    put_text(json, "type", is_image ? S("image") : S("document"));
    if (!put_source(json, part, arena, err))
        return false;
    if (!is_image && part->name.length)
        put_text(json, "title", part->name);
    put_cache(json, part->cache);
    put_end(json);
    return true;
}

static void put_call_block(JsonWriter *json, const ModelPart *part)
{
    put_object(json, NULL);
    put_text(json, "type", S("tool_use"));
    put_text(json, "id", call_id(part->id));
    put_text(json, "name", part->name);
    put_arguments(json, "input", part->arguments);
    put_cache(json, part->cache);
    put_end(json);
}

/* Only what the service has signed may come back. */
static bool is_signed(const ModelPart *part)
{
    return part->kind == PART_REASONING && part->signature.length &&
           !gemini_signature(part->signature).length;
}

static void put_thinking_block(JsonWriter *json, const ModelPart *part)
{
    if (!is_signed(part))
        return;
    put_object(json, NULL);
    put_text(json, "type", part->is_redacted ? S("redacted_thinking") : S("thinking"));
    if (!part->is_redacted)
        put_text(json, "thinking", part->text);
    put_text(json, part->is_redacted ? "data" : "signature", part->signature);
    put_end(json);
}

static bool put_block(JsonWriter *json, const ModelPart *part, Arena *arena, Error *err);

static bool put_result_block(JsonWriter *json, const ModelPart *part, Arena *arena, Error *err)
{
    put_object(json, NULL);
    put_text(json, "type", S("tool_result"));
    put_text(json, "tool_use_id", call_id(part->id));
    if (part->part_count) {
        put_array(json, "content");
        for (size_t i = 0; i < part->part_count; i++)
            if (!put_block(json, &part->parts[i], arena, err))
                return false;
        put_end(json);
    } else {
        put_text(json, "content", part->text);
    }
    if (part->is_error)
        put_bool(json, "is_error", true);
    put_cache(json, part->cache);
    put_end(json);
    return true;
}

static bool put_block(JsonWriter *json, const ModelPart *part, Arena *arena, Error *err)
{
    switch (part->kind) {
    case PART_TEXT:
    case PART_REFUSAL: put_text_block(json, part); return true;
    case PART_IMAGE:
    case PART_FILE: return put_media_block(json, part, arena, err);
    case PART_REASONING: put_thinking_block(json, part); return true;
    case PART_TOOL_CALL: put_call_block(json, part); return true;
    case PART_TOOL_RESULT: return put_result_block(json, part, arena, err);
    case PART_HOSTED: return true; /* of answers only */
    case PART_AUDIO: break;
    }
    return unsupported(err, "messages", "this service does not listen to recordings");
}

/* --- Messages --- */

/* Results of tools are the user's words here. */
static bool is_users(const ModelMessage *message) { return message->role != FROM_ASSISTANT; }

static bool put_blocks(JsonWriter *json, const ModelMessage *message, bool results, Arena *arena,
                       Error *err)
{
    for (size_t i = 0; i < message->count && message->role != FROM_SYSTEM; i++)
        if ((message->parts[i].kind == PART_TOOL_RESULT) == results &&
            !put_block(json, &message->parts[i], arena, err))
            return false;
    return true;
}

/* Messages of one side that follow each other become one: all results of a turn must stand
 * together, in front of everything else. */
static bool put_turn(JsonWriter *json, const ModelMessage *first, size_t count, Arena *arena,
                     Error *err)
{
    put_object(json, NULL);
    put_text(json, "role", is_users(first) ? S("user") : S("assistant"));
    put_array(json, "content");
    for (size_t i = 0; i < count; i++)
        if (!put_blocks(json, &first[i], true, arena, err))
            return false;
    for (size_t i = 0; i < count; i++)
        if (!put_blocks(json, &first[i], false, arena, err))
            return false;
    put_end(json);
    put_end(json);
    return true;
}

/* A message that has nothing to say here: a turn without blocks is refused. */
static bool is_silent(const ModelMessage *message)
{
    bool is_silent = true;
    for (size_t i = 0; i < message->count && message->role != FROM_SYSTEM; i++) {
        const ModelPart *part = &message->parts[i];
        bool is_text = part->kind == PART_TEXT || part->kind == PART_REFUSAL;
        is_silent = is_silent && (part->kind == PART_REASONING ? !is_signed(part)
                                                               : is_text && !part->text.length);
    }
    return is_silent;
}

static bool put_messages(JsonWriter *json, const ModelRequest *request, Arena *arena, Error *err)
{
    put_array(json, "messages");
    for (size_t i = 0; i < request->message_count;) {
        const ModelMessage *first = &request->messages[i];
        size_t count = 1;
        if (is_silent(first)) {
            i++;
            continue;
        }
        while (i + count < request->message_count &&
               (is_silent(&first[count]) || is_users(&first[count]) == is_users(first)))
            count++;
        if (!put_turn(json, first, count, arena, err))
            return false;
        i += count;
    }
    put_end(json);
    return true;
}

static bool has_cached_system(const ModelRequest *request)
{
    for (size_t i = 0; i < request->message_count; i++)
        for (size_t j = 0; j < request->messages[i].count; j++)
            if (request->messages[i].role == FROM_SYSTEM &&
                request->messages[i].parts[j].cache.length)
                return true;
    return false;
}

/* One text, or blocks when one of them is to be kept in the service's cache. JSON that no strict
 * schema describes is only asked for in words here. */
static void put_system(JsonWriter *json, const ModelRequest *request, const Model *model,
                       Arena *arena)
{
    bool asks = !takes_schema(request, model);
    if (!has_cached_system(request)) {
        Str text = system_text(arena, request, asks);
        if (text.length)
            put_text(json, "system", text);
        return;
    }
    ModelPart words = { .kind = PART_TEXT, .text = asks ? format_words(arena, request) : S("") };
    put_array(json, "system");
    for (size_t i = 0; i < request->message_count; i++)
        for (size_t j = 0; j < request->messages[i].count; j++)
            if (request->messages[i].role == FROM_SYSTEM)
                put_text_block(json, &request->messages[i].parts[j]);
    put_text_block(json, &words);
    put_end(json);
}

/* --- Tools --- */

static void put_tool(JsonWriter *json, const ModelTool *tool, const Model *model)
{
    if (tool->builtin.length) {
        put_raw(json, NULL, tool->builtin);
        return;
    }
    put_object(json, NULL);
    put_text(json, "name", tool->name);
    if (tool->description.length)
        put_text(json, "description", tool->description);
    put_raw(json, "input_schema", tool->parameters.length ? tool->parameters : NO_PARAMETERS);
    if (tool->is_strict && model->takes_schema)
        put_bool(json, "strict", true);
    put_cache(json, tool->cache);
    put_end(json);
}

static void put_tools(JsonWriter *json, const ModelRequest *request, const Model *model)
{
    static const Str types[] = { [TOOLS_AUTO] = S_INIT("auto"),
                                 [TOOLS_NONE] = S_INIT("none"),
                                 [TOOLS_REQUIRED] = S_INIT("any"),
                                 [TOOLS_NAMED] = S_INIT("tool") };
    if (!request->tool_count)
        return;
    put_array(json, "tools");
    for (size_t i = 0; i < request->tool_count; i++)
        put_tool(json, &request->tools[i], model);
    put_end(json);
    if (request->tool_choice == TOOLS_AUTO && request->parallel_tools != NO)
        return;
    put_object(json, "tool_choice");
    put_text(json, "type", types[request->tool_choice]);
    if (request->tool_choice == TOOLS_NAMED)
        put_text(json, "name", request->tool_name);
    if (request->parallel_tools == NO && request->tool_choice != TOOLS_NONE)
        put_bool(json, "disable_parallel_tool_use", true);
    put_end(json);
}

/* --- Thinking --- */

/* A turn that called tools must come back with its thinking; when that is lost, or one tool is
 * demanded, the service refuses to think. */
static bool may_think(const ModelRequest *request)
{
    for (size_t i = 0; i < request->message_count; i++) {
        const ModelMessage *message = &request->messages[i];
        bool has_call = false, has_thought = false;
        for (size_t j = 0; j < message->count; j++) {
            has_call |= message->parts[j].kind == PART_TOOL_CALL;
            has_thought |= is_signed(&message->parts[j]);
        }
        if (has_call && !has_thought)
            return false;
    }
    return request->tool_choice == TOOLS_AUTO || request->tool_choice == TOOLS_NONE;
}

static int64_t thinking_budget(const ModelRequest *request)
{
    static const struct {
        const char *effort;
        int64_t tokens;
    } budgets[] = {
        { "low", 2048 }, { "medium", 8192 }, { "high", 24576 }, { "xhigh", 32768 }, { "max", 32768 }
    };
    if (request->reasoning_budget > 0)
        return MAX(request->reasoning_budget, (int64_t)BUDGET_MIN);
    for (size_t i = 0; i < COUNT(budgets); i++)
        if (str_is(request->reasoning_effort, budgets[i].effort))
            return budgets[i].tokens;
    return 0;
}

/* Both may be asked for: how hard it thinks, and the shape of what it says. */
static void put_output_config(JsonWriter *json, const ModelRequest *request, bool has_effort,
                              bool has_schema)
{
    if (!has_effort && !has_schema)
        return;
    put_object(json, "output_config");
    if (has_effort)
        put_text(json, "effort", request->reasoning_effort);
    if (has_schema) {
        put_object(json, "format");
        put_text(json, "type", S("json_schema"));
        put_raw(json, "schema", request->schema);
        put_end(json);
    }
    put_end(json);
}

/* The length must be said here. */
static int64_t length_of(const ModelRequest *request, Str name)
{
    const CatalogueModel *known = catalogue_find(S("anthropic"), name);
    if (request->output_max)
        return request->output_max;
    return known ? MIN(known->output_max, (int64_t)OUTPUT_MAX) : OUTPUT_MAX;
}

/* With thinking the temperature is the service's own; newer models take one of temperature and
 * top_p only. */
static void put_sampling(JsonWriter *json, const ModelRequest *request)
{
    MaybeNumber temperature = request->temperature;
    temperature.value = MIN(temperature.value, 1.0); /* OpenAI's ends at 2 */
    put_maybe(json, "temperature", temperature);
    if (!temperature.is_set)
        put_maybe(json, "top_p", request->top_p);
    put_maybe(json, "top_k", request->top_k);
}

static void put_settings(JsonWriter *json, const ModelRequest *request, const Model *model,
                         int64_t length)
{
    Thinking how = model->thinking;
    int64_t budget = may_think(request) && how != THINKS_NOT ? thinking_budget(request) : 0;
    bool to_budget = budget && how == THINKS_TO_BUDGET;
    /* The budget is a part of the length, and must leave room for an answer. */
    put_int(json, "max_tokens", to_budget ? MAX(length, budget + BUDGET_MIN) : length);
    if (budget) {
        put_object(json, "thinking");
        put_text(json, "type", to_budget ? S("enabled") : S("adaptive"));
        if (to_budget)
            put_int(json, "budget_tokens", budget);
        else /* else newer models show nothing of it */
            put_text(json, "display", S("summarized"));
        put_end(json);
    } else if (!request->is_plain) {
        put_sampling(json, request);
    }
    put_output_config(json, request, budget && !to_budget && request->reasoning_effort.length,
                      takes_schema(request, model));
    put_some_texts(json, "stop_sequences", request->stop);
    Str user = request->user.length ? request->user : request->safety_id;
    if (user.length) {
        put_object(json, "metadata");
        put_text(json, "user_id", user);
        put_end(json);
    }
    if (str_is(request->service_tier, "default"))
        put_text(json, "service_tier", S("standard_only"));
    else if (str_is(request->service_tier, "auto"))
        put_text(json, "service_tier", S("auto"));
}

static bool write(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                  WireRequest *wire, Error *err)
{
    if (request->task != TASK_CHAT)
        return unsupported(err, "model", "this service only chats");
    if (request->choice_count > 1 || request->wants_logprobs)
        return check_common(request, err);
    const Model *model = model_of(target->model);
    request = with_turns(arena, request);
    JsonWriter json = put_begin(&wire->body);
    put_text(&json, "model", target->model);
    put_system(&json, request, model, arena);
    if (!put_messages(&json, request, arena, err))
        return false;
    put_tools(&json, request, model);
    put_settings(&json, request, model, length_of(request, target->model));
    if (request->is_stream)
        put_bool(&json, "stream", true);
    put_extra(&json, arena, request, target);
    put_end(&json);
    return true;
}

const Dialect dialect_anthropic = {
    .name = "anthropic",
    .tasks = 1U << TASK_CHAT,
    .stream_kind = WIRE_EVENTS,
    .models_path = "/models?limit=1000",
    .authorize = authorize,
    .path = path,
    .write = write,
    .read_frame = anthropic_read_frame,
    .read_whole = anthropic_read_whole,
    .read_error = anthropic_read_error,
    .read_models = anthropic_read_models,
};
