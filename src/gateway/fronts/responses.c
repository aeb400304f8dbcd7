/* responses.c - POST /v1/responses, OpenAI's newer form. A stream is a row of numbered events that
 * build the same response that a whole answer is:
 *
 *     created, in_progress, for each item: added, its parts and deltas, done; completed
 */
#include "gateway/fronts/citations.h"
#include "gateway/fronts/openai_errors.h"
#include "gateway/fronts/responses_read.h"

/* --- Reading --- */

static bool scan(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    JsonWalk walk = json_walk_begin(body);
    Str name, value, input = S("");
    NameSet seen = { 0 };
    request->task = TASK_CHAT;
    request->wants_usage = request->is_kept = true;
    while (json_walk_next(&walk, &name, &value)) {
        if (!name_is_new(&seen, name, err))
            return false;
        if (str_is(name, "model") && !json_unquote(arena, value, &request->model))
            return fail_field(err, "model", "model must be a text");
        if (str_is(name, "stream"))
            request->is_stream = str_is(value, "true");
        else if (str_is(name, "store"))
            request->is_kept = !str_is(value, "false");
        else if (str_is(name, "previous_response_id"))
            request->previous = json_text_of(arena, value);
        else if (str_is(name, "max_output_tokens"))
            (void)str_to_int(value, 1, INT32_MAX, &request->output_max);
        else if (str_is(name, "user"))
            request->user = json_text_of(arena, value);
        else if (str_is(name, "tools") && json_is_list(value) && value.length > 2)
            request->tool_count = 1;
        else if (str_is(name, "input"))
            input = value;
    }
    if (!scan_is_good(&walk, body, err))
        return false;
    if (input.length < 3 || !(json_is_text(input) || json_is_list(input)))
        return fail_field(err, "input", "input must be a text or a list of items");
    request->message_count = 1;
    bool may_be = str_find(input, S("_url\"")) >= 0 || str_find(input, S("\\u00")) >= 0;
    return !may_be || !json_is_list(input) || responses_check_addresses(arena, input, request, err);
}

/* --- Items of the answer --- */

typedef enum ItemKind { ITEM_TEXT, ITEM_REFUSAL, ITEM_THOUGHT, ITEM_CALL } ItemKind;

typedef struct Item {
    ItemKind kind;
    int index; /* of a call, as the service counts */
    Str id, call_id, name, signature, citations;
    Buf text; /* or arguments */
    int annotations;
    bool is_done;
} Item;

typedef struct Response {
    int64_t sequence;
    bool has_begun;
    VEC(Item) items;
} Response;

#define ITEM_TEXT_MAX MB(32)

static Response *response_of(FrontWriter *writer)
{
    if (!writer->state)
        writer->state = arena_new_one(writer->arena, Response);
    return writer->state;
}

static Item *add_item(FrontWriter *writer, ItemKind kind)
{
    static const char *const prefixes[] = { "msg", "msg", "rs", "fc" };
    Response *response = response_of(writer);
    Item *item = vec_push(writer->arena, &response->items);
    *item = (Item){ .kind = kind, .text = buf_new(writer->arena, ITEM_TEXT_MAX) };
    item->id = str_format(writer->arena, "%s_" STR_FMT "_%zu", prefixes[kind], STR_ARG(writer->id),
                          response->items.count - 1);
    return item;
}

static void name_call(FrontWriter *writer, Item *item, Str id, Str name)
{
    item->call_id = id.length ? str_copy(writer->arena, id)
                              : str_format(writer->arena, "call_" STR_FMT, STR_ARG(item->id));
    item->name = str_copy(writer->arena, name);
}

/* The one part that a message or a thought has. */
static void put_part(JsonWriter *json, Arena *arena, const char *name, const Item *item)
{
    static const char *const types[] = { "output_text", "refusal", "reasoning_text" };
    put_object(json, name);
    put_text(json, "type", str(types[item->kind]));
    put_text(json, item->kind == ITEM_REFUSAL ? "refusal" : "text", buf_str(&item->text));
    if (item->kind == ITEM_TEXT) {
        put_array(json, "annotations");
        put_annotations(json, arena, item->citations, ANNOTATION_RESPONSES,
                        (int64_t)item->text.length);
        put_end(json);
        put_array(json, "logprobs");
        put_end(json);
    }
    put_end(json);
}

