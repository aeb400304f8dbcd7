/* step_workflow.c - another workflow, started once and waited for. */
#include "workflow/workflow_int.h"

const char step_workflow_takes[] =
    "{\"type\":\"object\",\"required\":[\"workflow\"],\"additionalProperties\":false,"
    "\"properties\":{"
    "\"workflow\":{\"type\":\"string\",\"description\":\"Id or name\"},"
    "\"input\":{\"type\":\"object\"},"
    "\"document\":{\"type\":[\"string\",\"null\"],\"description\":\"Id of another document; null: "
    "none\"},"
    "\"waits\":{\"type\":\"boolean\",\"description\":\"Until it is over (true unless said)\"}}}";

static bool waits(const StepRun *run)
{
    return !json_is_false(json_object_get(run->with, "waits"));
}

/* It is over, and has said how. */
static bool take_end(StepRun *run, Error *err)
{
    Str code = json_member_text(run->woken, "code");
    json_object_set(run->output, "execution", json_object_get(run->woken, "execution"));
    json_object_set(run->output, "state", json_object_get(run->woken, "state"));
    json_object_set(run->output, "output", json_object_get(run->woken, "output"));
    if (str_is(json_member_text(run->woken, "state"), "done"))
        return true;
    return fail(err, error_code(str_c(run->arena, code)), "it ended as " STR_FMT ": " STR_FMT,
                STR_ARG(json_member_text(run->woken, "state")),
                STR_ARG(json_member_text(run->woken, "message")));
}

static bool run_workflow(StepRun *run, Error *err)
{
    if (run->woken)
        return take_end(run, err);
    if (waits(run))
        run->wait = (StepWait){ .kind = "workflow" };
    return true;
}

static bool start_workflow(StepRun *run, DbTx *tx, Error *err)
{
    const json_t *document = json_object_get(run->with, "document");
    Recipe workflow;
    WorkflowExecution started;
    const WorkflowStart start = {
        .document = document ? step_text(run, "document") : run->execution->document,
        .input = json_object_get(run->with, "input"),
        .started_by = S("workflow"),
        .parent = waits(run) ? run->execution->id : STR_NONE,
        .parent_frame = run->frame,
        .depth = run->execution->depth + 1,
    };
    if (!recipe_find_either(tx, &run->scope, run->arena, S(RECIPE_WORKFLOW),
                            step_text(run, "workflow"), &workflow, err) ||
        !workflow_start(tx, &run->scope, run->arena, &workflow, &start, &started, err))
        return false;
    json_object_set_new(run->output, "execution", json_stringn(started.id.at, started.id.length));
    return true;
}

const StepType step_workflow = { .run = run_workflow, .commit = start_workflow };
