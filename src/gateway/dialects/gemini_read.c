/* gemini_read.c - what Google's generateContent answers with: each frame is a whole response. */
#include "gateway/dialects/gemini.h"

#define CANDIDATES_MAX 8

/* Calls of each candidate so far: no finish reason says that there are any. */
typedef struct Calls {
    int count[CANDIDATES_MAX];
} Calls;

static Calls *calls_of(WireReader *reader)
{
    if (!reader->state)
        reader->state = arena_new_one(reader->arena, Calls);
    return reader->state;
}

/* --- Usage --- */

static int64_t audio_tokens(Str details)
{
    JsonWalk walk = json_walk_begin(wire_list(details));
    Str name, row;
    int64_t tokens = 0;
    while (json_walk_next(&walk, &name, &row))
        if (str_is(json_walk_member(row, "modality"), "\"AUDIO\""))
            tokens += wire_int(json_walk_member(row, "tokenCount"));
    return tokens;
}

/* What is cached is inside the prompt's count; what is thought is outside the candidates'. */
static void read_usage(WireReader *reader, Str object)
{
    ModelUsage usage = { .is_known = true, .cost = -1 };
    JsonWalk walk = json_walk_begin(object);
    Str name, value;
    if (!object.length || object.at[0] != '{')
        return;
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(name, "promptTokenCount") || str_is(name, "toolUsePromptTokenCount"))
            usage.input += wire_int(value);
        else if (str_is(name, "candidatesTokenCount"))
            usage.output += wire_int(value);
        else if (str_is(name, "thoughtsTokenCount"))
            usage.reasoning = wire_int(value);
        else if (str_is(name, "cachedContentTokenCount"))
            usage.cache_read = wire_int(value);
        else if (str_is(name, "promptTokensDetails"))
            usage.audio_input = audio_tokens(value);
        else if (str_is(name, "candidatesTokensDetails"))
            usage.audio_output = audio_tokens(value);
    }
    usage.output += usage.reasoning;
    usage.input = MAX(usage.input - usage.cache_read, (int64_t)0);
    reader->usage = usage;
}

/* --- Candidates --- */

static bool read_call(WireReader *reader, int choice, Str part, Error *err)
{
    Str call = json_walk_member(part, "functionCall");
    Arena *arena = reader->scratch;
    WireCall told = { .choice = choice,
                      .index = calls_of(reader)->count[choice]++,
                      .id = json_text_of(arena, json_walk_member(call, "id")),
                      .name = json_text_of(arena, json_walk_member(call, "name")),
                      .arguments = json_walk_member(call, "args"),
                      .signature =
                          json_text_of(arena, json_walk_member(part, "thoughtSignature")) };
    return wire_call(reader, &told, err);
}

static bool tell_signature(WireReader *reader, int choice, Str signature, Error *err)
{
    Str text = json_text_of(reader->scratch, signature);
    ModelEvent event = { .kind = EVENT_SIGNATURE, .choice = choice };
    event.text = str_format(reader->scratch, GEMINI_MARK STR_FMT, STR_ARG(text));
    return !text.length || wire_event(reader, &event, err);
}

static bool read_part(WireReader *reader, int choice, Str part, Error *err)
{
    bool is_thought = str_is(json_walk_member(part, "thought"), "true");
    Str text = json_walk_member(part, "text");
    if (json_walk_member(part, "functionCall").length)
        return read_call(reader, choice, part, err);
    return wire_text(reader, is_thought ? EVENT_REASONING : EVENT_TEXT, choice, text, err) &&
           (!is_thought ||
            tell_signature(reader, choice, json_walk_member(part, "thoughtSignature"), err));
}

static FinishReason finish_reason(Str word)
{
    static const FinishWord words[] = {
        { "MAX_TOKENS", FINISH_LENGTH },         { "SAFETY", FINISH_FILTER },
        { "RECITATION", FINISH_FILTER },         { "BLOCKLIST", FINISH_FILTER },
        { "PROHIBITED_CONTENT", FINISH_FILTER }, { "SPII", FINISH_FILTER },
        { "IMAGE_SAFETY", FINISH_FILTER },       { "IMAGE_PROHIBITED_CONTENT", FINISH_FILTER },
        { "IMAGE_RECITATION", FINISH_FILTER },
    };
    return FINISH_OF(words, word);
}

static bool read_finish(WireReader *reader, int choice, Str word, Error *err)
{
    FinishReason reason = finish_reason(word);
    if (!word.length || str_is(word, "FINISH_REASON_UNSPECIFIED"))
        return true;
    if (str_is(word, "MALFORMED_FUNCTION_CALL") || str_is(word, "UNEXPECTED_TOOL_CALL"))
        return wire_fail(reader, 0, S("the model called a tool in a way that is not valid"), err);
    if (reason == FINISH_STOP && calls_of(reader)->count[choice])
        reason = FINISH_TOOLS;
    return wire_finish(reader, choice, reason, err);
}