/* An item that has just been added is empty. */
static void put_item(JsonWriter *json, Arena *arena, const char *name, const Item *item)
{
    put_object(json, name);
    put_text(json, "id", item->id);
    if (item->kind == ITEM_CALL) {
        put_text(json, "type", S("function_call"));
        put_text(json, "call_id", item->call_id);
        put_text(json, "name", item->name);
        put_text(json, "arguments", buf_str(&item->text));
    } else {
        bool is_thought = item->kind == ITEM_THOUGHT;
        put_text(json, "type", is_thought ? S("reasoning") : S("message"));
        if (!is_thought)
            put_text(json, "role", S("assistant"));
        if (is_thought) {
            put_array(json, "summary");
            put_end(json);
        }
        put_array(json, "content");
        if (item->is_done)
            put_part(json, arena, NULL, item);
        put_end(json);
        if (item->signature.length)
            put_text(json, "encrypted_content", item->signature);
    }
    put_text(json, "status", item->is_done ? S("completed") : S("in_progress"));
    put_end(json);
}

/* --- The response --- */

typedef struct Outcome {
    Str status;
    FinishReason finish;
    const ModelUsage *usage; /* NULL: not known yet */
    const Error *failure;    /* NULL: none */
} Outcome;

static void put_usage(JsonWriter *json, const ModelUsage *usage)
{
    if (!usage) {
        put_null(json, "usage");
        return;
    }
    int64_t input = usage->input + usage->cache_read + usage->cache_write + usage->cache_write_long;
    put_object(json, "usage");
    put_int(json, "input_tokens", input);
    put_object(json, "input_tokens_details");
    put_int(json, "cached_tokens", usage->cache_read);
    put_end(json);
    put_int(json, "output_tokens", usage->output);
    put_object(json, "output_tokens_details");
    put_int(json, "reasoning_tokens", usage->reasoning);
    put_end(json);
    put_int(json, "total_tokens", input + usage->output);
    put_end(json);
}

static void put_tools(JsonWriter *json, const ModelRequest *request)
{
    put_array(json, "tools");
    for (size_t i = 0; request->tools && i < request->tool_count; i++) {
        const ModelTool *tool = &request->tools[i];
        put_object(json, NULL);
        put_text(json, "type", S("function"));
        put_text(json, "name", tool->name);
        put_text_or_null(json, "description", tool->description);
        put_raw(json, "parameters", tool->parameters.length ? tool->parameters : S("{}"));
        put_bool(json, "strict", tool->is_strict);
        put_end(json);
    }
    put_end(json);
    if (request->tool_choice == TOOLS_NAMED) {
        put_object(json, "tool_choice");
        put_text(json, "type", S("function"));
        put_text(json, "name", request->tool_name);
        put_end(json);
    } else {
        static const char *const words[] = { "auto", "none", "required" };
        put_text(json, "tool_choice", str(words[request->tool_choice]));
    }
    put_bool(json, "parallel_tool_calls", request->parallel_tools != NO);
}

/* What was asked for, told back. */
static void put_settings(JsonWriter *json, const ModelRequest *request)
{
    static const char *const formats[] = { "text", "json_object", "json_schema" };
    put_tools(json, request);
    put_text_or_null(json, "previous_response_id", request->previous);
    put_bool(json, "store", request->is_kept);
    if (request->temperature.is_set)
        put_number(json, "temperature", request->temperature.value);
    if (request->top_p.is_set)
        put_number(json, "top_p", request->top_p.value);
    if (request->output_max)
        put_int(json, "max_output_tokens", request->output_max);
    put_object(json, "text");
    put_object(json, "format");
    put_text(json, "type", str(formats[request->format]));
    if (request->format == FORMAT_SCHEMA) {
        put_text(json, "name", request->schema_name);
        put_raw(json, "schema", request->schema);
    }
    put_end(json);
    put_end(json);
    put_text(json, "truncation", S("disabled"));
}

