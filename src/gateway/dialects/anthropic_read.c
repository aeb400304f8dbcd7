/* anthropic_read.c - what Anthropic's messages answer with: blocks, opened and closed by number. */
#include "gateway/dialects/anthropic.h"

#define BLOCKS_MAX 1024

/* Blocks that are open, by their number in the message. */
typedef struct Blocks {
    int tool_count;
    int tools[BLOCKS_MAX]; /* 1 + the number of the call; 0: no call */
    bool has_arguments[BLOCKS_MAX];
} Blocks;

static Blocks *blocks_of(WireReader *reader)
{
    if (!reader->state)
        reader->state = arena_new_one(reader->arena, Blocks);
    return reader->state;
}

/* --- Usage --- */

/* Counts are cumulative, so the last one told replaces those before it. Input is counted without
 * what the cache gave or took. */
static void read_usage(WireReader *reader, Str object)
{
    ModelUsage *usage = &reader->usage;
    JsonWalk walk = json_walk_begin(object);
    Str name, value, kept = S("");
    int64_t written = -1;
    if (!object.length || object.at[0] != '{')
        return;
    if (!usage->is_known)
        *usage = (ModelUsage){ .is_known = true, .cost = -1 };
    while (json_walk_next(&walk, &name, &value)) {
        if (str_is(value, "null"))
            continue;
        if (str_is(name, "input_tokens"))
            usage->input = wire_int(value);
        else if (str_is(name, "output_tokens"))
            usage->output = wire_int(value);
        else if (str_is(name, "cache_read_input_tokens"))
            usage->cache_read = wire_int(value);
        else if (str_is(name, "cache_creation_input_tokens"))
            written = wire_int(value);
        else if (str_is(name, "cache_creation"))
            kept = value;
        else if (str_is(name, "server_tool_use"))
            usage->searches = wire_int(json_walk_member(value, "web_search_requests"));
        else if (str_is(name, "output_tokens_details"))
            usage->reasoning = wire_int(json_walk_member(value, "thinking_tokens"));
    }
    if (kept.length)
        usage->cache_write_long = wire_int(json_walk_member(kept, "ephemeral_1h_input_tokens"));
    if (written >= 0)
        usage->cache_write = MAX(written - usage->cache_write_long, (int64_t)0);
    else if (kept.length)
        usage->cache_write = wire_int(json_walk_member(kept, "ephemeral_5m_input_tokens"));
}

static FinishReason finish_reason(Str word)
{
    static const FinishWord words[] = { { "max_tokens", FINISH_LENGTH },
                                        { "model_context_window_exceeded", FINISH_LENGTH },
                                        { "tool_use", FINISH_TOOLS },
                                        { "refusal", FINISH_FILTER } };
    return FINISH_OF(words, word);
}

static bool tell_stop(WireReader *reader, Str holder, Error *err)
{
    Str reason = json_text_of(reader->scratch, json_walk_member(holder, "stop_reason"));
    return !reason.length || wire_finish(reader, 0, finish_reason(reason), err);
}

/* --- Blocks --- */

static bool tell_tool(WireReader *reader, int tool, Str block, Error *err)
{
    ModelEvent begin = { .kind = EVENT_TOOL, .index = tool };
    begin.id = json_text_of(reader->scratch, json_walk_member(block, "id"));
    begin.name = json_text_of(reader->scratch, json_walk_member(block, "name"));
    if (!begin.id.length)
        begin.id = str_format(reader->scratch, "call_%d", tool);
    return wire_event(reader, &begin, err);
}

static bool tell_arguments(WireReader *reader, int tool, Str text, Error *err)
{
    ModelEvent more = { .kind = EVENT_ARGUMENTS, .index = tool, .text = text };
    return !text.length || wire_event(reader, &more, err);
}

static bool tell_citation(WireReader *reader, Str citation, Error *err)
{
    ModelEvent cited = { .kind = EVENT_CITATION, .text = citation };
    return !citation.length || wire_event(reader, &cited, err);
}

/* Of a text that comes whole; in a stream each is a piece of its own. */
static bool tell_citations(WireReader *reader, Str list, Error *err)
{
    JsonWalk walk = json_walk_begin(wire_list(list));
    Str name, citation;
    while (json_walk_next(&walk, &name, &citation))
        if (!tell_citation(reader, citation, err))
            return false;
    return true;
}

static bool tell_redacted(WireReader *reader, Str data, Error *err)
{
    ModelEvent event = { .kind = EVENT_SIGNATURE, .is_redacted = true };
    event.text = json_text_of(reader->scratch, data);
    return !event.text.length || wire_event(reader, &event, err);
}

/* Blocks of a whole answer are complete; those of a stream begin empty, but for some services that
 * speak like this one and send them filled. */
static bool begin_block(WireReader *reader, size_t number, Str block, Error *err)
{
    Blocks *blocks = blocks_of(reader);
    Str type = json_text_of(reader->scratch, json_walk_member(block, "type"));
    if (number >= BLOCKS_MAX)
        return fail(err, ERROR_UPSTREAM, "the answer has more than %d blocks", BLOCKS_MAX);
    if (str_is(type, "text"))
        return wire_text(reader, EVENT_TEXT, 0, json_walk_member(block, "text"), err) &&
               tell_citations(reader, json_walk_member(block, "citations"), err);
    if (str_is(type, "thinking"))
        return wire_text(reader, EVENT_REASONING, 0, json_walk_member(block, "thinking"), err) &&
               wire_text(reader, EVENT_SIGNATURE, 0, json_walk_member(block, "signature"), err);
    if (str_is(type, "redacted_thinking"))
        return tell_redacted(reader, json_walk_member(block, "data"), err);
    if (!str_is(type, "tool_use"))
        return true; /* tools of the service's own tell of themselves in the text */
    int tool = blocks->tool_count++;
    Str input = str_trim(json_walk_member(block, "input"));
    JsonWalk members = json_walk_begin(wire_list(input));
    Str name, value;
    blocks->tools[number] = tool + 1;
    blocks->has_arguments[number] = json_walk_next(&members, &name, &value);
    return tell_tool(reader, tool, block, err) &&
           (!blocks->has_arguments[number] || tell_arguments(reader, tool, input, err));
}

