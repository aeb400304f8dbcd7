/* gemini.c - Google's generateContent: what is asked. gemini_read.c reads what comes back.
 *
 * The model is a part of the path, arguments and results of tools are objects, results go by the
 * tool's name, and a call's signature must come back with it (it travels in the call's id). */
#include "gateway/dialects/gemini.h"

/* In place of a signature that nobody has, of a turn that another service wrote; Google's
 * documentation of thought signatures names it. */
#define NO_SIGNATURE "skip_thought_signature_validator"

/* Of thinking, in tokens. */
#define LITTLE_BUDGET 512
#define BUDGET_MAX 24576     /* that every model takes */
#define LARGE_BUDGET_MIN 128 /* of models that always think */

static void authorize(Arena *arena, const DialectTarget *target, WireRequest *wire)
{
    (void)arena;
    if (target->key.length)
        wire_header(wire, S("x-goog-api-key"), target->key);
}

/* "gemini-2.5-pro", "models/gemini-2.5-pro" and "tunedModels/mine" are all names. */
static Str model_name(Arena *arena, Str model)
{
    bool has_kind = str_starts(model, S("models/")) || str_starts(model, S("tunedModels/"));
    Str kind = has_kind ? str_slice(model, 0, (size_t)str_find_char(model, '/') + 1) : S("models/");
    Str name = path_piece(arena, has_kind ? str_from(model, kind.length) : model);
    return str_format(arena, STR_FMT STR_FMT, STR_ARG(kind), STR_ARG(name));
}

static Str path(Arena *arena, const ModelRequest *request, const DialectTarget *target)
{
    const char *verb = request->task == TASK_EMBEDDING ? "batchEmbedContents"
                       : request->is_stream            ? "streamGenerateContent?alt=sse"
                                                       : "generateContent";
    Str name = model_name(arena, target->model);
    return str_format(arena, "/" STR_FMT ":%s", STR_ARG(name), verb);
}

/* --- Parts --- */

static void put_text_part(JsonWriter *json, Str text)
{
    put_object(json, NULL);
    put_text(json, "text", text);
    put_end(json);
}

static void put_media(JsonWriter *json, const ModelPart *part, Arena *arena)
{
    put_object(json, NULL);
    put_object(json, part->data.length ? "inlineData" : "fileData");
    if (part->media_type.length)
        put_text(json, "mimeType", media_type_of(arena, part));
    if (part->data.length)
        put_text(json, "data", part->data);
    else
        put_text(json, "fileUri", part->file_id.length ? part->file_id : part->url);
    put_end(json);
    put_end(json);
}

static void put_thought(JsonWriter *json, const ModelPart *part)
{
    Str signature = gemini_signature(part->signature);
    if (!signature.length)
        return;
    put_object(json, NULL);
    put_text(json, "text", part->text);
    put_bool(json, "thought", true);
    put_text(json, "thoughtSignature", signature);
    put_end(json);
}

/* Only the first call of a turn must be signed. */
static void put_call(JsonWriter *json, const ModelPart *part, bool must_sign)
{
    Str signature = call_signature(part->id);
    put_object(json, NULL);
    put_object(json, "functionCall");
    put_text(json, "id", call_id(part->id));
    put_text(json, "name", part->name);
    put_arguments(json, "args", part->arguments);
    put_end(json);
    if (signature.length || must_sign)
        put_text(json, "thoughtSignature", signature.length ? signature : S(NO_SIGNATURE));
    put_end(json);
}

/* A result is an object here; pictures of it stand behind it. */
static void put_result(JsonWriter *json, const ModelPart *part, Str name, Arena *arena)
{
    Str text = str_trim(result_text(arena, part));
    bool is_object = text.length && text.at[0] == '{' && json_walk_is_valid(text);
    put_object(json, NULL);
    put_object(json, "functionResponse");
    put_text(json, "id", call_id(part->id));
    put_text(json, "name", name.length ? name : part->name);
    if (is_object && !part->is_error) {
        put_raw(json, "response", text);
    } else {
        put_object(json, "response");
        put_text(json, part->is_error ? "error" : "result", text);
        put_end(json);
    }
    put_end(json);
    put_end(json);
    for (size_t i = 0; i < part->part_count; i++)
        if (part->parts[i].kind == PART_IMAGE || part->parts[i].kind == PART_FILE)
            put_media(json, &part->parts[i], arena);
}

/* --- Messages --- */

typedef struct Turn {
    const ModelRequest *request;
    Arena *arena;
    bool must_sign; /* calls, by the model that is asked */
} Turn;

