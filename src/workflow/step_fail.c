/* step_fail.c - an error of the workflow's own words. */
#include "workflow/steps.h"

const char step_fail_takes[] =
    "{\"type\":\"object\",\"required\":[\"message\"],\"additionalProperties\":false,\"properties\":"
    "{"
    "\"message\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":300}}}";

static bool run_fail(StepRun *run, Error *err)
{
    return fail(err, ERROR_INVALID, STR_FMT, STR_ARG(step_text(run, "message")));
}

const StepType step_fail = { .run = run_fail };