/* A tool without arguments gets an empty object: clients parse what they are given. */
static bool end_block(WireReader *reader, size_t number, Error *err)
{
    Blocks *blocks = blocks_of(reader);
    if (number >= BLOCKS_MAX || !blocks->tools[number] || blocks->has_arguments[number])
        return true;
    blocks->has_arguments[number] = true;
    return tell_arguments(reader, blocks->tools[number] - 1, S("{}"), err);
}

static bool read_delta(WireReader *reader, size_t number, Str delta, Error *err)
{
    Blocks *blocks = blocks_of(reader);
    Str type = json_text_of(reader->scratch, json_walk_member(delta, "type"));
    if (str_is(type, "text_delta"))
        return wire_text(reader, EVENT_TEXT, 0, json_walk_member(delta, "text"), err);
    if (str_is(type, "thinking_delta"))
        return wire_text(reader, EVENT_REASONING, 0, json_walk_member(delta, "thinking"), err);
    if (str_is(type, "signature_delta"))
        return wire_text(reader, EVENT_SIGNATURE, 0, json_walk_member(delta, "signature"), err);
    if (str_is(type, "citations_delta"))
        return tell_citation(reader, json_walk_member(delta, "citation"), err);
    if (!str_is(type, "input_json_delta") || number >= BLOCKS_MAX || !blocks->tools[number])
        return true;
    Str text = json_text_of(reader->scratch, json_walk_member(delta, "partial_json"));
    blocks->has_arguments[number] |= text.length > 0;
    return tell_arguments(reader, blocks->tools[number] - 1, text, err);
}

/* --- Frames --- */

static bool read_start(WireReader *reader, Str message, Error *err)
{
    read_usage(reader, json_walk_member(message, "usage"));
    return wire_start(reader, json_walk_member(message, "id"), json_walk_member(message, "model"),
                      err);
}

bool anthropic_read_frame(WireReader *reader, Str event, Str data, Error *err)
{
    (void)event; /* the data says it too */
    if (!str_trim(data).length)
        return true;
    if (!json_walk_is_valid(data))
        return fail(err, ERROR_UPSTREAM, "a piece of the answer is not valid JSON, or was cut off");
    Str type = json_text_of(reader->scratch, json_walk_member(data, "type"));
    size_t number = (size_t)wire_int(json_walk_member(data, "index"));
    if (str_is(type, "content_block_delta"))
        return read_delta(reader, number, json_walk_member(data, "delta"), err);
    if (str_is(type, "content_block_start"))
        return begin_block(reader, number, json_walk_member(data, "content_block"), err);
    if (str_is(type, "content_block_stop"))
        return end_block(reader, number, err);
    if (str_is(type, "message_start"))
        return read_start(reader, json_walk_member(data, "message"), err);
    if (str_is(type, "message_delta")) {
        read_usage(reader, json_walk_member(data, "usage"));
        return tell_stop(reader, json_walk_member(data, "delta"), err);
    }
    if (str_is(type, "message_stop"))
        reader->is_ended = true;
    return !str_is(type, "error") || wire_fail_body(reader, data, err);
}

bool anthropic_read_whole(WireReader *reader, Str body, Error *err)
{
    JsonWalk walk = json_walk_begin(wire_list(json_walk_member(body, "content")));
    Str name, block;
    if (!json_walk_is_valid(body))
        return fail(err, ERROR_UPSTREAM, "the answer is not valid JSON, or was cut off");
    if (str_is(json_walk_member(body, "type"), "\"error\""))
        return wire_fail_body(reader, body, err);
    if (!json_walk_member(body, "content").length)
        return fail(err, ERROR_UPSTREAM, "the answer is of an unknown shape");
    if (!read_start(reader, body, err))
        return false;
    for (size_t i = 0; json_walk_next(&walk, &name, &block); i++)
        if (!begin_block(reader, i, block, err) || !end_block(reader, i, err))
            return false;
    reader->is_ended = true;
    return tell_stop(reader, body, err);
}

void anthropic_read_error(Arena *arena, Str body, WireError *error_r)
{
    static const struct {
        const char *type;
        int status;
    } kinds[] = { { "invalid_request_error", 400 }, { "authentication_error", 401 },
                  { "billing_error", 402 },         { "permission_error", 403 },
                  { "not_found_error", 404 },       { "request_too_large", 413 },
                  { "rate_limit_error", 429 },      { "api_error", 500 },
                  { "timeout_error", 504 },         { "overloaded_error", 529 } };
    Str error = json_walk_member(body, "error");
    *error_r = (WireError){ .retry_after_ms = -1 };
    error_r->type = json_text_of(arena, json_walk_member(error, "type"));
    error_r->message = json_text_of(arena, json_walk_member(error, "message"));
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(error_r->type, kinds[i].type))
            error_r->status = kinds[i].status;
}

bool anthropic_read_models(Arena *arena, Str body, StrList *names_r, Error *err)
{
    return wire_models(arena, body, "data", "id", names_r, err);
}