static void put_parts(JsonWriter *json, const Turn *turn, size_t number)
{
    const ModelMessage *message = &turn->request->messages[number];
    bool is_first = true;
    for (size_t i = 0; i < message->count; i++) {
        const ModelPart *part = &message->parts[i];
        switch (part->kind) {
        case PART_TEXT:
        case PART_REFUSAL:
            if (part->text.length)
                put_text_part(json, part->text);
            break;
        case PART_IMAGE:
        case PART_AUDIO:
        case PART_FILE: put_media(json, part, turn->arena); break;
        case PART_REASONING: put_thought(json, part); break;
        case PART_HOSTED: break; /* of answers only */
        case PART_TOOL_CALL:
            put_call(json, part, is_first && turn->must_sign);
            is_first = false;
            break;
        case PART_TOOL_RESULT:
            put_result(json, part, call_name(turn->request, number, part->id), turn->arena);
            break;
        }
    }
}

/* Messages of one side that follow each other are one turn: as many results as there were calls. */
static void put_contents(JsonWriter *json, const Turn *turn)
{
    const ModelRequest *request = turn->request;
    int open = -1; /* 1: the model's turn is open, 0: the user's */
    put_array(json, "contents");
    for (size_t i = 0; i < request->message_count; i++) {
        const ModelMessage *message = &request->messages[i];
        int side = message->role == FROM_ASSISTANT;
        if (message->role == FROM_SYSTEM)
            continue;
        if (open >= 0 && side != open) {
            put_end(json);
            put_end(json);
        }
        if (side != open) {
            put_object(json, NULL);
            put_text(json, "role", side ? S("model") : S("user"));
            put_array(json, "parts");
        }
        open = side;
        put_parts(json, turn, i);
    }
    if (open >= 0) {
        put_end(json);
        put_end(json);
    }
    put_end(json);
}

static bool is_older(Str model)
{
    return str_find(model, S("gemini-2")) >= 0 || str_find(model, S("gemini-1")) >= 0;
}

/* Models up to 2.5 fail when tools and a format of the answer are asked for together. */
static bool takes_format(const ModelRequest *request, Str model)
{
    return !request->tool_count || !is_older(model);
}

static void put_system(JsonWriter *json, const ModelRequest *request, Str model, Arena *arena)
{
    Str text = system_text(arena, request, !takes_format(request, model));
    if (!text.length)
        return;
    put_object(json, "systemInstruction");
    put_array(json, "parts");
    put_text_part(json, text);
    put_end(json);
    put_end(json);
}

/* --- Tools, settings --- */

static void put_tools(JsonWriter *json, const ModelRequest *request)
{
    static const Str modes[] = { [TOOLS_AUTO] = S_INIT("AUTO"),
                                 [TOOLS_NONE] = S_INIT("NONE"),
                                 [TOOLS_REQUIRED] = S_INIT("ANY"),
                                 [TOOLS_NAMED] = S_INIT("ANY") };
    if (!request->tool_count)
        return;
    put_array(json, "tools");
    put_object(json, NULL);
    put_array(json, "functionDeclarations");
    for (size_t i = 0; i < request->tool_count; i++) {
        const ModelTool *tool = &request->tools[i];
        put_object(json, NULL);
        put_text(json, "name", tool->name);
        if (tool->description.length)
            put_text(json, "description", tool->description);
        /* "parameters" knows only a part of JSON schema and fails with the rest. */
        if (tool->parameters.length)
            put_raw(json, "parametersJsonSchema", tool->parameters);
        put_end(json);
    }
    put_end(json);
    put_end(json);
    put_end(json);
    if (request->tool_choice == TOOLS_AUTO)
        return;
    put_object(json, "toolConfig");
    put_object(json, "functionCallingConfig");
    put_text(json, "mode", modes[request->tool_choice]);
    if (request->tool_choice == TOOLS_NAMED)
        put_some_texts(json, "allowedFunctionNames", (StrList){ &request->tool_name, 1 });
    put_end(json);
    put_end(json);
}

static bool thinks(Str model)
{
    return str_find(model, S("gemini-1")) < 0 && str_find(model, S("gemini-2.0")) < 0;
}

typedef struct Effort {
    const char *word;
    int64_t tokens;
    Str level;
} Effort;

/* OpenAI's and Anthropic's words. */
static const Effort *effort_of(Str word)
{
    static const Effort efforts[] = {
        { "none", 0, S_INIT("minimal") },       { "minimal", LITTLE_BUDGET, S_INIT("minimal") },
        { "low", 1024, S_INIT("low") },         { "medium", 8192, S_INIT("medium") },
        { "high", BUDGET_MAX, S_INIT("high") }, { "xhigh", BUDGET_MAX, S_INIT("high") },
        { "max", BUDGET_MAX, S_INIT("high") },
    };
    for (size_t i = 0; i < COUNT(efforts); i++)
        if (str_is(word, efforts[i].word))
            return &efforts[i];
    return NULL;
}

/* Models up to 2.5 think by a count of tokens, later ones by a level as well. The largest cannot
 * but think: they do it as little as they may. */
