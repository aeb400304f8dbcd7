/* responses_write.c - see responses_write.h. */
#include "gateway/fronts/responses_write.h"

#include "base/json_walk.h"
#include "gateway/fronts/citations.h"
#include "gateway/json_read.h"

/* --- Items of the answer --- */

#define ITEM_TEXT_MAX MB(32)

Response *response_of(FrontWriter *writer)
{
    if (!writer->state)
        writer->state = arena_new_one(writer->arena, Response);
    return writer->state;
}

Item *response_add_item(FrontWriter *writer, ItemKind kind)
{
    static const char *const prefixes[] = { "msg", "msg", "rs", "fc", "mcp", "fs", "mcpr", "mcpl" };
    Response *response = response_of(writer);
    Item *item = vec_push(writer->arena, &response->items);
    *item = (Item){ .kind = kind, .text = buf_new(writer->arena, ITEM_TEXT_MAX) };
    item->id = str_format(writer->arena, "%s_" STR_FMT "_%zu", prefixes[kind], STR_ARG(writer->id),
                          response->items.count - 1);
    return item;
}

void response_name_call(FrontWriter *writer, Item *item, Str id, Str name)
{
    item->call_id = id.length ? str_copy(writer->arena, id)
                              : str_format(writer->arena, "call_" STR_FMT, STR_ARG(item->id));
    item->name = str_copy(writer->arena, name);
}

Item *response_add_hosted(FrontWriter *writer, const ModelEvent *event)
{
    ItemKind kind = event->form == HOSTED_APPROVAL ? ITEM_APPROVAL
                    : event->form == HOSTED_TOOLS  ? ITEM_TOOLS
                    : event->server.length         ? ITEM_MCP_CALL
                                                   : ITEM_FILE_SEARCH;
    Item *item = response_add_item(writer, kind);
    response_name_call(writer, item, event->id, event->name);
    item->server = str_copy(writer->arena, event->server);
    item->is_approved = event->is_approved;
    item->is_done = event->form != HOSTED_CALL;
    buf_add(&item->text, event->text);
    return item;
}

void response_end_hosted(FrontWriter *writer, Item *item, Str result, bool has_failed)
{
    item->result = str_copy(writer->arena, result);
    item->has_failed = has_failed;
    item->is_done = true;
}

void put_response_part(JsonWriter *json, Arena *arena, const char *name, const Item *item)
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

static void put_call(JsonWriter *json, const Item *item)
{
    put_text(json, "type", S("function_call"));
    put_text(json, "call_id", item->call_id);
    put_text(json, "name", item->name);
    put_text(json, "arguments", buf_str(&item->text));
}

static void put_mcp_call(JsonWriter *json, const Item *item)
{
    put_text(json, "type", S("mcp_call"));
    put_text(json, "server_label", item->server);
    put_text(json, "name", item->name);
    put_text(json, "arguments", buf_str(&item->text));
    if (item->is_approved)
        put_text(json, "approval_request_id", item->call_id);
    else
        put_null(json, "approval_request_id");
    if (item->is_done && !item->has_failed)
        put_text(json, "output", item->result);
    else
        put_null(json, "output");
    if (!item->has_failed) {
        put_null(json, "error");
        return;
    }
    put_object(json, "error");
    put_text(json, "type", S("mcp_tool_execution_error"));
    put_array(json, "content");
    put_object(json, NULL);
    put_text(json, "type", S("text"));
    put_text(json, "text", item->result);
    put_end(json);
    put_end(json);
    put_end(json);
}

static void put_approval(JsonWriter *json, const Item *item)
{
    put_text(json, "type", S("mcp_approval_request"));
    put_text(json, "server_label", item->server);
    put_text(json, "name", item->name);
    put_text(json, "arguments", buf_str(&item->text));
}

static void put_server_tools(JsonWriter *json, const Item *item)
{
    put_text(json, "type", S("mcp_list_tools"));
    put_text(json, "server_label", item->server);
    put_raw(json, "tools", buf_str(&item->text));
    put_null(json, "error");
}

static void put_file_search(JsonWriter *json, const Item *item)
{
    put_text(json, "type", S("file_search_call"));
    put_array(json, "queries");
    put_raw(json, NULL, json_walk_member(buf_str(&item->text), "query"));
    put_end(json);
    if (item->is_done && !item->has_failed)
        put_raw(json, "results", item->result);
    else
        put_null(json, "results");
}

static void put_said(JsonWriter *json, Arena *arena, const Item *item)
{
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
        put_response_part(json, arena, NULL, item);
    put_end(json);
    if (item->signature.length)
        put_text(json, "encrypted_content", item->signature);
}

void put_response_item(JsonWriter *json, Arena *arena, const char *name, const Item *item)
{
    put_object(json, name);
    put_text(json, "id", item->id);
    switch (item->kind) {
    case ITEM_CALL: put_call(json, item); break;
    case ITEM_MCP_CALL: put_mcp_call(json, item); break;
    case ITEM_FILE_SEARCH: put_file_search(json, item); break;
    case ITEM_APPROVAL: put_approval(json, item); break;
    case ITEM_TOOLS: put_server_tools(json, item); break;
    default: put_said(json, arena, item);
    }
    if (item->kind != ITEM_APPROVAL && item->kind != ITEM_TOOLS)
        put_text(json, "status",
                 item->has_failed ? S("failed")
                 : item->is_done  ? S("completed")
                                  : S("in_progress"));
    put_end(json);
}

/* --- The response --- */

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
        if (tool->builtin.length) {
            put_raw(json, NULL, tool->builtin);
            continue;
        }
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
    put_bool(json, "background", request->is_background);
    if (request->temperature.is_set)
        put_number(json, "temperature", request->temperature.value);
    if (request->top_p.is_set)
        put_number(json, "top_p", request->top_p.value);
    if (request->output_max)
        put_int(json, "max_output_tokens", request->output_max);
    if (request->tool_calls_max)
        put_int(json, "max_tool_calls", request->tool_calls_max);
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

void put_response_failure(JsonWriter *json, const Error *failure)
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

void put_response(FrontWriter *writer, JsonWriter *json, const Outcome *outcome)
{
    const Response *response = response_of(writer);
    bool is_cut = str_is(outcome->status, "incomplete");
    put_text(json, "id", writer->id);
    put_text(json, "object", S("response"));
    put_int(json, "created_at", writer->created_s);
    put_text(json, "status", outcome->status);
    put_response_failure(json, outcome->failure);
    if (is_cut) {
        put_object(json, "incomplete_details");
        put_text(json, "reason",
                 outcome->finish == FINISH_FILTER ? S("content_filter") : S("max_output_tokens"));
        put_end(json);
    } else {
        put_null(json, "incomplete_details");
    }
    put_text_or_null(json, "instructions", writer->request->instructions);
    put_text(json, "model", writer->model);
    put_array(json, "output");
    for (size_t i = 0; i < response->items.count; i++)
        put_response_item(json, writer->arena, NULL, &response->items.at[i]);
    put_end(json);
    put_usage(json, outcome->usage);
    put_settings(json, writer->request);
    bool has_metadata = json_is_object_text(writer->request->metadata);
    put_raw(json, "metadata", has_metadata ? writer->request->metadata : S("{}"));
}

Outcome response_outcome(FinishReason finish, const ModelUsage *usage)
{
    bool is_cut = finish == FINISH_LENGTH || finish == FINISH_FILTER;
    return (Outcome){ .status = is_cut ? S("incomplete") : S("completed"),
                      .finish = finish,
                      .usage = usage };
}
