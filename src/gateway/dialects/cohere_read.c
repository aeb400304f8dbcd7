/* cohere_read.c - what Cohere answers with: events named by their type, or one message. */
#include "gateway/dialects/cohere.h"

#define CALLS_MAX 1024

/* Calls of a stream that have begun; which of them have any arguments. */
typedef struct Calls {
    bool has_arguments[CALLS_MAX];
} Calls;

static bool *arguments_of(WireReader *reader, size_t index)
{
    if (!reader->state)
        reader->state = arena_new_one(reader->arena, Calls);
    return &((Calls *)reader->state)->has_arguments[MIN(index, (size_t)CALLS_MAX - 1)];
}

/* What is billed counts; it can be less than what was read. */
static void read_usage(WireReader *reader, Str usage)
{
    Str billed = json_walk_member(usage, "billed_units"),
        tokens = json_walk_member(usage, "tokens");
    Str counts = json_walk_member(billed, "input_tokens").length ? billed : tokens;
    if (!counts.length)
        return;
    reader->usage = (ModelUsage){ .is_known = true, .cost = -1 };
    reader->usage.cache_read = wire_int(json_walk_member(usage, "cached_tokens"));
    reader->usage.input = MAX(
        wire_int(json_walk_member(counts, "input_tokens")) - reader->usage.cache_read, (int64_t)0);
    reader->usage.output = wire_int(json_walk_member(counts, "output_tokens"));
}

static bool tell_stop(WireReader *reader, Str holder, Error *err)
{
    static const FinishWord words[] = { { "MAX_TOKENS", FINISH_LENGTH },
                                        { "TOOL_CALL", FINISH_TOOLS },
                                        { "ERROR_TOXIC", FINISH_FILTER } };
    Str word = json_text_of(reader->scratch, json_walk_member(holder, "finish_reason"));
    Str said = json_text_of(reader->scratch, json_walk_member(holder, "error"));
    if (str_is(word, "ERROR") || str_is(word, "TIMEOUT") || str_is(word, "ERROR_LIMIT"))
        return wire_fail(reader, 0, said, err);
    return !word.length || wire_finish(reader, 0, FINISH_OF(words, word), err);
}

/* --- A stream --- */

/* {"type":"text","text":"..."} or {"type":"thinking","thinking":"..."} */
static bool read_content(WireReader *reader, Str content, Error *err)
{
    return wire_text(reader, EVENT_REASONING, 0, json_walk_member(content, "thinking"), err) &&
           wire_text(reader, EVENT_TEXT, 0, json_walk_member(content, "text"), err);
}

static bool tell_arguments(WireReader *reader, size_t index, Str text, Error *err)
{
    ModelEvent more = { .kind = EVENT_ARGUMENTS, .index = (int)index, .text = text };
    if (!text.length)
        return true;
    *arguments_of(reader, index) = true;
    return wire_event(reader, &more, err);
}

static bool begin_call(WireReader *reader, size_t index, Str call, Error *err)
{
    ModelEvent begin = { .kind = EVENT_TOOL, .index = (int)index };
    begin.id = json_text_of(reader->scratch, json_walk_member(call, "id"));
    begin.name = json_text_of(reader->scratch, wire_path(call, "function", "name", NULL));
    if (!begin.id.length)
        begin.id = str_format(reader->scratch, "call_%zu", index);
    *arguments_of(reader, index) = false;
    return wire_event(reader, &begin, err);
}

static bool read_call(WireReader *reader, Str type, size_t index, Str call, Error *err)
{
    Str text = json_text_of(reader->scratch, wire_path(call, "function", "arguments", NULL));
    if (str_is(type, "tool-call-end"))
        return *arguments_of(reader, index) || tell_arguments(reader, index, S("{}"), err);
    if (str_is(type, "tool-call-start") && !begin_call(reader, index, call, err))
        return false;
    return tell_arguments(reader, index, text, err);
}

