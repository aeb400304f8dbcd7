/* tool_loop.c - see tool_loop.h. */
#include "api/tool_loop.h"

#include "api/here.h"
#include "api/hosted_tools.h"
#include "gateway/hosted.h"
#include "models/models.h"

typedef struct Talk {
    ToolLoop *loop;
    HostedTools tools;
    VEC(ModelMessage) messages;
    int64_t calls;    /* that were made */
    bool is_unwanted; /* nobody listens any more */
} Talk;

/* --- What is told --- */

static bool tell(Talk *talk, const ModelEvent *event)
{
    const ToolLoop *loop = talk->loop;
    if (loop->tell && !talk->is_unwanted)
        talk->is_unwanted = !loop->tell(loop->self, event);
    return !talk->is_unwanted;
}

static bool tell_text(void *self, Str text)
{
    return tell(self, &(ModelEvent){ .kind = EVENT_TEXT, .text = text });
}

static void tell_clients_call(Talk *talk, const ModelPart *call, int index)
{
    (void)(tell(talk,
                &(ModelEvent){
                    .kind = EVENT_TOOL, .index = index, .id = call->id, .name = call->name }) &&
           tell(talk,
                &(ModelEvent){ .kind = EVENT_ARGUMENTS, .index = index, .text = call->arguments }));
}

/* The passages that the text names, as [1]. */
static void tell_citations(Talk *talk, Str text)
{
    size_t count = talk->tools.passages.count;
    bool *told = arena_new_array(talk->loop->arena, bool, count + 1);
    int index = 0;
    for (size_t i = 0; i < text.length && count; i++) {
        int64_t number;
        ptrdiff_t end = text.at[i] == '[' ? str_find_char(str_from(text, i), ']') : -1;
        if (end < 2 ||
            !str_to_int(str_slice(text, i + 1, i + (size_t)end), 1, (int64_t)count, &number) ||
            told[number])
            continue;
        told[number] = true;
        const Citation *passage = &talk->tools.passages.at[number - 1];
        Str citation = api_citation(talk->loop->arena, passage, index++);
        (void)tell(talk, &(ModelEvent){ .kind = EVENT_CITATION, .text = citation });
    }
}

/* --- One round --- */

static bool tell_call(Talk *talk, const HostedTool *tool, const ModelPart *call, HostedForm form)
{
    Str arguments = call->arguments.length ? call->arguments : S("{}");
    return tell(talk, &(ModelEvent){ .kind = EVENT_HOSTED,
                                     .form = form,
                                     .is_approved = call->is_approved,
                                     .id = call->id,
                                     .server = tool->server,
                                     .name = call->name,
                                     .text = arguments });
}

/* A tool that the model has invented, or may not call any more, is between it and us. */
static ModelPart call_tool(Talk *talk, const HostedTool *tool, const ModelPart *call)
{
    int64_t most = talk->loop->asked->tool_calls_max;
    bool may_call = tool && (!most || talk->calls++ < most);
    HostedResult result = { .text = tool ? S("no more tools may be called")
                                         : S("there is no such tool"),
                            .is_error = true };
    if (may_call && tell_call(talk, tool, call, HOSTED_CALL)) {
        hosted_tools_call(&talk->tools, tool, call, &result);
        (void)tell(talk, &(ModelEvent){ .kind = EVENT_HOSTED_RESULT,
                                        .id = call->id,
                                        .text = result.told,
                                        .is_error = result.is_error });
    }
    return (ModelPart){ .kind = PART_TOOL_RESULT,
                        .id = call->id,
                        .name = call->name,
                        .text = result.text,
                        .is_error = result.is_error };
}

static bool is_clients(const Talk *talk, const ModelPart *part)
{
    const HostedTool *tool =
        part->kind == PART_TOOL_CALL ? hosted_tools_find(&talk->tools, part->name) : NULL;
    return tool && !tool->run;
}

static bool has_clients_call(const Talk *talk, const ModelChoice *choice)
{
    for (size_t i = 0; i < choice->parts.count; i++)
        if (is_clients(talk, &choice->parts.at[i]))
            return true;
    return false;
}