static void put_failure(JsonWriter *json, const Error *failure)
{
    if (!failure) {
        put_null(json, "error");
        return;
    }
    put_object(json, "error");
    put_text(json, "code",
             failure->code == ERROR_LIMITED ? S("rate_limit_exceeded") : S("server_error"));
    put_text(json, "message", str(failure->message));
    put_end(json);
}

static void put_response(FrontWriter *writer, JsonWriter *json, const Outcome *outcome)
{
    const Response *response = response_of(writer);
    bool is_cut = str_is(outcome->status, "incomplete");
    put_text(json, "id", writer->id);
    put_text(json, "object", S("response"));
    put_int(json, "created_at", writer->created_s);
    put_text(json, "status", outcome->status);
    put_failure(json, outcome->failure);
    if (is_cut) {
        put_object(json, "incomplete_details");
        put_text(json, "reason",
                 outcome->finish == FINISH_FILTER ? S("content_filter") : S("max_output_tokens"));
        put_end(json);
    } else {
        put_null(json, "incomplete_details");
    }
    put_null(json, "instructions");
    put_text(json, "model", writer->model);
    put_array(json, "output");
    for (size_t i = 0; i < response->items.count; i++)
        put_item(json, writer->arena, NULL, &response->items.at[i]);
    put_end(json);
    put_usage(json, outcome->usage);
    put_settings(json, writer->request);
    put_object(json, "metadata");
    put_end(json);
}

static Outcome outcome_of(FinishReason finish, const ModelUsage *usage)
{
    bool is_cut = finish == FINISH_LENGTH || finish == FINISH_FILTER;
    return (Outcome){ .status = is_cut ? S("incomplete") : S("completed"),
                      .finish = finish,
                      .usage = usage };
}

/* The conversation with this answer, for whoever goes on from it. */
static void keep(FrontWriter *writer, const Outcome *outcome)
{
    const ModelRequest *request = writer->request;
    const Response *response = response_of(writer);
    if (!request->is_kept)
        return;
    Buf reply = buf_new(writer->arena, MB(64)), items = buf_new(writer->arena, MB(64));
    JsonWriter json = put_begin(&reply);
    put_response(writer, &json, outcome);
    put_end(&json);
    buf_add(&items, request->earlier);
    buf_addf(&items, "%s" STR_FMT, items.length ? "," : "", STR_ARG(request->items));
    Buf list = buf_new(writer->arena, MB(64));
    json = put_begin_array(&list);
    for (size_t i = 0; i < response->items.count; i++)
        put_item(&json, writer->arena, NULL, &response->items.at[i]);
    put_end(&json);
    if (list.length > 2)
        buf_addf(&items, "," STR_FMT, (int)list.length - 2, list.at + 1);
    writer->kept_reply = buf_str(&reply);
    writer->kept_items = buf_str(&items);
}

/* --- A whole answer --- */

static void add_part(FrontWriter *writer, const ModelPart *part)
{
    static const ItemKind kinds[] = { [PART_TEXT] = ITEM_TEXT,
                                      [PART_REFUSAL] = ITEM_REFUSAL,
                                      [PART_REASONING] = ITEM_THOUGHT,
                                      [PART_TOOL_CALL] = ITEM_CALL };
    Item *item = add_item(writer, kinds[part->kind]);
    if (item->kind == ITEM_CALL)
        name_call(writer, item, part->id, part->name);
    item->signature = part->signature;
    item->citations = part->citations;
    item->is_done = true;
    buf_add(&item->text, item->kind == ITEM_CALL ? part->arguments : part->text);
}

static void write_reply(FrontWriter *writer, const ModelReply *reply)
{
    const ModelChoice *choice = &reply->choices.at[0];
    for (size_t i = 0; i < choice->parts.count; i++)
        add_part(writer, &choice->parts.at[i]);
    Outcome outcome = outcome_of(choice->finish, &reply->usage);
    JsonWriter json = put_begin(writer->out);
    put_response(writer, &json, &outcome);
    put_end(&json);
    keep(writer, &outcome);
}

/* --- A stream --- */

static JsonWriter begin_event(FrontWriter *writer, const char *type)
{
    buf_addf(writer->out, "event: %s\ndata: ", type);
    JsonWriter json = put_begin(writer->out);
    put_text(&json, "type", str(type));
    put_int(&json, "sequence_number", response_of(writer)->sequence++);
    return json;
}

