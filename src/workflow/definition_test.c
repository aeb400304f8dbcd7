/* definition_test.c - definitions that are refused, and why; the ready-made ones are not. */
#include <criterion/criterion.h>

#include "base/json_schema.h"
#include "workflow/workflow.h"

#define STEP_A "{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}"

static const struct {
    const char *body, *said;
} wrong[] = {
    { "[]", "must be an object" },
    { "{}", "steps: must be a list" },
    { "{\"steps\":[]}", "steps: must be a list" },
    { "{\"steps\":[7]}", "must be" },
    { "{\"stepz\":[]}", "no 'stepz'" },
    { "{\"steps\":[{\"id\":\"a\",\"type\":\"dance\"}]}", "no step of type 'dance'" },
    { "{\"steps\":[{\"id\":\"end\",\"type\":\"wait\",\"for_s\":1}]}", "must be a name" },
    { "{\"steps\":[{\"id\":\"a b\",\"type\":\"wait\",\"for_s\":1}]}", "must be a name" },
    { "{\"steps\":[" STEP_A "}," STEP_A "}]}", "another step 'a'" },
    { "{\"steps\":[" STEP_A ",\"next\":\"z\"}]}", "there is no step 'z'" },
    { "{\"steps\":[" STEP_A ",\"next\":\"a\"}]}", "leads back to 'a'" },
    { "{\"steps\":[" STEP_A
      "},{\"id\":\"c\",\"type\":\"condition\",\"if\":\"true\",\"then\":\"a\"}]}",
      "leads back to 'a'" },
    { "{\"steps\":[" STEP_A ",\"on_error\":\"a\"}]}", "leads back to 'a'" },
    { "{\"steps\":[" STEP_A ",\"next\":\"end\"},{\"id\":\"b\",\"type\":\"wait\",\"for_s\":1}]}",
      "no way leads to 'b'" },
    { "{\"steps\":[" STEP_A ",\"if\":\"true\"}]}", "has no 'if'" },
    { "{\"steps\":[" STEP_A ",\"when\":\"1 +\"}]}", "steps[0].when" },
    { "{\"steps\":[" STEP_A ",\"when\":\"nobody.knows\"}]}", "there is no 'nobody' here" },
    { "{\"steps\":[" STEP_A ",\"when\":\"item\"}]}", "there is no 'item' here" },
    { "{\"steps\":[" STEP_A ",\"when\":\"event.x\"}]}", "there is no 'event' here" },
    { "{\"steps\":[" STEP_A ",\"when\":\"steps.z\"}]}", "no step 'z'" },
    { "{\"steps\":[" STEP_A ",\"retry\":{\"attempts\":99}}]}", "attempts must be a number" },
    { "{\"steps\":[" STEP_A ",\"timeout_s\":0}]}", "timeout_s must be a number" },
    { "{\"steps\":[{\"id\":\"t\",\"type\":\"tag\",\"with\":{\"ad\":[]}}]}", "there is no 'ad'" },
    { "{\"steps\":[{\"id\":\"t\",\"type\":\"tag\",\"with\":{\"add\":\"x\"}}]}",
      "steps[0].with.add" },
    { "{\"steps\":[{\"id\":\"n\",\"type\":\"move\"}]}", "'collection' is missing" },
    { "{\"steps\":[{\"id\":\"n\",\"type\":\"notification\",\"with\":{\"title\":\"{{ 1 + }}\"}}]}",
      "steps[0].with.title" },
    { "{\"steps\":[{\"id\":\"n\",\"type\":\"notification\",\"with\":{\"title\":\"{{ 1\"}}]}",
      "without }}" },
    { "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\"}]}", "one of for_s, until and event" },
    { "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"for_s\":1e12}]}", "for_s must be a number" },
    { "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"until\":\"now()\",\"time_zone\":\"Mars/"
      "Base\"}]}",
      "time_zone must be" },
    { "{\"steps\":[{\"id\":\"s\",\"type\":\"switch\",\"on\":\"1\",\"cases\":{}}]}",
      "cases must be" },
    { "{\"steps\":[{\"id\":\"p\",\"type\":\"parallel\",\"branches\":[]}]}", "branches must be" },
    { "{\"steps\":[{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"input.x\",\"at_once\":0,"
      "\"steps\":[" STEP_A "}]}]}",
      "at_once must be" },
    { "{\"steps\":[" STEP_A "}],\"output\":\"{{ steps.z }}\"}", "no step 'z'" },
    { "{\"steps\":[" STEP_A "}],\"inputs\":{\"type\":\"nothing\"}}", "inputs" },
    { "{\"steps\":[" STEP_A "}],\"enabled\":1}", "enabled must be" },
    { "{\"steps\":[" STEP_A "}],\"shared\":\"no\"}", "shared must be" },
    { "{\"steps\":[" STEP_A "}],\"triggers\":[{\"on\":\"dreams\"}]}",
      "there is no trigger 'dreams'" },
    { "{\"steps\":[" STEP_A "}],\"triggers\":[{\"on\":\"upload\",\"when\":\"input.n\"}]}",
      "there is no 'input' here" },
};

