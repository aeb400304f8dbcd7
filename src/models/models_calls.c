/* models_calls.c - calls of our own. */
#include "base/base64.h"
#include "models/links.h"
#include "models/models_int.h"

#define CAPTION_TOKENS 300
#define CAPTION_PROMPT                                                                             \
    "Say in one to three sentences what this picture shows and what kind of picture it is, in "    \
    "words by which somebody would look for it. Name no person by the looks."

/* A service that was found by itself and is not there any more is looked for again. */
static void note_failure(Models *models, const Scope *scope, Arena *arena, const Error *err)
{
    Service service;
    Error ignored;
    if (err->code == ERROR_UPSTREAM && service_find(models, scope, arena, &service, &ignored) &&
        service.was_found)
        forget_local(models);
}

static ModelRole role_of(Str role)
{
    if (str_is(role, "system"))
        return FROM_SYSTEM;
    return str_is(role, "assistant") ? FROM_ASSISTANT : FROM_USER;
}

static ModelMessage message_of(Arena *arena, const ChatMessage *message)
{
    ModelPart *parts = arena_new_array(arena, ModelPart, message->part_count + 1);
    parts[0] = (ModelPart){ .kind = PART_TEXT, .text = message->text };
    for (size_t i = 0; i < message->part_count; i++)
        parts[i + 1] = message->parts[i];
    return (ModelMessage){ .role = role_of(message->role),
                           .parts = parts,
                           .count = message->part_count + 1 };
}

static ModelRequest request_of(Arena *arena, const ChatRequest *chat, Str model)
{
    ModelMessage *messages = arena_new_array(arena, ModelMessage, chat->count);
    for (size_t i = 0; i < chat->count; i++)
        messages[i] = message_of(arena, &chat->messages[i]);
    return (ModelRequest){ .task = TASK_CHAT,
                           .model = model,
                           .messages = messages,
                           .message_count = chat->count,
                           .output_max = chat->output_max,
                           .temperature = { true, chat->temperature },
                           .format = chat->schema.length ? FORMAT_SCHEMA : FORMAT_TEXT,
                           .schema = chat->schema,
                           .schema_name = chat->schema_name,
                           .is_strict = chat->schema.length && chat->is_strict ? YES : UNSAID };
}

/* The words with which the model declines, if it does. */
static Str refusal_of(const GatewayAnswer *answer)
{
    const ModelReply *reply = answer->reply;
    for (size_t i = 0; reply && reply->choices.count && i < reply->choices.at[0].parts.count; i++)
        if (reply->choices.at[0].parts.at[i].kind == PART_REFUSAL)
            return reply->choices.at[0].parts.at[i].text;
    return STR_NONE;
}

static ChatResult result_of(const GatewayAnswer *answer, Str model)
{
    static const Str words[] = { [FINISH_UNKNOWN] = S_INIT("stop"),
                                 [FINISH_STOP] = S_INIT("stop"),
                                 [FINISH_LENGTH] = S_INIT("length"),
                                 [FINISH_TOOLS] = S_INIT("tool_calls"),
                                 [FINISH_FILTER] = S_INIT("content_filter") };
    Str refusal = refusal_of(answer);
    return (ChatResult){ .text = refusal.length ? refusal : answer->text,
                         .is_refused = refusal.length > 0,
                         .model = model,
                         .input_tokens = answer->usage.input + answer->usage.cache_read,
                         .output_tokens = answer->usage.output,
                         .cost = MAX(answer->cost, 0),
                         .finish = words[answer->finish] };
}

bool models_standard(Models *models, const Scope *scope, Arena *arena, const GatewayConfig *config,
                     Str *model_r, Error *err)
{
    Service service;
    if (config->standard && str_is(config->standard->name, STANDARD_ROUTE)) {
        *model_r = S(STANDARD_ROUTE);
        return true;
    }
    if (!service_find(models, scope, arena, &service, err) ||
        !service_model(models, arena, &service, true, err))
        return false;
    *model_r =
        str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(service.from.name), STR_ARG(service.model));
    return true;
}

static bool ask(Models *models, const Scope *scope, Arena *arena, const ChatRequest *request,
                GatewayCaller *caller, GatewayAnswer *answer_r, Error *err)
{
    Str model = request->model;
    if (!model.length && !models_standard(models, scope, arena, caller->config, &model, err))
        return false;
    ModelRequest asked = request_of(arena, request, model);
    int64_t output_max = models->options.reply_tokens_max;
    if (output_max && (!asked.output_max || asked.output_max > output_max))
        asked.output_max = output_max;
    asked.is_unfiltered = request->is_unfiltered && caller->config->policy.loosens_filters;
    GatewayAsk how = { .request = &asked,
                       .feature = request->feature,
                       .persona = request->persona,
                       .may_keep = request->may_keep,
                       .is_personal = request->is_personal,
                       .never_here = request->never_here,
                       .is_within = request->is_within,
                       .delta = request->delta,
                       .self = request->self };
    if (!gateway_ask(models->gateway, caller, arena, &how, answer_r, err))
        return false;
    return str_trim(answer_r->text).length || refusal_of(answer_r).length ||
           fail(err, ERROR_UPSTREAM, STR_FMT " answered without a word", STR_ARG(answer_r->model));
}

