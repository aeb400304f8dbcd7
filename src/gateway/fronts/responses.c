/* responses.c - POST /v1/responses, OpenAI's newer form. A stream is a row of numbered events that
 * build the same response that a whole answer is:
 *
 *     created, in_progress, for each item: added, its parts and deltas, done; completed
 */
#include "gateway/body_scan.h"
#include "gateway/fronts/citations.h"
#include "gateway/fronts/openai_errors.h"
#include "gateway/fronts/responses_read.h"
#include "gateway/fronts/responses_write.h"

/* --- Reading --- */

static bool scan(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    BodyScan walk;
    Str name, value, input = S("");
    request->task = TASK_CHAT;
    request->wants_usage = request->is_kept = request->shows_hosted = true;
    request->asks_approval = true;
    body_scan_begin(&walk, arena, body, request);
    while (body_scan_next(&walk, &name, &value, err))
        if (str_is(name, "store"))
            request->is_kept = !str_is(value, "false");
        else if (str_is(name, "background"))
            request->is_background = str_is(value, "true");
        else if (str_is(name, "previous_response_id"))
            request->previous = json_text_of(arena, value);
        else if (str_is(name, "max_output_tokens"))
            (void)str_to_int(value, 1, INT32_MAX, &request->output_max);
        else if (str_is(name, "user"))
            request->user = json_text_of(arena, value);
        else if (str_is(name, "service_tier"))
            request->service_tier = json_text_of(arena, value);
        else if (str_is(name, "input"))
            input = value;
    if (!body_scan_end(&walk, err))
        return false;
    if (input.length < 3 || !(json_is_text(input) || json_is_list(input)))
        return fail_field(err, "input", "input must be a text or a list of items");
    request->message_count = 1;
    bool may_be = str_find(input, S("_url\"")) >= 0 || str_find(input, S("\\u00")) >= 0;
    return !may_be || !json_is_list(input) || responses_check_addresses(arena, input, request, err);
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
    writer->kept_asked = items.length;
    Buf list = buf_new(writer->arena, MB(64));
    json = put_begin_array(&list);
    for (size_t i = 0; i < response->items.count; i++)
        put_response_item(&json, writer->arena, NULL, &response->items.at[i]);
    put_end(&json);
    if (list.length > 2)
        buf_addf(&items, "," STR_FMT, (int)list.length - 2, list.at + 1);
    writer->kept_reply = buf_str(&reply);
    writer->kept_items = buf_str(&items);
}

/* --- A whole answer --- */

/* What comes back unchanged with a thought. */
static Str signature_of(Arena *arena, Str signature, bool is_redacted)
{
    return str_format(arena, "%s" STR_FMT, is_redacted ? REDACTED_MARK : "", STR_ARG(signature));
}

static void add_hosted(FrontWriter *writer, const ModelPart *part)
{
    Item *item = response_add_hosted(writer, &(ModelEvent){ .form = part->form,
                                                            .is_approved = part->is_approved,
                                                            .id = part->id,
                                                            .server = part->server,
                                                            .name = part->name,
                                                            .text = part->arguments });
    if (part->form == HOSTED_CALL)
        response_end_hosted(writer, item, part->text, part->is_error);
}

static void add_part(FrontWriter *writer, const ModelPart *part)
{
    static const ItemKind kinds[] = { [PART_TEXT] = ITEM_TEXT,
                                      [PART_REFUSAL] = ITEM_REFUSAL,
                                      [PART_REASONING] = ITEM_THOUGHT,
                                      [PART_TOOL_CALL] = ITEM_CALL };
    Item *item = response_add_item(writer, kinds[part->kind]);
    if (item->kind == ITEM_CALL)
        response_name_call(writer, item, part->id, part->name);
    item->signature = signature_of(writer->arena, part->signature, part->is_redacted);
    item->citations = part->citations;
    item->is_done = true;
    buf_add(&item->text, item->kind == ITEM_CALL ? part->arguments : part->text);
}

static void write_reply(FrontWriter *writer, const ModelReply *reply)
{
    const ModelChoice *choice = &reply->choices.at[0];
    for (size_t i = 0; i < choice->parts.count; i++)
        if (choice->parts.at[i].kind == PART_HOSTED)
            add_hosted(writer, &choice->parts.at[i]);
        else
            add_part(writer, &choice->parts.at[i]);
    Outcome outcome = response_outcome(choice->finish, &reply->usage);
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

static void write_response(FrontWriter *writer, const char *type, const Outcome *outcome)
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
    write_response(writer, "response.created", &running);
    write_response(writer, "response.in_progress", &running);
}

static int64_t position_of(FrontWriter *writer, const Item *item)
{
    return item - response_of(writer)->items.at;
}

static bool has_part(const Item *item) { return item->kind < ITEM_CALL; }

/* An event about one item; of a part when it is no call. */
static JsonWriter begin_item_event(FrontWriter *writer, const char *type, const Item *item)
{
    JsonWriter json = begin_event(writer, type);
    put_text(&json, "item_id", item->id);
    put_int(&json, "output_index", position_of(writer, item));
    if (has_part(item))
        put_int(&json, "content_index", 0);
    return json;
}

