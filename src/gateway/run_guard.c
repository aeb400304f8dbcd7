/* run_guard.c - what may not leave: a request's texts are named before a service gets them, and the
 * names in its answer are put back.
 *
 * Such a request is written anew from what was read of it, also for a service of the client's own
 * dialect; a request in which nothing is found goes out as it came. */
#include "gateway/guard.h"

#include "gateway/run.h"

/* A request with names, and the names; one for all attempts of a call. */
typedef struct RunGuard {
    GuardNames names;
    ModelMessage *messages;
    ModelTool *tools;
    StrList inputs;
    ModelField *fields;
    Str query, extra, schema;
} RunGuard;

static const GatewayPolicy *policy_of(const Run *run) { return &run->caller->config->policy; }

bool guard_is_on(const RunTry *try)
{
    const GatewayPolicy *policy = policy_of(try->run);
    return policy->masks && (policy->masks_local || !try->target->service->is_local);
}

/* --- Out --- */

static const ModelPart *mask_parts(Run *run, const ModelPart *parts, size_t count)
{
    unsigned kinds = policy_of(run)->masks;
    ModelPart *masked = arena_new_array(run->arena, ModelPart, count);
    for (size_t i = 0; i < count; i++) {
        ModelPart *part = &masked[i];
        *part = parts[i];
        part->text = guard_mask(&run->guard->names, kinds, part->text);
        part->arguments = guard_mask(&run->guard->names, kinds, part->arguments);
        if (part->part_count)
            part->parts = mask_parts(run, part->parts, part->part_count);
        if (i && part->kind == PART_TEXT && masked[i - 1].kind == PART_TEXT)
            guard_mask_joint(&run->guard->names, kinds, &masked[i - 1].text, &part->text);
    }
    return masked;
}

/* Descriptions and the words of schemas; a tool keeps its name. */
static ModelTool *mask_tools(Run *run, const ModelTool *tools, size_t count)
{
    unsigned kinds = policy_of(run)->masks;
    ModelTool *masked = arena_new_array(run->arena, ModelTool, count);
    for (size_t i = 0; i < count; i++) {
        masked[i] = tools[i];
        masked[i].description = guard_mask(&run->guard->names, kinds, tools[i].description);
        masked[i].parameters = guard_mask(&run->guard->names, kinds, tools[i].parameters);
        masked[i].builtin = guard_mask(&run->guard->names, kinds, tools[i].builtin);
    }
    return masked;
}

static StrList mask_list(Run *run, StrList list)
{
    Str *masked = arena_new_array(run->arena, Str, list.count);
    for (size_t i = 0; i < list.count; i++)
        masked[i] = guard_mask(&run->guard->names, policy_of(run)->masks, list.at[i]);
    return (StrList){ masked, list.count };
}

/* The texts of a form; what a recording says is not known. */
static ModelField *mask_fields(Run *run, const ModelField *fields, size_t count)
{
    ModelField *masked = arena_new_array(run->arena, ModelField, count);
    for (size_t i = 0; i < count; i++) {
        masked[i] = fields[i];
        if (!fields[i].file_name.length)
            masked[i].value =
                guard_mask(&run->guard->names, policy_of(run)->masks, fields[i].value);
    }
    return masked;
}

/* Whoever asks goes without a name where that is one, or any other was found. */
static void look_at_names(Run *run)
{
    const ModelRequest *request = &run->request;
    Str names[] = { request->user, request->safety_id, request->cache_key };
    for (size_t i = 0; i < COUNT(names); i++)
        (void)guard_mask(&run->guard->names, policy_of(run)->masks, names[i]);
}

static void mask_all(Run *run)
{
    const ModelRequest *request = &run->request;
    unsigned kinds = policy_of(run)->masks;
    RunGuard *guard = run->guard = arena_new_one(run->arena, RunGuard);
    guard_begin(&guard->names, run->arena);
    guard->messages = arena_new_array(run->arena, ModelMessage, request->message_count);
    for (size_t i = 0; i < request->message_count; i++) {
        guard->messages[i] = request->messages[i];
        Str name = request->messages[i].name;
        if (guard_mask(&guard->names, kinds, name).at != name.at)
            guard->messages[i].name = S(""); /* no service takes <EMAIL_1> for one */
        guard->messages[i].parts =
            mask_parts(run, request->messages[i].parts, request->messages[i].count);
    }
    guard->tools = mask_tools(run, request->tools, request->tool_count);
    guard->inputs = mask_list(run, request->inputs);
    guard->fields = mask_fields(run, request->fields, request->field_count);
    guard->query = guard_mask(&guard->names, kinds, request->query);
    guard->extra = guard_mask(&guard->names, kinds, request->extra);
    guard->schema = guard_mask(&guard->names, kinds, request->schema);
    look_at_names(run);
    run->record.masked = (int)guard->names.items.count;
}

const ModelRequest *guard_request(RunTry *try)
{
    Run *run = try->run;
    if (!run->guard)
        mask_all(run);
    const RunGuard *guard = run->guard;
    if (!guard->names.items.count)
        return &run->request;
    ModelRequest *masked = arena_new_one(run->arena, ModelRequest);
    *masked = run->request;
    masked->messages = guard->messages;
    masked->tools = guard->tools;
    masked->inputs = guard->inputs;
    masked->fields = guard->fields;
    masked->query = guard->query;
    masked->extra = guard->extra;
    masked->schema = guard->schema;
    masked->user = masked->safety_id = masked->cache_key = S("");
    try->is_masked = true;
    return masked;
}

/* --- Back --- */

static bool has_text(const ModelEvent *event)
{
    return event->kind == EVENT_TEXT || event->kind == EVENT_REASONING ||
           event->kind == EVENT_REFUSAL || event->kind == EVENT_ARGUMENTS;
}

static bool goes_on(const RunTry *try, const ModelEvent *event)
{
    const ModelEvent *held = &try->held_event;
    return event->kind == held->kind && event->choice == held->choice &&
           event->index == held->index;
}

/* What was held back of another text was no name after all. */
bool guard_rest(RunTry *try, Error *err)
{
    if (!try->held_name.length)
        return true;
    ModelEvent event = try->held_event;
    event.text = guard_restore(&try->run->guard->names, &try->held_name, S(""), true,
                               event.kind == EVENT_ARGUMENTS);
    return answer_told(try, &event, err);
}

bool guard_event(RunTry *try, const ModelEvent *event, Error *err)
{
    ModelEvent told = *event;
    if (!has_text(event))
        return guard_rest(try, err) && answer_told(try, event, err);
    if (!goes_on(try, event) && !guard_rest(try, err))
        return false;
    if (!try->held_name.arena)
        try->held_name = buf_new(try->run->arena, MB(16));
    told.text = guard_restore(&try->run->guard->names, &try->held_name, event->text, false,
                              event->kind == EVENT_ARGUMENTS);
    try->held_event = *event;
    return !told.text.length || answer_told(try, &told, err);
}

bool guard_restores(const RunTry *try)
{
    return try->is_masked && !policy_of(try->run)->keeps_masked;
}