Test(definition, what_is_wrong_is_refused_with_its_place)
{
    for (size_t i = 0; i < COUNT(wrong); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(4));
        AUTO_JSON json_t *body = NULL;
        Error err = { 0 };
        cr_assert(json_parse(str(wrong[i].body), MB(1), &body, &err), "%s", err.message);
        cr_expect_not(workflow_check(arena, body, &err), "%s", wrong[i].body);
        cr_expect_eq(err.code, ERROR_INVALID);
        cr_expect(strstr(err.message, wrong[i].said) != NULL, "%s: %s", wrong[i].body, err.message);
    }
}

/* A chain of steps in which every second one may be skipped: 2^100 ways, looked at once each. */
Test(definition, ways_are_looked_at_once_however_many_there_are, .timeout = 5)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    AUTO_JSON json_t *body = json_object();
    json_t *steps = json_array();
    Error err = { 0 };
    for (int i = 0; i < WORKFLOW_STEPS_MAX; i++) {
        json_t *step = json_pack("{s:o, s:s, s:s}", "id", json_sprintf("s%d", i), "type",
                                 "condition", "if", "true");
        if (i + 2 < WORKFLOW_STEPS_MAX)
            json_object_set_new(step, "then", json_sprintf("s%d", i + 2));
        json_array_append_new(steps, step);
    }
    json_object_set_new(body, "steps", steps);
    cr_expect(workflow_check(arena, body, &err), "%s", err.message);
    json_array_append_new(steps,
                          json_pack("{s:s, s:s, s:s}", "id", "z", "type", "condition", "if", "1"));
    cr_expect_not(workflow_check(arena, body, &err));
}

Test(definition, ready_made_workflows_are_right)
{
    const WorkflowTemplate *template;
    for (size_t i = 0; (template = workflow_template_at(i)); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(4));
        AUTO_JSON json_t *body = NULL;
        Error err = { 0 };
        cr_assert(json_parse(str(template->body), MB(1), &body, &err), "%s: %s", template->name,
                  err.message);
        cr_expect(workflow_check(arena, body, &err), "%s: %s", template->name, err.message);
    }
    cr_expect(workflow_template(S("inbox")) != NULL);
    cr_expect(workflow_template(S("nothing")) == NULL);
}

Test(definition, the_schema_is_one_and_ready_made_workflows_are_of_its_shape)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    AUTO_JSON json_t *schema = NULL;
    const WorkflowTemplate *template;
    Error err = { 0 };
    cr_assert(json_parse(workflow_schema(arena), MB(1), &schema, &err), "%s", err.message);
    cr_assert(json_schema_check(schema, &err), "%s", err.message);
    for (size_t i = 0; (template = workflow_template_at(i)); i++) {
        AUTO_JSON json_t *body = NULL;
        cr_assert(json_parse(str(template->body), MB(1), &body, &err));
        cr_expect(json_schema_holds(schema, body, &err), "%s: %s", template->name, err.message);
    }
}

Test(definition, what_each_step_takes_is_a_schema)
{
    const StepKind *kind;
    for (size_t i = 0; (kind = workflow_step_kind_at(i)); i++) {
        AUTO_JSON json_t *schema = NULL;
        Error err = { 0 };
        if (!kind->takes)
            continue;
        cr_assert(json_parse(str(kind->takes), SCHEMA_BYTES_MAX, &schema, &err), "%s: %s",
                  kind->name, err.message);
        cr_expect(json_schema_check(schema, &err), "%s: %s", kind->name, err.message);
    }
}
