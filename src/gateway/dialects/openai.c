/* openai.c - OpenAI's chat completions and other tasks, and the many services that speak like it.
 * openai_write.c writes what is asked, openai_media.c reads what recordings and pictures are
 * answered with.
 *
 * The wire is OpenAI's API reference; what services really send differs: usage in any chunk (the
 * last one counts) or under x_groq, content as a list of parts, reasoning under two names, an error
 * object inside a stream of status 200, no [DONE] after the finish_reason.
 *
 * Answers are read with json_walk, not with a tree: most of them pass through as they are, and only
 * their usage and end are looked at. */
#include "gateway/dialects/openai.h"

#include "gateway/price.h"

#define CALLS_MAX 1024

/* --- Reading: usage --- */

/* Sub-counts of the input: they are inside prompt_tokens, and counted apart here. */
static void read_input_details(const WireReader *reader, ModelUsage *usage, Str details)
{
    const char *dear = reader->task == TASK_IMAGE ? "image_tokens" : "audio_tokens";
    JsonWalk walk = json_walk_begin(details);
    Str name, value;
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "cached_tokens"))
            usage->cache_read = wire_int(value);
        else if (str_is(name, "cache_write_tokens"))
            usage->cache_write = wire_int(value);
        else if (str_is(name, dear))
            usage->audio_input = wire_int(value);
    }
}

static void read_output_details(ModelUsage *usage, Str details)
{
    JsonWalk walk = json_walk_begin(details);
    Str name, value;
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "reasoning_tokens"))
            usage->reasoning = wire_int(value);
        else if (str_is(name, "audio_tokens"))
            usage->audio_output = wire_int(value);
    }
}

void openai_read_usage(WireReader *reader, Str object)
{
    JsonWalk walk = json_walk_begin(object);
    ModelUsage usage = { .is_known = true, .cost = -1, .tier = reader->usage.tier };
    Str name, value;
    int64_t total = 0;
    if (!object.length || object.at[0] != '{')
        return;
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "prompt_tokens") || str_is(name, "input_tokens"))
            usage.input = wire_int(value);
        else if (str_is(name, "completion_tokens") || str_is(name, "output_tokens"))
            usage.output = wire_int(value);
        else if (str_is(name, "prompt_tokens_details") || str_is(name, "input_tokens_details") ||
                 str_is(name, "input_token_details")) /* of a recording */
            read_input_details(reader, &usage, value);
        else if (str_is(name, "completion_tokens_details") || str_is(name, "output_tokens_details"))
            read_output_details(&usage, value);
        else if (str_is(name, "total_tokens"))
            total = wire_int(value);
        else if (str_is(name, "prompt_cache_hit_tokens")) /* DeepSeek */
            usage.cache_read = wire_int(value);
        else if (str_is(name, "seconds"))
            (void)(str_to_double(value, &usage.seconds) || (usage.seconds = 0));
        else if (str_is(name, "cost"))
            (void)(price_parse(value, 1, &usage.cost) || (usage.cost = -1));
    }
    /* xAI counts what is thought beside the answer, and so does Gemini's OpenAI-shaped address,
     * which tells it by the total only. It is paid for like the answer. */
    if (reader->task == TASK_CHAT && usage.input && total > usage.input + usage.output)
        usage.output = total - usage.input;
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
        error_r->status = (int)wire_int(code);
    if (!error_r->status && (str_find(error_r->type, S("rate_limit")) >= 0 ||
                             str_find(error_r->code, S("rate_limit")) >= 0))
        error_r->status = 429;
}

/* --- Reading: choices --- */

typedef struct Piece {
    WireReader *reader;
    int choice;
} Piece;

/* A text, or a list of parts with texts. */
static bool read_content(const Piece *piece, Str content, Error *err)
{
    JsonWalk walk = json_walk_begin(content);
    Str name, part;
    if (!content.length || content.at[0] != '[')
        return wire_text(piece->reader, EVENT_TEXT, piece->choice, content, err);
    while (json_walk_next(&walk, &name, &part))
        if (!wire_text(piece->reader, EVENT_TEXT, piece->choice, json_walk_member(part, "text"),
                       err))
            return false;
    return true;
}

/* Calls that have begun. Some services repeat a call's id and name in each piece of it, and some
 * number all calls 0 and tell them apart by their ids only. */
typedef struct Call {
    int choice, index, told; /* as the service numbers it, and as we do */
    Str id;
} Call;

typedef struct Calls {
    VEC(Call) all;
} Calls;