static void end_event(FrontWriter *writer, JsonWriter *json)
{
    put_end(json);
    buf_add(writer->out, S("\n\n"));
}

static void write_state(FrontWriter *writer, const char *type, const Outcome *outcome)
{
    JsonWriter json = begin_event(writer, type);
    put_object(&json, "response");
    put_response(writer, &json, outcome);
    put_end(&json);
    end_event(writer, &json);
}

static void begin_response(FrontWriter *writer)
{
    static const Outcome running = { .status = S_INIT("in_progress") };
    Response *response = response_of(writer);
    if (response->has_begun)
        return;
    response->has_begun = true;
    write_state(writer, "response.created", &running);
    write_state(writer, "response.in_progress", &running);
}

static int64_t position_of(FrontWriter *writer, const Item *item)
{
    return item - response_of(writer)->items.at;
}

/* An event about one item; of a part when it is no call. */
static JsonWriter begin_item_event(FrontWriter *writer, const char *type, const Item *item)
{
    JsonWriter json = begin_event(writer, type);
    put_text(&json, "item_id", item->id);
    put_int(&json, "output_index", position_of(writer, item));
    if (item->kind != ITEM_CALL)
        put_int(&json, "content_index", 0);
    return json;
}

static void write_item(FrontWriter *writer, const char *type, const Item *item)
{
    JsonWriter json = begin_event(writer, type);
    put_int(&json, "output_index", position_of(writer, item));
    put_item(&json, writer->arena, "item", item);
    end_event(writer, &json);
}

static void write_part(FrontWriter *writer, const char *type, const Item *item)
{
    JsonWriter json = begin_item_event(writer, type, item);
    put_part(&json, writer->arena, "part", item);
    end_event(writer, &json);
}

typedef struct ItemWords {
    const char *delta, *done, *member; /* the last: of the whole text in `done` */
} ItemWords;

static const ItemWords words[] = {
    [ITEM_TEXT] = { "response.output_text.delta", "response.output_text.done", "text" },
    [ITEM_REFUSAL] = { "response.refusal.delta", "response.refusal.done", "refusal" },
    [ITEM_THOUGHT] = { "response.reasoning_text.delta", "response.reasoning_text.done", "text" },
    [ITEM_CALL] = { "response.function_call_arguments.delta",
                    "response.function_call_arguments.done", "arguments" },
};

static void put_no_logprobs(JsonWriter *json, const Item *item)
{
    if (item->kind != ITEM_TEXT)
        return;
    put_array(json, "logprobs");
    put_end(json);
}

static void close_item(FrontWriter *writer, Item *item)
{
    if (item->is_done)
        return;
    JsonWriter json = begin_item_event(writer, words[item->kind].done, item);
    if (item->kind == ITEM_CALL)
        put_text(&json, "name", item->name);
    put_text(&json, words[item->kind].member, buf_str(&item->text));
    put_no_logprobs(&json, item);
    end_event(writer, &json);
    if (item->kind != ITEM_CALL)
        write_part(writer, "response.content_part.done", item);
    item->is_done = true;
    write_item(writer, "response.output_item.done", item);
}

/* Calls may interleave, so they stay open until the end; anything else ends where the next begins.
 */
static void close_texts(FrontWriter *writer)
{
    Response *response = response_of(writer);
    for (size_t i = 0; i < response->items.count; i++)
        if (response->items.at[i].kind != ITEM_CALL)
            close_item(writer, &response->items.at[i]);
}

static void write_added(FrontWriter *writer, const Item *item)
{
    write_item(writer, "response.output_item.added", item);
    if (item->kind != ITEM_CALL)
        write_part(writer, "response.content_part.added", item);
}

/* The open item of this kind, or a new one. */
static Item *item_for(FrontWriter *writer, ItemKind kind)
{
    Response *response = response_of(writer);
    Item *last = response->items.count ? &response->items.at[response->items.count - 1] : NULL;
    if (last && last->kind == kind && !last->is_done)
        return last;
    begin_response(writer);
    close_texts(writer);
    Item *item = add_item(writer, kind);
    write_added(writer, item);
    return item;
}

