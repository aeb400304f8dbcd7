/* step_compute.c - values worked out of others. */
#include "workflow/steps.h"

const char step_compute_takes[] =
    "{\"type\":\"object\",\"required\":[\"values\"],\"additionalProperties\":false,\"properties\":{"
    "\"values\":{\"description\":\"What the step gives; expressions in it are worked out\"}}}";

static bool run_compute(StepRun *run, Error *err)
{
    (void)err;
    json_decref(run->output);
    run->output = json_incref(json_object_get(run->with, "values"));
    return true;
}

const StepType step_compute = { .run = run_compute };