static bool asks_first(const Talk *talk, const ModelPart *part)
{
    const HostedTool *tool =
        part->kind == PART_TOOL_CALL ? hosted_tools_find(&talk->tools, part->name) : NULL;
    return tool && tool->asks_first;
}

static bool has_approval_call(const Talk *talk, const ModelChoice *choice)
{
    for (size_t i = 0; i < choice->parts.count; i++)
        if (asks_first(talk, &choice->parts.at[i]))
            return true;
    return false;
}

/* Calls that a person has to allow first. */
static void ask_approval(Talk *talk, const ModelChoice *choice)
{
    for (size_t i = 0; i < choice->parts.count; i++) {
        const ModelPart *call = &choice->parts.at[i];
        if (asks_first(talk, call))
            (void)tell_call(talk, hosted_tools_find(&talk->tools, call->name), call,
                            HOSTED_APPROVAL);
    }
}

/* Calls of what the client has. */
static void hand_over(Talk *talk, const ModelChoice *choice)
{
    int index = 0;
    for (size_t i = 0; i < choice->parts.count; i++)
        if (is_clients(talk, &choice->parts.at[i]))
            tell_clients_call(talk, &choice->parts.at[i], index++);
}

/* The calls that are ours, with what they gave. */
static void call_ours(Talk *talk, const ModelChoice *choice)
{
    Arena *arena = talk->loop->arena;
    for (size_t i = 0; i < choice->parts.count && !talk->is_unwanted; i++) {
        const ModelPart *call = &choice->parts.at[i];
        if (call->kind != PART_TOOL_CALL || is_clients(talk, call) || asks_first(talk, call))
            continue;
        ModelPart *part = arena_new_one(arena, ModelPart);
        *part = call_tool(talk, hosted_tools_find(&talk->tools, call->name), call);
        *vec_push(arena, &talk->messages) =
            (ModelMessage){ .role = FROM_TOOL, .parts = part, .count = 1 };
    }
}

/* What the model said, before what its calls give. */
static void add_said(Talk *talk, const ModelChoice *choice)
{
    *vec_push(talk->loop->arena, &talk->messages) = (ModelMessage){ .role = FROM_ASSISTANT,
                                                                    .parts = choice->parts.at,
                                                                    .count = choice->parts.count };
}

static bool has_calls(const ModelChoice *choice)
{
    for (size_t i = 0; i < choice->parts.count; i++)
        if (choice->parts.at[i].kind == PART_TOOL_CALL)
            return true;
    return false;
}

static void add_usage(GatewayAnswer *sum, const GatewayAnswer *round)
{
    ModelUsage usage = sum->usage;
    int64_t cost = sum->cost;
    *sum = *round;
    sum->usage.input += usage.input;
    sum->usage.output += usage.output;
    sum->usage.cache_read += usage.cache_read;
    sum->usage.cache_write += usage.cache_write;
    sum->usage.cache_write_long += usage.cache_write_long;
    sum->usage.reasoning += usage.reasoning;
    sum->cost = cost < 0 || round->cost < 0 ? -1 : cost + round->cost;
}

/* *ends_r: the model has answered, or the client is to go on. */
static bool run_round(Talk *talk, GatewayAnswer *sum, bool *ends_r, Error *err)
{
    ToolLoop *loop = talk->loop;
    ModelRequest *asked = loop->asked;
    GatewayAsk ask = { .request = asked,
                       .feature = loop->feature,
                       .never_here = loop->is_within,
                       .is_within = loop->is_within,
                       .delta = tell_text,
                       .self = talk };
    GatewayAnswer round;
    asked->messages = talk->messages.at;
    asked->message_count = talk->messages.count;
    if (!gateway_ask(models_gateway(loop->api->models), loop->caller, loop->arena, &ask, &round,
                     err)) {
        sum->wait_ms = round.wait_ms;
        return false;
    }
    add_usage(sum, &round);
    const ModelChoice *choice = &round.reply->choices.at[0];
    tell_citations(talk, round.text);
    bool is_clients_turn = has_clients_call(talk, choice);
    *ends_r = is_clients_turn || has_approval_call(talk, choice) || !has_calls(choice);
    if (!*ends_r && round.text.length)
        (void)tell_text(talk, S("\n\n")); /* where nothing else stands between two texts */
    add_said(talk, choice);
    if (!is_clients_turn || asked->shows_hosted)
        call_ours(talk, choice);
    ask_approval(talk, choice);
    hand_over(talk, choice);
    /* It was made to call one, and has. */
    if (asked->tool_choice == TOOLS_REQUIRED || asked->tool_choice == TOOLS_NAMED)
        asked->tool_choice = TOOLS_AUTO;
    return true;
}