bool cohere_read_frame(WireReader *reader, Str event, Str data, Error *err)
{
    (void)event; /* the data says it too */
    if (!str_trim(data).length || str_starts(data, S("[DONE]")))
        return true;
    if (!json_walk_is_valid(data))
        return fail(err, ERROR_UPSTREAM, "a piece of the answer is not valid JSON, or was cut off");
    Str type = json_text_of(reader->scratch, json_walk_member(data, "type"));
    Str delta = json_walk_member(data, "delta"), message = json_walk_member(delta, "message");
    size_t index = (size_t)MIN(wire_int(json_walk_member(data, "index")), (int64_t)CALLS_MAX - 1);
    if (str_starts(type, S("content-")))
        return read_content(reader, json_walk_member(message, "content"), err);
    if (str_is(type, "tool-plan-delta"))
        return wire_text(reader, EVENT_REASONING, 0, json_walk_member(message, "tool_plan"), err);
    if (str_starts(type, S("tool-call-")))
        return read_call(reader, type, index, json_walk_member(message, "tool_calls"), err);
    if (str_is(type, "message-start"))
        return wire_start(reader, json_walk_member(data, "id"), S(""), err);
    if (str_is(type, "message-end")) {
        read_usage(reader, json_walk_member(delta, "usage"));
        reader->is_ended = true;
        return tell_stop(reader, delta, err);
    }
    return type.length || !json_walk_member(data, "message").length ||
           wire_fail_body(reader, data, err);
}

/* --- Whole answers --- */

static bool read_message(WireReader *reader, Str message, Error *err)
{
    JsonWalk contents = json_walk_begin(wire_list(json_walk_member(message, "content")));
    JsonWalk calls = json_walk_begin(wire_list(json_walk_member(message, "tool_calls")));
    Str name, one;
    if (!wire_text(reader, EVENT_REASONING, 0, json_walk_member(message, "tool_plan"), err))
        return false;
    while (json_walk_next(&contents, &name, &one))
        if (!read_content(reader, one, err))
            return false;
    for (int i = 0; json_walk_next(&calls, &name, &one); i++) {
        WireCall call = { .index = i,
                          .id = json_text_of(reader->scratch, json_walk_member(one, "id")),
                          .name = json_text_of(reader->scratch,
                                               wire_path(one, "function", "name", NULL)),
                          .arguments = wire_path(one, "function", "arguments", NULL) };
        if (!wire_call(reader, &call, err))
            return false;
    }
    return true;
}

static bool read_chat(WireReader *reader, Str body, Error *err)
{
    Str message = json_walk_member(body, "message");
    if (json_is_text(message))
        return wire_fail_body(reader, body, err);
    if (!message.length)
        return fail(err, ERROR_UPSTREAM, "the answer is of an unknown shape");
    read_usage(reader, json_walk_member(body, "usage"));
    return wire_start(reader, json_walk_member(body, "id"), S(""), err) &&
           read_message(reader, message, err) && tell_stop(reader, body, err);
}

bool cohere_read_whole(WireReader *reader, Str body, Error *err)
{
    if (!json_walk_is_valid(body))
        return fail(err, ERROR_UPSTREAM, "the answer is not valid JSON, or was cut off");
    reader->is_ended = true;
    if (reader->task == TASK_CHAT)
        return read_chat(reader, body, err);
    read_usage(reader, json_walk_member(body, "meta"));
    bool good = reader->task == TASK_RERANK
                    ? wire_scores(reader, json_walk_member(body, "results"), err)
                    : wire_vectors(reader, wire_path(body, "embeddings", "float", NULL), err);
    return good && (reader->has_content || wire_fail_body(reader, body, err));
}

void cohere_read_error(Arena *arena, Str body, WireError *error_r)
{
    *error_r = (WireError){ .retry_after_ms = -1 };
    error_r->message = json_text_of(arena, json_walk_member(body, "message"));
}

bool cohere_read_models(Arena *arena, Str body, StrList *names_r, Error *err)
{
    return wire_models(arena, body, "models", "name", names_r, err);
}