static bool read_candidate(WireReader *reader, Str candidate, Error *err)
{
    int64_t index = wire_int(json_walk_member(candidate, "index"));
    int choice = (int)MIN(index, (int64_t)CANDIDATES_MAX - 1);
    JsonWalk parts = json_walk_begin(wire_list(wire_path(candidate, "content", "parts", NULL)));
    Str name, part;
    while (json_walk_next(&parts, &name, &part))
        if (!read_part(reader, choice, part, err))
            return false;
    Str word = json_text_of(reader->scratch, json_walk_member(candidate, "finishReason"));
    return read_finish(reader, choice, word, err);
}

static bool read_response(WireReader *reader, Str body, Error *err)
{
    JsonWalk candidates = json_walk_begin(wire_list(json_walk_member(body, "candidates")));
    Str name, candidate;
    if (json_walk_member(body, "error").length)
        return wire_fail_body(reader, body, err);
    read_usage(reader, json_walk_member(body, "usageMetadata"));
    if (!wire_start(reader, json_walk_member(body, "responseId"),
                    json_walk_member(body, "modelVersion"), err))
        return false;
    while (json_walk_next(&candidates, &name, &candidate))
        if (!read_candidate(reader, candidate, err))
            return false;
    /* A question that is refused has no candidate at all. */
    return !wire_path(body, "promptFeedback", "blockReason", NULL).length ||
           wire_finish(reader, 0, FINISH_FILTER, err);
}

bool gemini_read_frame(WireReader *reader, Str event, Str data, Error *err)
{
    (void)event;
    if (!str_trim(data).length || str_starts(data, S("[DONE]")))
        return true;
    if (!json_walk_is_valid(data))
        return fail(err, ERROR_UPSTREAM, "a piece of the answer is not valid JSON, or was cut off");
    return read_response(reader, data, err);
}

static bool read_embeddings(WireReader *reader, Str body, Error *err)
{
    JsonWalk walk = json_walk_begin(wire_list(json_walk_member(body, "embeddings")));
    Str name, one;
    for (int i = 0; json_walk_next(&walk, &name, &one); i++)
        if (!wire_vector(reader, i, json_walk_member(one, "values"), err))
            return false;
    return reader->has_content || fail(err, ERROR_UPSTREAM, "the answer has no vectors");
}

/* A stream that was not asked for as events comes as one list of responses. */
bool gemini_read_whole(WireReader *reader, Str body, Error *err)
{
    JsonWalk list = json_walk_begin(body.at[0] == '[' ? body : S("[]"));
    Str name, one;
    if (!json_walk_is_valid(body))
        return fail(err, ERROR_UPSTREAM, "the answer is not valid JSON, or was cut off");
    while (json_walk_next(&list, &name, &one))
        if (!read_response(reader, one, err))
            return false;
    if (body.at[0] == '{' && !read_response(reader, body, err))
        return false;
    if (reader->task == TASK_EMBEDDING && !read_embeddings(reader, body, err))
        return false;
    if (reader->task == TASK_CHAT && reader->finish == FINISH_UNKNOWN && !reader->has_content)
        return fail(err, ERROR_UPSTREAM, "the answer is of an unknown shape");
    reader->is_ended = true;
    return true;
}

/* --- Errors, models --- */

/* {"@type":".../google.rpc.RetryInfo","retryDelay":"52s"} */
static int64_t retry_after(Arena *arena, Str details)
{
    JsonWalk walk = json_walk_begin(wire_list(details));
    Str name, detail;
    double seconds;
    while (json_walk_next(&walk, &name, &detail)) {
        Str delay = json_text_of(arena, json_walk_member(detail, "retryDelay"));
        if (str_ends(delay, S("s")) &&
            str_to_double(str_slice(delay, 0, delay.length - 1), &seconds) && seconds >= 0 &&
            seconds < 1e6)
            return (int64_t)(seconds * 1000);
    }
    return -1;
}

void gemini_read_error(Arena *arena, Str body, WireError *error_r)
{
    JsonWalk list = json_walk_begin(wire_list(body));
    Str name, first = body;
    if (body.length && body.at[0] == '[')
        (void)json_walk_next(&list, &name, &first);
    Str error = json_walk_member(first, "error");
    *error_r = (WireError){ .retry_after_ms = -1 };
    error_r->message = json_text_of(arena, json_walk_member(error, "message"));
    error_r->type = json_text_of(arena, json_walk_member(error, "status"));
    error_r->status = (int)MIN(wire_int(json_walk_member(error, "code")), (int64_t)999);
    error_r->retry_after_ms = retry_after(arena, json_walk_member(error, "details"));
}

bool gemini_read_models(Arena *arena, Str body, StrList *names_r, Error *err)
{
    StrList names;
    if (!wire_models(arena, body, "models", "name", &names, err))
        return false;
    Str *bare = arena_new_array(arena, Str, names.count);
    for (size_t i = 0; i < names.count; i++)
        bare[i] = str_starts(names.at[i], S("models/")) ? str_from(names.at[i], 7) : names.at[i];
    *names_r = (StrList){ bare, names.count };
    return true;
}