/* Calls that a person has allowed since, at the end of the conversation. */
static bool call_approved(Talk *talk, Error *err)
{
    Arena *arena = talk->loop->arena;
    ModelMessage last =
        talk->messages.count ? talk->messages.at[talk->messages.count - 1] : (ModelMessage){ 0 };
    for (size_t i = 0; i < last.count; i++) {
        const ModelPart *call = &last.parts[i];
        if (!call->is_approved)
            continue;
        const HostedTool *tool = hosted_tools_find(&talk->tools, call->name);
        if (!tool || !tool->asks_first || !str_equal(tool->server, call->server))
            return fail_field(err, "tools", "'" STR_FMT "' was approved, but is no tool that asks",
                              STR_ARG(str_slice(call->name, 0, 60)));
        ModelPart *part = arena_new_one(arena, ModelPart);
        *part = call_tool(talk, tool, call);
        *vec_push(arena, &talk->messages) =
            (ModelMessage){ .role = FROM_TOOL, .parts = part, .count = 1 };
    }
    return true;
}

static bool is_told(const ModelRequest *asked, Str server)
{
    for (size_t i = 0; i < asked->servers_told.count; i++)
        if (str_equal(asked->servers_told.at[i], server))
            return true;
    return false;
}

static void tell_servers(Talk *talk)
{
    for (size_t i = 0; i < talk->tools.servers.count; i++) {
        const ServerTools *server = &talk->tools.servers.at[i];
        if (!is_told(talk->loop->asked, server->server))
            (void)tell(talk, &(ModelEvent){ .kind = EVENT_HOSTED,
                                            .form = HOSTED_TOOLS,
                                            .server = server->server,
                                            .text = server->tools });
    }
}

bool tool_loop_run(ToolLoop *loop, GatewayAnswer *answer_r, Error *err)
{
    ModelRequest *asked = loop->asked;
    Talk talk = { .loop = loop,
                  .tools = { .api = loop->api, .scope = loop->scope, .arena = loop->arena } };
    GatewayAnswer sum = { 0 };
    bool ends = false;
    if (asked->choice_count > 1 && asked->is_hosted)
        return fail_field(err, "n", "n must be 1 where tools are called here");
    int rounds_max = loop->rounds_max ? loop->rounds_max : HOSTED_ROUNDS;
    if (!hosted_tools_open(&talk.tools, asked, loop->route_tools, err))
        return false;
    for (size_t i = 0; i < asked->message_count; i++)
        *vec_push(loop->arena, &talk.messages) = asked->messages[i];
    asked->tools = talk.tools.offered.at;
    asked->tool_count = talk.tools.offered.count;
    asked->is_hosted = false;
    if (asked->asks_approval)
        tell_servers(&talk);
    if (!call_approved(&talk, err))
        return false;
    for (int i = 0; i < rounds_max && !ends; i++) {
        if (!run_round(&talk, &sum, &ends, err)) {
            *answer_r = sum;
            return false;
        }
        if (talk.is_unwanted)
            return fail(err, ERROR_CANCELLED, "nobody wants the answer");
    }
    *answer_r = sum;
    return ends ||
           fail(err, ERROR_UPSTREAM, "the model still calls tools after %d rounds", rounds_max);
}