static void write_item(FrontWriter *writer, const char *type, const Item *item)
{
    JsonWriter json = begin_event(writer, type);
    put_int(&json, "output_index", position_of(writer, item));
    put_response_item(&json, writer->arena, "item", item);
    end_event(writer, &json);
}

static void write_part(FrontWriter *writer, const char *type, const Item *item)
{
    JsonWriter json = begin_item_event(writer, type, item);
    put_response_part(&json, writer->arena, "part", item);
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
    if (has_part(item))
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
        if (has_part(&response->items.at[i]))
            close_item(writer, &response->items.at[i]);
}

static void write_added(FrontWriter *writer, const Item *item)
{
    write_item(writer, "response.output_item.added", item);
    if (has_part(item))
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
    Item *item = response_add_item(writer, kind);
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
    Item *item = response_add_item(writer, ITEM_CALL);
    item->index = event->index;
    response_name_call(writer, item, event->id, event->name);
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

/* It ends its thought: what is thought after it has a signature of its own. */
static void write_signature(FrontWriter *writer, const ModelEvent *event)
{
    if (event->is_redacted)
        close_texts(writer);
    Item *item = item_for(writer, ITEM_THOUGHT);
    item->signature = signature_of(writer->arena, event->text, event->is_redacted);
    close_item(writer, item);
}

static void write_item_state(FrontWriter *writer, const char *type, const Item *item)
{
    JsonWriter json = begin_item_event(writer, type, item);
    end_event(writer, &json);
}

/* Arguments are known whole when the program calls a tool itself. */
static void write_mcp_arguments(FrontWriter *writer, const Item *item)
{
    JsonWriter json = begin_item_event(writer, "response.mcp_call_arguments.delta", item);
    put_text(&json, "delta", buf_str(&item->text));
    end_event(writer, &json);
    json = begin_item_event(writer, "response.mcp_call_arguments.done", item);
    put_text(&json, "arguments", buf_str(&item->text));
    end_event(writer, &json);
}

static void begin_hosted(FrontWriter *writer, const ModelEvent *event)
{
    begin_response(writer);
    close_texts(writer);
    const Item *item = response_add_hosted(writer, event);
    write_added(writer, item);
    if (item->kind == ITEM_APPROVAL || item->kind == ITEM_TOOLS) {
        if (item->kind == ITEM_TOOLS) {
            write_item_state(writer, "response.mcp_list_tools.in_progress", item);
            write_item_state(writer, "response.mcp_list_tools.completed", item);
        }
        write_item(writer, "response.output_item.done", item);
    } else if (item->kind == ITEM_MCP_CALL) {
        write_item_state(writer, "response.mcp_call.in_progress", item);
        write_mcp_arguments(writer, item);
    } else {
        write_item_state(writer, "response.file_search_call.in_progress", item);
        write_item_state(writer, "response.file_search_call.searching", item);
    }
}

/* There is no event for a search that fails: its item says it. */
static void end_hosted(FrontWriter *writer, const ModelEvent *event)
{
    Response *response = response_of(writer);
    for (size_t i = response->items.count; i-- > 0;) {
        Item *item = &response->items.at[i];
        if (item->kind <= ITEM_CALL || !str_equal(item->call_id, event->id))
            continue;
        response_end_hosted(writer, item, event->text, event->is_error);
        write_item_state(writer,
                         item->kind == ITEM_FILE_SEARCH ? "response.file_search_call.completed"
                         : event->is_error              ? "response.mcp_call.failed"
                                                        : "response.mcp_call.completed",
                         item);
        write_item(writer, "response.output_item.done", item);
        return;
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
    case EVENT_SIGNATURE: write_signature(writer, event); break;
    case EVENT_TOOL: begin_call(writer, event); break;
    case EVENT_ARGUMENTS: more_arguments(writer, event); break;
    case EVENT_HOSTED: begin_hosted(writer, event); break;
    case EVENT_HOSTED_RESULT: end_hosted(writer, event); break;
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
    Outcome outcome = response_outcome(finish, usage);
    begin_response(writer);
    for (size_t i = 0; i < response->items.count; i++)
        if (response->items.at[i].kind <= ITEM_CALL)
            close_item(writer, &response->items.at[i]);
    write_response(
        writer, str_is(outcome.status, "completed") ? "response.completed" : "response.incomplete",
        &outcome);
    keep(writer, &outcome);
}

/* The first event is for those who wait for an end, the second for OpenAI's clients, which fail on
 * an error beside the type only. */
static void write_stream_error(FrontWriter *writer, const Error *err)
{
    Outcome outcome = { .status = S("failed"), .failure = err };
    begin_response(writer);
    write_response(writer, "response.failed", &outcome);
    JsonWriter json = begin_event(writer, "error");
    put_response_failure(&json, err);
    put_text(&json, "code", S("server_error"));
    put_text(&json, "message", str(err->message));
    put_null(&json, "param");
    end_event(writer, &json);
}

static void write_state(FrontWriter *writer, Str status, const Error *failure)
{
    Outcome outcome = { .status = status, .failure = failure };
    JsonWriter json = put_begin(writer->out);
    put_response(writer, &json, &outcome);
    put_end(&json);
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
    .write_state = write_state,
    .write_error = openai_write_error,
};
