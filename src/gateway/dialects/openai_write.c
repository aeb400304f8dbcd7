/* openai_write.c - what services of OpenAI's dialect are asked.
 *
 * Where a service calls a member otherwise, the body is written as OpenAI's and then put right. */
#include "gateway/dialects/openai.h"
#include "gateway/dialects/openai_shapes.h"
#include "gateway/form.h"
#include "gateway/members.h"

/* --- Messages --- */

static const char *const roles[] = { "system", "user", "assistant", "user" };

static void put_file(JsonWriter *json, const ModelPart *part, Arena *arena)
{
    put_object(json, "file");
    if (part->file_id.length) {
        put_text(json, "file_id", part->file_id);
    } else {
        put_text(json, "filename", part->name.length ? part->name : S("file"));
        put_text(json, "file_data", media_url(arena, part));
    }
    put_end(json);
}

/* "wav" of "audio/wav" */
static Str audio_format(Str media_type)
{
    if (str_is(media_type, "audio/mpeg"))
        return S("mp3");
    return str_from(media_type, (size_t)(str_find_char(media_type, '/') + 1));
}

static void put_part(JsonWriter *json, const ModelPart *part, Arena *arena)
{
    static const char *const types[] = { [PART_TEXT] = "text",
                                         [PART_AUDIO] = "input_audio",
                                         [PART_FILE] = "file",
                                         [PART_REFUSAL] = "refusal" };
    if (part->kind == PART_IMAGE) {
        put_image_part(json, part, arena);
        return;
    }
    put_object(json, NULL);
    put_text(json, "type", str(types[part->kind]));
    if (part->kind == PART_FILE) {
        put_file(json, part, arena);
    } else if (part->kind == PART_AUDIO) {
        put_object(json, "input_audio");
        put_text(json, "data", part->data);
        put_text(json, "format", audio_format(part->media_type));
        put_end(json);
    } else {
        put_text(json, types[part->kind], part->text);
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
    bool has_calls = false;
    for (size_t i = 0; i < message->count; i++) {
        has_calls |= message->parts[i].kind == PART_TOOL_CALL;
        if (is_content(&message->parts[i]))
            only = &message->parts[i], count++;
    }
    if (!count) { /* beside calls only may it be null */
        if (has_calls)
            put_null(json, "content");
        else
            put_text(json, "content", S(""));
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

/* Some services want to see again what their model has thought; OpenAI fails with it. */
static void put_reasoning(JsonWriter *json, const ModelMessage *message, const char *member)
{
    for (size_t i = 0; i < message->count && member; i++)
        if (message->parts[i].kind == PART_REASONING && message->parts[i].text.length) {
            put_text(json, member, message->parts[i].text);
            return;
        }
}

static void put_message(JsonWriter *json, const ModelMessage *message, const DialectQuirks *quirks,
                        Arena *arena)
{
    if (put_results(json, message, arena))
        return;
    put_object(json, NULL);
    put_text(json, "role", str(roles[message->role]));
    if (message->name.length && !quirks->refuses_names)
        put_text(json, "name", message->name);
    put_content(json, message, arena);
    put_reasoning(json, message, quirks->reasoning);
    put_calls(json, message, true);
    put_end(json);
}

static void put_tools(JsonWriter *json, const ModelRequest *request, Arena *arena)
{
    static const char *const choices[] = { "auto", "none", "required" };
    if (!request->tool_count)
        return;
    put_array(json, "tools");
    for (size_t i = 0; i < request->tool_count; i++)
        put_function(json, &request->tools[i], request->tools[i].is_strict, arena);
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

static void put_word(JsonWriter *json, const char *name, Str word)
{
    if (word.length)
        put_text(json, name, word);
}

/* --- Thinking --- */

typedef struct Thinker {
    const char *start; /* of its name */
    Str least;         /* that it can be asked for; "": it cannot be asked */
} Thinker;

/* OpenAI's own models, the longer names first; NULL: nothing is known of it. */
static const Thinker *thinker_of(Str model)
{
    static const Thinker thinkers[] = {
        { "gpt-5-chat", S_INIT("") },     { "gpt-5-pro", S_INIT("high") },
        { "gpt-5-codex", S_INIT("low") }, { "gpt-5-", S_INIT("minimal") },
        { "gpt-5.", S_INIT("none") },     { "gpt-5", S_INIT("minimal") },
        { "o1", S_INIT("low") },          { "o3", S_INIT("low") },
        { "o4", S_INIT("low") },          { "gpt-4", S_INIT("") },
        { "gpt-3.5", S_INIT("") },        { "chatgpt-", S_INIT("") },
    };
    for (size_t i = 0; i < COUNT(thinkers); i++)
        if (str_starts(model, str(thinkers[i].start)))
            return &thinkers[i];
    return NULL;
}

/* A word for a count of tokens, as the other dialects turn words into counts. */
static Str effort_of_budget(int64_t tokens)
{
    if (tokens < 4096)
        return S("low");
    return tokens < 16384 ? S("medium") : S("high");
}

/* Who asked in this dialect's words gets them; Anthropic's "max" and counts are translated. Models
 * that cannot think fail with being asked to, and those that cannot but think with being asked not
 * to. */
static Str effort_of(const ModelRequest *request, Str model)
{
    const Thinker *thinker = thinker_of(str_from(model, (size_t)(str_find_char(model, '/') + 1)));
    bool cannot = thinker && !thinker->least.length;
    if (str_is(request->reasoning_effort, "max"))
        return S("high");
    if (request->reasoning_effort.length || !request->reasoning_budget || cannot)
        return request->reasoning_effort;
    if (request->reasoning_budget > 0)
        return effort_of_budget(request->reasoning_budget);
    return thinker ? thinker->least : S("");
}

/* --- Settings --- */

static void put_settings(JsonWriter *json, const ModelRequest *request, Str model)
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
    put_some_texts(json, "stop", request->stop);
    if (request->wants_logprobs && request->task == TASK_CHAT) {
        put_bool(json, "logprobs", true);
        if (request->top_logprobs)
            put_int(json, "top_logprobs", request->top_logprobs);
    }
    put_word(json, "reasoning_effort", effort_of(request, model));
    put_word(json, "verbosity", request->verbosity);
    put_word(json, "user", request->user);
    put_word(json, "safety_identifier", request->safety_id);
    put_word(json, "service_tier", request->service_tier);
    put_word(json, "prompt_cache_key", request->cache_key);
    put_word(json, "prompt_cache_retention", request->cache_retention);
}

static void put_stream(JsonWriter *json)
{
    put_bool(json, "stream", true);
    put_object(json, "stream_options");
    put_bool(json, "include_usage", true);
    put_end(json);
}

/* --- Tasks --- */

static bool put_chat(JsonWriter *json, Arena *arena, const ModelRequest *request,
                     const DialectTarget *target, Error *err)
{
    if (!check_pictures(request, err))
        return false;
    put_array(json, "messages");
    for (size_t i = 0; i < request->message_count; i++) {
        const ModelMessage *message = &request->messages[i];
        for (size_t j = 0; j < message->count; j++)
            if (message->parts[j].kind == PART_FILE && message->parts[j].url.length)
                return unsupported(err, "messages", "this service does not open files' addresses");
        put_message(json, message, &target->quirks, arena);
    }
    put_end(json);
    put_tools(json, request, arena);
    put_format(json, request);
    put_settings(json, request, target->model);
    if (request->is_stream)
        put_stream(json);
    return true;
}

static void put_completion(JsonWriter *json, Arena *arena, const ModelRequest *request, Str model)
{
    const ModelMessage *prompt = request->message_count ? request->messages : NULL;
    put_text(json, "prompt", prompt ? texts_of(arena, prompt->parts, prompt->count) : S(""));
    put_settings(json, request, model);
    if (request->is_stream)
        put_stream(json);
}

/* base64 is a quarter of the bytes to read. */
static void put_embedding(JsonWriter *json, const ModelRequest *request)
{
    put_some_texts(json, "input", request->inputs);
    put_text(json, "encoding_format", S("base64"));
    if (request->dimensions)
        put_int(json, "dimensions", request->dimensions);
    if (request->user.length)
        put_text(json, "user", request->user);
}

/* As Jina, and after it vLLM, llama.cpp, Together and others. */
static void put_rerank(JsonWriter *json, const ModelRequest *request)
{
    put_text(json, "query", request->query);
    put_some_texts(json, "documents", request->inputs);
    if (request->top_n)
        put_int(json, "top_n", request->top_n);
}

static bool put_task(JsonWriter *json, Arena *arena, const ModelRequest *request,
                     const DialectTarget *target, Error *err)
{
    switch (request->task) {
    case TASK_CHAT: return put_chat(json, arena, request, target, err);
    case TASK_COMPLETION: put_completion(json, arena, request, target->model); return true;
    case TASK_EMBEDDING: put_embedding(json, request); return true;
    case TASK_RERANK: put_rerank(json, request); return true;
    case TASK_MODERATION: put_some_texts(json, "input", request->inputs); return true;
    case TASK_SPEECH: put_text(json, "input", request->inputs.at[0]); return true;
    case TASK_IMAGE: put_text(json, "prompt", request->inputs.at[0]); return true;
    default: return unsupported(err, "model", "this service is not asked for that from here");
    }
}

static size_t form_size(const ModelRequest *request)
{
    size_t size = request->media.length + KB(1);
    for (size_t i = 0; i < request->field_count; i++)
        size += request->fields[i].value.length + KB(1);
    return size;
}

/* A recording, or pictures, with what is wanted of them. */
static bool write_form(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                       WireRequest *wire, Error *err)
{
    ModelField model = { .name = S("model"), .value = target->model };
    ModelField file = { .name = S("file"),
                        .value = request->media,
                        .file_name = request->media_name.length ? request->media_name : S("audio"),
                        .media_type = request->media_type };
    if (!request->media.length && !request->field_count)
        return fail_field(err, "file", "there is no recording that can be sent");
    buf_reserve(&wire->body, form_size(request));
    FormWriter form = form_begin(arena, &wire->body, &wire->media_type);
    form_add(&form, &model);
    for (size_t i = 0; i < request->field_count; i++)
        form_add(&form, &request->fields[i]);
    if (request->task == TASK_IMAGE)
        form_add(&form, &(ModelField){ .name = S("prompt"), .value = request->inputs.at[0] });
    if (request->media.length)
        form_add(&form, &file);
    form_end(&form);
    return true;
}

/* The body that was written, with the service's own names for its members. */
static void apply_quirks(Arena *arena, const DialectQuirks *quirks, WireRequest *wire)
{
    Buf out = buf_new(arena, wire->body.length + KB(1));
    JsonWalk walk = json_walk_begin(buf_str(&wire->body));
    Str name, value;
    buf_add_char(&out, '{');
    while (json_walk_next(&walk, &name, &value)) {
        Str said = dialect_member(quirks, name);
        if (!said.length)
            continue;
        if (out.length > 1)
            buf_add_char(&out, ',');
        json_quote(&out, said);
        buf_add_char(&out, ':');
        buf_add(&out, value);
    }
    buf_add_char(&out, '}');
    wire->body = out;
}

bool openai_write(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                  WireRequest *wire, Error *err)
{
    if (request->task == TASK_TRANSCRIPTION || request->form_type.length)
        return write_form(arena, request, target, wire, err);
    JsonWriter json = put_begin(&wire->body);
    put_text(&json, "model", target->model);
    if (!put_task(&json, arena, request, target, err))
        return false;
    put_extra(&json, arena, request, target);
    put_end(&json);
    if (!members_check_body(buf_str(&wire->body), &target->quirks, err))
        return false;
    if (target->quirks.members)
        apply_quirks(arena, &target->quirks, wire);
    return true;
}
