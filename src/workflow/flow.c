/* flow.c - the steps that the engine walks itself: condition, switch, parallel, for_each, wait. */
#include "base/clock.h"
#include "text/date.h"
#include "workflow/workflow_int.h"

static json_t *output_of(const char *name, json_t *value)
{
    json_t *output = json_object();
    json_object_set_new(output, name, value);
    return output;
}

static Str text_of(const json_t *text)
{
    return (Str){ json_string_value(text), json_string_length(text) };
}

static bool walk_condition(Walk *walk, const json_t *step, StepResult *result, Error *err)
{
    AUTO_JSON json_t *value = NULL;
    if (!walk_value(walk, step, "if", &value, err))
        return false;
    bool holds = expression_is_true(value);
    result->output = output_of("holds", json_boolean(holds));
    result->next = workflow_target(walk->sequence, step, holds ? "then" : "else");
    return true;
}

static bool walk_switch(Walk *walk, const json_t *step, StepResult *result, Error *err)
{
    AUTO_JSON json_t *value = NULL;
    const json_t *cases = json_object_get(step, "cases");
    if (!walk_value(walk, step, "on", &value, err))
        return false;
    Str text = json_is_string(value) ? text_of(value) : json_print(walk->arena, value);
    const char *name = str_c(walk->arena, text);
    bool is_case = json_object_get(cases, name) != NULL;
    result->output = output_of("value", json_incref(value));
    result->next = is_case ? workflow_target(walk->sequence, cases, name)
                           : workflow_target(walk->sequence, step, "default");
    return true;
}

/* --- Frames --- */

typedef struct Children {
    const Walk *walk;
    int64_t first;
    WorkflowFrameList list;
} Children;

static bool children_work(DbTx *tx, void *argument, Error *err)
{
    Children *in = argument;
    const Walk *walk = in->walk;
    return workflow_frame_children(tx, &walk->scope, walk->arena, walk->execution.id,
                                   walk->frame.number, in->first, &in->list, err);
}

static json_t *child_output(const WorkflowFrame *child)
{
    Str said = str_is(child->state, "done") ? child->item : STR_NONE;
    json_t *output = said.length ? json_loadb(said.at, said.length, JSON_DECODE_ANY, NULL) : NULL;
    return output ? output : json_null();
}

/* The output of the last step of each, in their order; left out when that is more than an output
 * may be, for what the children did has been done. */
static json_t *gather(const char *name, const WorkflowFrameList *children)
{
    json_t *output = json_object(), *items = json_array();
    size_t bytes = 0, failed = 0;
    for (size_t i = 0; i < children->count; i++) {
        bytes += children->at[i].item.length + 2;
        failed += str_is(children->at[i].state, "failed");
        json_array_append_new(items, child_output(&children->at[i]));
    }
    json_object_set_new(output, "count", json_integer((json_int_t)children->count));
    json_object_set_new(output, "failed", json_integer((json_int_t)failed));
    if (bytes > WORKFLOW_OUTPUT_MAX - KB(1)) {
        json_decref(items);
        items = json_null();
    }
    json_object_set_new(output, name, items);
    return output;
}

static bool children_over(Walk *walk, const char *name, const json_t *woken, StepResult *result,
                          Error *err)
{
    const json_t *why = json_object_get(woken, "error");
    Children in = { walk, json_integer_value(json_object_get(woken, "children")), { 0 } };
    if (walk_timed_out(woken))
        return fail(err, ERROR_TIMEOUT, "not all branches or items were over in time");
    if (why)
        return fail(err, error_code(json_string_value(json_object_get(why, "code"))),
                    "step '%s': %s", json_string_value(json_object_get(why, "step")),
                    json_string_value(json_object_get(why, "message")));
    if (!store_read(walk->job->db, &walk->scope, children_work, &in, err))
        return false;
    result->output = gather(name, &in.list);
    return true;
}

int64_t workflow_at_once(const json_t *step)
{
    const json_t *said = json_object_get(step, "at_once");
    if (str_is(json_member_text(step, "type"), "parallel"))
        return WORKFLOW_BRANCHES_MAX;
    return said ? json_integer_value(said) : WORKFLOW_AT_ONCE;
}

static void make_children(Walk *walk, const json_t *step, size_t count, const json_t *items,
                          StepResult *result)
{
    WorkflowFrame *frames = arena_new_array(walk->arena, WorkflowFrame, count);
    for (size_t i = 0; i < count; i++)
        frames[i] = (WorkflowFrame){
            .parent = walk->frame.number,
            .step = json_member_text(step, "id"),
            .place = (int64_t)i,
            .item = items ? json_print(walk->arena, json_array_get(items, i)) : STR_NONE,
            .position = workflow_first(workflow_inner(step, (int64_t)i)),
        };
    result->end = STEP_WAITS;
    result->wait = (StepWait){ .kind = "children", .until_ms = walk_timeout_ms(step) };
    result->children = frames;
    result->child_count = count;
}