static Call *begin_call(WireReader *reader, int choice, int index, Str id)
{
    Calls *calls = reader->state;
    int told = 0;
    for (size_t i = 0; i < calls->all.count; i++)
        told += calls->all.at[i].choice == choice;
    Call *call = vec_push(reader->arena, &calls->all);
    *call = (Call){ choice, index, told,
                    id.length ? str_copy(reader->arena, id)
                              : str_format(reader->arena, "call_%d", told) };
    return call;
}

/* The call that a piece belongs to; *is_new_r: it has not been told yet. */
static Call *call_of(WireReader *reader, int choice, int index, Str id, bool *is_new_r)
{
    if (!reader->state)
        reader->state = arena_new_one(reader->arena, Calls);
    Calls *calls = reader->state;
    *is_new_r = false;
    for (size_t i = calls->all.count; i-- > 0;) {
        Call *call = &calls->all.at[i];
        if (call->choice == choice && call->index == index &&
            (!id.length || str_equal(id, call->id)))
            return call;
    }
    *is_new_r = true;
    return calls->all.count < CALLS_MAX ? begin_call(reader, choice, index, id) : NULL;
}

static bool read_function(const Piece *piece, Str function, int index, Str id, Error *err)
{
    WireReader *reader = piece->reader;
    bool is_new;
    Call *call = call_of(reader, piece->choice, index, id, &is_new);
    if (!call)
        return fail(err, ERROR_UPSTREAM, "the answer calls more than %d tools", CALLS_MAX);
    ModelEvent begin = { .kind = EVENT_TOOL, .choice = piece->choice, .index = call->told };
    ModelEvent more = { .kind = EVENT_ARGUMENTS, .choice = piece->choice, .index = call->told };
    Str name = json_walk_member(function, "name"), text = json_walk_member(function, "arguments");
    begin.id = call->id;
    begin.name = json_text_of(reader->scratch, name);
    /* Arguments are a text, but of some services an object. */
    more.text = text.length && text.at[0] == '{' ? text : json_text_of(reader->scratch, text);
    return (!is_new || wire_event(reader, &begin, err)) &&
           (!more.text.length || wire_event(reader, &more, err));
}

static bool read_tool_call(const Piece *piece, Str call, int position, Error *err)
{
    Str index = json_walk_member(call, "index");
    int number = index.length ? (int)MIN(wire_int(index), (int64_t)CALLS_MAX) : position;
    Str id = json_text_of(piece->reader->scratch, json_walk_member(call, "id"));
    return read_function(piece, json_walk_member(call, "function"), number, id, err);
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
            good = wire_text(piece->reader, EVENT_REASONING, piece->choice, value, err);
        else if (str_is(name, "refusal"))
            good = wire_text(piece->reader, EVENT_REFUSAL, piece->choice, value, err);
        else if (str_is(name, "tool_calls") && value.at[0] == '[')
            good = read_tool_calls(piece, value, err);
        else if (str_is(name, "function_call") && value.at[0] == '{') /* the old form */
            good = read_function(piece, value, 0, S(""), err);
    }
    return good;
}

static FinishReason finish_reason(Str word)
{
    static const FinishWord words[] = { { "length", FINISH_LENGTH },
                                        { "tool_calls", FINISH_TOOLS },
                                        { "function_call", FINISH_TOOLS },
                                        { "content_filter", FINISH_FILTER } };
    return FINISH_OF(words, word);
}

static bool read_choice(WireReader *reader, Str choice, Error *err)
{
    Piece piece = { reader, (int)MIN(wire_int(json_walk_member(choice, "index")), (int64_t)127) };
    JsonWalk walk = json_walk_begin(choice);
    Str name, value, reason = S("");
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "delta") || str_is(name, "message")) {
            if (!read_message(&piece, value, err))
                return false;
        } else if (str_is(name, "text")) { /* of a text completion */
            if (!wire_text(reader, EVENT_TEXT, piece.choice, value, err))
                return false;
        } else if (str_is(name, "finish_reason")) {
            reason = json_text_of(reader->scratch, value);
        }
    }
    if (str_is(reason, "error"))
        return wire_fail(reader, 0, S(""), err);
    return !reason.length || wire_finish(reader, piece.choice, finish_reason(reason), err);
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
            has_usage = value.at[0] == '{', openai_read_usage(reader, value);
        else if (str_is(name, "x_groq") && json_walk_member(value, "usage").length)
            openai_read_usage(reader, json_walk_member(value, "usage"));
        else if (str_is(name, "id"))
            id = value;
        else if (str_is(name, "model"))
            model = value;
        else if (str_is(name, "service_tier")) /* also behind the usage */
            reader->usage.tier = service_tier_named(json_text_of(reader->scratch, value));
        else if (str_is(name, "error"))
            error = value;
    }
    if (walk.failed)
        return fail(err, ERROR_UPSTREAM, "a piece of the answer is not valid JSON, or was cut off");
    if (error.length && !str_is(error, "null"))
        return wire_fail_body(reader, body, err);
    if (!wire_start(reader, id, model, err))
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
    if (!str_trim(data).length)
        return true;
    if (reader->task != TASK_CHAT && reader->task != TASK_COMPLETION)
        return openai_read_media_frame(reader, data, err);
    return read_completion(reader, data, &choices, err);
}