static void write_delta(FrontWriter *writer, Item *item, Str text)
{
    JsonWriter json = begin_item_event(writer, words[item->kind].delta, item);
    put_text(&json, "delta", text);
    put_no_logprobs(&json, item);
    end_event(writer, &json);
    buf_add(&item->text, text);
}

static void begin_call(FrontWriter *writer, const ModelEvent *event)
{
    begin_response(writer);
    close_texts(writer);
    Item *item = add_item(writer, ITEM_CALL);
    item->index = event->index;
    name_call(writer, item, event->id, event->name);
    write_added(writer, item);
}

static void more_arguments(FrontWriter *writer, const ModelEvent *event)
{
    Response *response = response_of(writer);
    for (size_t i = response->items.count; i-- > 0;) {
        Item *item = &response->items.at[i];
        if (item->kind == ITEM_CALL && item->index == event->index) {
            write_delta(writer, item, event->text);
            return;
        }
    }
}

static void write_citation(FrontWriter *writer, Str citation)
{
    Item *item = item_for(writer, ITEM_TEXT);
    JsonWriter json = begin_item_event(writer, "response.output_text.annotation.added", item);
    put_int(&json, "annotation_index", item->annotations++);
    put_annotation(&json, writer->arena, "annotation", citation, ANNOTATION_RESPONSES,
                   (int64_t)item->text.length);
    end_event(writer, &json);
    Str pieces[] = { item->citations, citation };
    item->citations = item->citations.length ? str_join(writer->arena, pieces, 2, S(","))
                                             : str_copy(writer->arena, citation);
}

static void write_event(FrontWriter *writer, const ModelEvent *event)
{
    if (event->choice) /* there is one answer here */
        return;
    switch (event->kind) {
    case EVENT_START: begin_response(writer); break;
    case EVENT_TEXT: write_delta(writer, item_for(writer, ITEM_TEXT), event->text); break;
    case EVENT_REFUSAL: write_delta(writer, item_for(writer, ITEM_REFUSAL), event->text); break;
    case EVENT_REASONING: write_delta(writer, item_for(writer, ITEM_THOUGHT), event->text); break;
    case EVENT_SIGNATURE:
        item_for(writer, ITEM_THOUGHT)->signature = str_copy(writer->arena, event->text);
        break;
    case EVENT_TOOL: begin_call(writer, event); break;
    case EVENT_ARGUMENTS: more_arguments(writer, event); break;
    case EVENT_CITATION: write_citation(writer, event->text); break;
    case EVENT_VECTOR:
    case EVENT_SEGMENT:
    case EVENT_PICTURE:
    case EVENT_SCORE:
    case EVENT_FINISH: break; /* write_end says it */
    }
}

static void write_end(FrontWriter *writer, FinishReason finish, const ModelUsage *usage)
{
    Response *response = response_of(writer);
    Outcome outcome = outcome_of(finish, usage);
    begin_response(writer);
    for (size_t i = 0; i < response->items.count; i++)
        close_item(writer, &response->items.at[i]);
    write_state(writer,
                str_is(outcome.status, "completed") ? "response.completed" : "response.incomplete",
                &outcome);
    keep(writer, &outcome);
}

/* The first event is for those who wait for an end, the second for OpenAI's clients, which fail on
 * an error beside the type only. */
static void write_stream_error(FrontWriter *writer, const Error *err)
{
    Outcome outcome = { .status = S("failed"), .failure = err };
    begin_response(writer);
    write_state(writer, "response.failed", &outcome);
    JsonWriter json = begin_event(writer, "error");
    put_failure(&json, err);
    put_text(&json, "code", S("server_error"));
    put_text(&json, "message", str(err->message));
    put_null(&json, "param");
    end_event(writer, &json);
}

const Front front_openai_responses = {
    .name = "openai_responses",
    .path = "/v1/responses",
    .task = TASK_CHAT,
    .stream_type = "text/event-stream",
    .id_prefix = "resp_",
    .scan = scan,
    .read = responses_read,
    .write_reply = write_reply,
    .write_event = write_event,
    .write_end = write_end,
    .write_stream_error = write_stream_error,
    .write_error = openai_write_error,
};