static bool walk_parallel(Walk *walk, const json_t *step, const json_t *woken, StepResult *result,
                          Error *err)
{
    if (woken)
        return children_over(walk, "branches", woken, result, err);
    make_children(walk, step, json_array_size(json_object_get(step, "branches")), NULL, result);
    return true;
}

static bool walk_for_each(Walk *walk, const json_t *step, const json_t *woken, StepResult *result,
                          Error *err)
{
    AUTO_JSON json_t *items = NULL;
    if (woken)
        return children_over(walk, "items", woken, result, err);
    if (!walk_value(walk, step, "items", &items, err))
        return false;
    size_t count = json_array_size(items);
    if (!json_is_array(items) && !json_is_null(items))
        return fail(err, ERROR_INVALID, "items is not a list");
    if (count > WORKFLOW_FRAMES_MAX)
        return fail(err, ERROR_TOO_LARGE, "there are %zu items; at most %d are allowed", count,
                    WORKFLOW_FRAMES_MAX);
    if (count)
        make_children(walk, step, count, items, result);
    else
        result->output = gather("items", &(WorkflowFrameList){ 0 });
    return true;
}

/* --- Waiting --- */

/* A time with an offset, or what a clock of the zone shows. A clock time that is skipped in spring
 * is the moment as much later as the clocks went forward; of one that comes twice in autumn it is
 * the first. */
static bool read_until(const json_t *value, Str zone, int64_t *until_ms_r, Error *err)
{
    Str text = text_of(value);
    int64_t civil;
    Error why;
    if (json_is_integer(value)) {
        *until_ms_r = json_integer_value(value);
        return true;
    }
    if (!json_is_string(value))
        return fail(err, ERROR_INVALID, "until is no time");
    if (!zone.length)
        return time_parse(text, until_ms_r, err) || fail_in(err, "until");
    if (text.length > 19 && time_parse(text, until_ms_r, &why))
        return true;
    return (date_read_civil(text, &civil, err) && date_instant(civil, zone, until_ms_r, err)) ||
           fail_in(err, "until");
}

static bool begin_wait(Walk *walk, const json_t *step, StepResult *result, Error *err)
{
    const json_t *seconds = json_object_get(step, "for_s");
    StepWait wait = { .kind = "time" };
    result->end = STEP_WAITS;
    if (seconds) {
        wait.until_ms = now_ms() + (int64_t)(json_number_value(seconds) * 1000);
    } else if (json_object_get(step, "until")) {
        AUTO_JSON json_t *value = NULL;
        if (!walk_value(walk, step, "until", &value, err) ||
            !read_until(value, json_member_text(step, "time_zone"), &wait.until_ms, err))
            return false;
    } else {
        AUTO_JSON json_t *name = NULL;
        if (!template_fill(json_object_get(step, "event"), walk->names, now_ms(), &name, err))
            return false;
        if (!json_is_string(name) || !json_string_length(name))
            return fail(err, ERROR_INVALID, "event is no name");
        wait = (StepWait){ "event", walk_timeout_ms(step), str_copy(walk->arena, text_of(name)) };
    }
    if (wait.until_ms > now_ms() + (int64_t)WORKFLOW_WAIT_MAX_S * 1000)
        return fail(err, ERROR_INVALID, "a wait ends within %d days", WORKFLOW_WAIT_MAX_S / 86400);
    result->wait = wait;
    return true;
}

/* A time that is over when it is asked for is not waited for; nor is anything in a dry run. */
static bool walk_wait(Walk *walk, const json_t *step, const json_t *woken, StepResult *result,
                      Error *err)
{
    const json_t *event = json_object_get(woken, "event");
    if (!woken) {
        if (!begin_wait(walk, step, result, err))
            return false;
        bool is_over = !result->wait.event.length && result->wait.until_ms <= now_ms();
        if (!is_over && !walk->execution.is_dry)
            return true;
        result->end = STEP_DONE;
        result->wait = (StepWait){ 0 };
    } else if (!event && json_object_get(step, "event")) {
        return fail(err, ERROR_TIMEOUT, "the event did not come in time");
    }
    result->output =
        output_of("event", event ? json_incref((json_t *)(uintptr_t)event) : json_null());
    return true;
}

bool walk_flow(Walk *walk, const json_t *step, Str type, StepResult *result, Error *err)
{
    AUTO_JSON json_t *woken = NULL;
    if (walk->frame.woken.length &&
        !json_parse(walk->frame.woken, WORKFLOW_OUTPUT_MAX + KB(64), &woken, err))
        return false;
    if (str_is(type, "condition"))
        return walk_condition(walk, step, result, err);
    if (str_is(type, "switch"))
        return walk_switch(walk, step, result, err);
    if (str_is(type, "parallel"))
        return walk_parallel(walk, step, woken, result, err);
    if (str_is(type, "for_each"))
        return walk_for_each(walk, step, woken, result, err);
    return walk_wait(walk, step, woken, result, err);
}