/* {"data":[{"index":0,"embedding":[...]}]}; the vectors may come in any order. */
static bool read_embeddings(WireReader *reader, Str body, Error *err)
{
    JsonWalk walk = json_walk_begin(wire_list(json_walk_member(body, "data")));
    Str name, row;
    for (int i = 0; json_walk_next(&walk, &name, &row); i++) {
        Str index = json_walk_member(row, "index");
        int number = index.length ? (int)MIN(wire_int(index), (int64_t)INT32_MAX) : i;
        if (!wire_vector(reader, number, json_walk_member(row, "embedding"), err))
            return false;
    }
    return reader->has_content || fail(err, ERROR_UPSTREAM, "the answer has no vectors");
}

/* What is no chat: read when somebody listens, else only looked at for its usage. */
static bool read_result(WireReader *reader, Str body, Error *err)
{
    bool is_object = body.length && body.at[0] == '{';
    if (reader->task == TASK_TRANSCRIPTION && !is_object)
        return openai_read_plain_words(reader, body, err);
    if (!json_walk_is_valid(body))
        return fail(err, ERROR_UPSTREAM, "the answer is not valid JSON, or was cut off");
    Str error = json_walk_member(body, "error");
    if (error.length && !str_is(error, "null"))
        return wire_fail_body(reader, body, err);
    openai_read_usage(reader, json_walk_member(body, "usage"));
    reader->is_ended = true;
    if (reader->event && reader->task == TASK_EMBEDDING)
        return read_embeddings(reader, body, err);
    if (reader->event && reader->task == TASK_RERANK)
        return wire_scores(reader, json_walk_member(body, "results"), err);
    if (reader->task == TASK_TRANSCRIPTION)
        return openai_read_words(reader, body, err);
    if (reader->task == TASK_SPEECH)
        return fail(err, ERROR_UPSTREAM, "it answered with JSON where sound was asked for");
    if (reader->task == TASK_IMAGE)
        return openai_read_pictures(reader, body, err);
    reader->has_content = true;
    return true;
}

static bool read_whole(WireReader *reader, Str body, Error *err)
{
    int choices = -1;
    if (reader->task != TASK_CHAT && reader->task != TASK_COMPLETION)
        return read_result(reader, body, err);
    if (!read_completion(reader, body, &choices, err))
        return false;
    if (choices < 0)
        return fail(err, ERROR_UPSTREAM, "the answer is of an unknown shape");
    reader->is_ended = true;
    return true;
}

static bool read_models(Arena *arena, Str body, StrList *names_r, Error *err)
{
    return wire_models(arena, body, "data", "id", names_r, err);
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
    Str plain = paths[request->task], model;
    if (request->is_translation)
        plain = S("/audio/translations");
    else if (request->task == TASK_IMAGE && request->form_type.length)
        plain = S("/images/edits");
    if (!target->version.length)
        return plain;
    /* Azure's older interface: the model is a part of the path. */
    model = path_piece(arena, target->model);
    return str_format(arena, "/openai/deployments/" STR_FMT STR_FMT "?api-version=" STR_FMT,
                      STR_ARG(model), STR_ARG(plain), STR_ARG(target->version));
}

const Dialect dialect_openai = {
    .name = "openai",
    .tasks = 1U << TASK_CHAT | 1U << TASK_COMPLETION | 1U << TASK_EMBEDDING | 1U << TASK_RERANK |
             1U << TASK_MODERATION | 1U << TASK_TRANSCRIPTION | 1U << TASK_SPEECH |
             1U << TASK_IMAGE,
    .stream_kind = WIRE_EVENTS,
    .models_path = "/models",
    .authorize = dialect_authorize,
    .path = path,
    .write = openai_write,
    .read_frame = read_frame,
    .read_whole = read_whole,
    .read_error = read_error,
    .read_models = read_models,
};