/* The reader's pieces, with their links broken. */
typedef struct Telling {
    const ChatRequest *request;
    LinkBreaker breaker;
} Telling;

static bool tell(void *self, Str text)
{
    Telling *telling = self;
    Str ready = links_break(&telling->breaker, text);
    return !ready.length || telling->request->delta(telling->request->self, ready);
}

static bool tell_end(Telling *telling, Error *err)
{
    Str last = links_end(&telling->breaker);
    return !last.length || telling->request->delta(telling->request->self, last) ||
           fail(err, ERROR_CANCELLED, "the reader has gone");
}

bool models_chat(Models *models, const Scope *scope, Arena *arena, const ChatRequest *request,
                 ChatResult *result_r, Error *err)
{
    GatewayCaller *caller;
    GatewayAnswer answer;
    Str given = links_given(arena, request->messages, request->count);
    Telling telling = { request, link_breaker(arena, given) };
    ChatRequest asked = *request;
    asked.delta = request->delta ? tell : NULL;
    asked.self = &telling;
    if (!models_caller(models, scope, &caller, err))
        return false;
    bool good = ask(models, scope, arena, &asked, caller, &answer, err) &&
                (!request->delta || tell_end(&telling, err));
    caller_release(caller);
    answer.text = good ? links_broken(arena, answer.text, given) : STR_NONE;
    if (good)
        *result_r = result_of(&answer, answer.model);
    else
        note_failure(models, scope, arena, err);
    return good;
}

/* --- Recordings and pictures --- */

static bool read_media(Models *models, GatewayCaller *caller, Arena *arena,
                       const ModelRequest *request, GatewayAnswer *answer_r, Error *err)
{
    GatewayAsk how = { .request = request, .feature = S("reading") };
    return gateway_ask(models->gateway, caller, arena, &how, answer_r, err);
}

/* Models that tell who speaks have a shape of their own for it. */
static bool tells_speakers(Str model) { return str_find_ignore_case(model, S("diarize")) >= 0; }

/* Not every model tells times: who refuses to is asked for words alone. */
bool models_hear(Models *models, const Scope *scope, Arena *arena, Str model, Str sound,
                 GatewayAnswer *answer_r, Error *err)
{
    static const ModelField fields[] = {
        { .name = S_INIT("response_format"), .value = S_INIT("verbose_json") },
        { .name = S_INIT("timestamp_granularities[]"), .value = S_INIT("segment") },
    };
    static const ModelField speaker_fields[] = {
        { .name = S_INIT("response_format"), .value = S_INIT("diarized_json") },
        { .name = S_INIT("chunking_strategy"), .value = S_INIT("auto") },
    };
    bool has_speakers = tells_speakers(model);
    ModelRequest request = { .task = TASK_TRANSCRIPTION,
                             .model = model,
                             .media = sound,
                             .media_type = S("audio/wav"),
                             .media_name = S("recording.wav"),
                             .transcript = has_speakers ? TRANSCRIPT_DIARIZED : TRANSCRIPT_VERBOSE,
                             .fields = has_speakers ? speaker_fields : fields,
                             .field_count = COUNT(fields) };
    GatewayCaller *caller;
    if (!models_caller(models, scope, &caller, err))
        return false;
    bool good = read_media(models, caller, arena, &request, answer_r, err);
    if (!good && err->code == ERROR_INVALID) {
        request.transcript = TRANSCRIPT_JSON;
        request.field_count = 0;
        good = read_media(models, caller, arena, &request, answer_r, err);
    }
    caller_release(caller);
    return good;
}

/* A model that chats is shown the picture; one of Hugging Face's tasks gets its bytes alone. */
bool models_describe(Models *models, const Scope *scope, Arena *arena, Str model, Str picture,
                     GatewayAnswer *answer_r, Error *err)
{
    const ModelPart parts[] = {
        { .kind = PART_TEXT, .text = S_INIT(CAPTION_PROMPT) },
        { .kind = PART_IMAGE, .media_type = S("image/png"), .data = base64_encode(arena, picture) },
    };
    ModelMessage message = { .role = FROM_USER, .parts = parts, .count = COUNT(parts) };
    ModelRequest request = { .task = TASK_CHAT,
                             .model = model,
                             .messages = &message,
                             .message_count = 1,
                             .output_max = CAPTION_TOKENS };
    ModelRequest bare = { .task = TASK_TRANSCRIPTION,
                          .model = model,
                          .media = picture,
                          .media_type = S("image/png"),
                          .media_name = S("picture.png") };
    GatewayCaller *caller;
    Error refused;
    if (!models_caller(models, scope, &caller, err))
        return false;
    bool good = read_media(models, caller, arena, &request, answer_r, err);
    if (!good && (err->code == ERROR_UNSUPPORTED || err->code == ERROR_INVALID))
        good = read_media(models, caller, arena, &bare, answer_r, &refused);
    caller_release(caller);
    return good;
}