static void put_thinking(JsonWriter *json, const ModelRequest *request, Str model)
{
    bool is_off = request->reasoning_budget < 0;
    bool is_large = str_find(model, S("-pro")) >= 0;
    const Effort *effort = effort_of(is_off ? S("none") : request->reasoning_effort);
    int64_t budget = effort ? effort->tokens : MIN(request->reasoning_budget, (int64_t)BUDGET_MAX);
    if ((!effort && !budget) || !thinks(model))
        return;
    put_object(json, "thinkingConfig");
    put_bool(json, "includeThoughts", budget > 0);
    if (is_older(model) || !effort)
        put_int(json, "thinkingBudget", is_large ? MAX(budget, (int64_t)LARGE_BUDGET_MIN) : budget);
    else
        put_text(json, "thinkingLevel",
                 is_large && budget <= LITTLE_BUDGET ? S("low") : effort->level);
    put_end(json);
}

static void put_config(JsonWriter *json, const ModelRequest *request, Str model)
{
    put_object(json, "generationConfig");
    put_maybe(json, "temperature", request->temperature);
    put_maybe(json, "topP", request->top_p);
    put_maybe(json, "topK", request->top_k);
    put_maybe(json, "presencePenalty", request->presence_penalty);
    put_maybe(json, "frequencyPenalty", request->frequency_penalty);
    put_maybe(json, "seed", request->seed);
    if (request->choice_count > 1)
        put_int(json, "candidateCount", request->choice_count);
    if (request->output_max)
        put_int(json, "maxOutputTokens", request->output_max);
    put_some_texts(json, "stopSequences", request->stop);
    bool has_format = takes_format(request, model);
    if (has_format && request->format != FORMAT_TEXT)
        put_text(json, "responseMimeType", S("application/json"));
    if (has_format && request->format == FORMAT_SCHEMA)
        put_raw(json, "responseJsonSchema", request->schema);
    put_thinking(json, request, model);
    put_end(json);
}

/* What Google lets a call turn down; what is illegal it stops whatever is said here. */
static void put_safety(JsonWriter *json, const ModelRequest *request)
{
    static const char *const kinds[] = { "HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT",
                                         "DANGEROUS_CONTENT" };
    if (!request->is_unfiltered)
        return;
    put_array(json, "safetySettings");
    for (size_t i = 0; i < COUNT(kinds); i++) {
        put_object(json, NULL);
        put_text(json, "category", str_format(json->out->arena, "HARM_CATEGORY_%s", kinds[i]));
        put_text(json, "threshold", S("BLOCK_NONE"));
        put_end(json);
    }
    put_end(json);
}

static bool write_chat(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                       WireRequest *wire, Error *err)
{
    request = with_turns(arena, request);
    Turn turn = { request, arena, !is_older(target->model) };
    ModelRequest one = *request;
    one.choice_count = 0; /* several answers are possible here */
    if (!check_common(&one, err))
        return false;
    JsonWriter json = put_begin(&wire->body);
    put_system(&json, request, target->model, arena);
    put_contents(&json, &turn);
    put_tools(&json, request);
    put_config(&json, request, target->model);
    put_safety(&json, request);
    put_end(&json);
    return true;
}

/* One request for each text: several parts of one content would become one vector. */
static void write_embedding(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                            WireRequest *wire)
{
    JsonWriter json = put_begin(&wire->body);
    Str name = model_name(arena, target->model);
    put_array(&json, "requests");
    for (size_t i = 0; i < request->inputs.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "model", name);
        put_object(&json, "content");
        put_array(&json, "parts");
        put_text_part(&json, request->inputs.at[i]);
        put_end(&json);
        put_end(&json);
        if (request->is_query)
            put_text(&json, "taskType", S("RETRIEVAL_QUERY"));
        else if (request->is_passage)
            put_text(&json, "taskType", S("RETRIEVAL_DOCUMENT"));
        if (request->dimensions)
            put_int(&json, "outputDimensionality", request->dimensions);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
}

static bool write(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                  WireRequest *wire, Error *err)
{
    if (request->task == TASK_CHAT)
        return write_chat(arena, request, target, wire, err);
    if (request->task != TASK_EMBEDDING)
        return unsupported(err, "model", "this service only chats and makes vectors");
    write_embedding(arena, request, target, wire);
    return true;
}

const Dialect dialect_gemini = {
    .name = "gemini",
    .tasks = 1U << TASK_CHAT | 1U << TASK_EMBEDDING,
    .stream_kind = WIRE_EVENTS,
    .ends_with_connection = true,
    .models_path = "/models?pageSize=1000",
    .authorize = authorize,
    .path = path,
    .write = write,
    .read_frame = gemini_read_frame,
    .read_whole = gemini_read_whole,
    .read_error = gemini_read_error,
    .read_models = gemini_read_models,
};
