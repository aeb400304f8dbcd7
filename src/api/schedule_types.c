#include "api/schedule_types.h"

#include "api/ai_tasks.h"
#include "base/json_schema.h"
#include "jobs/schedules.h"

#define MEMBER(name, shape) "\"" #name "\":{\"type\":" shape "}"
#define TEXT(name, length) MEMBER(name, "\"string\",\"minLength\":1,\"maxLength\":" #length)
#define WHOLE(name, least, most)                                                                   \
    MEMBER(name, "\"integer\",\"minimum\":" #least ",\"maximum\":" #most)
#define FLAG(name) MEMBER(name, "\"boolean\"")
#define OBJECT(name) MEMBER(name, "\"object\"")
#define LIST(name, most, item)                                                                     \
    MEMBER(name, "\"array\",\"minItems\":1,\"maxItems\":" #most ",\"items\":" item)
#define REQUIRED(names) ",\"required\":[" names "]"

const ScheduleType schedule_types[] = {
#define SCHEDULE_TYPE(type, role, every_ms, usual, help, must, members)                            \
    { type, ROLE_##role, help,                                                                     \
      "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" members "}" must      \
      "}" },
#include "api/schedule_types.def"
#undef SCHEDULE_TYPE
};
const UsualSchedule schedules_usual[] = {
#define SCHEDULE_TYPE(type, role, every_ms, usual, help, must, members) { usual, type, every_ms },
#include "api/schedule_types.def"
#undef SCHEDULE_TYPE
};
const size_t schedule_type_count = COUNT(schedule_types);

bool schedule_type_find(const Scope *scope, Str name, const ScheduleType **type_r, Error *err)
{
    for (size_t i = 0; i < COUNT(schedule_types); i++)
        if (str_is(name, schedule_types[i].type)) {
            *type_r = &schedule_types[i];
            return scope_needs(scope, schedule_types[i].role, err);
        }
    return fail_field(err, "type",
                      "a schedule cannot start '" STR_FMT "'; GET /v1/schedule-types lists what it "
                      "can",
                      STR_ARG(str_slice(name, 0, 100)));
}

/* --- Payloads ---------------------------------------------------------------------------- */

static bool fail_member(Error *err, const char *name, const char *why)
{
    char field[sizeof err->field];
    snprintf(field, sizeof field, "payload.%.50s", name);
    return fail_field(err, field, "%s: %s", field, why);
}

static bool fail_other(Error *err, const char *name, const json_t *known)
{
    char why[300] = "there is no such member; there are";
    const char *one;
    json_t *ignored;
    json_object_foreach((json_t *)(uintptr_t)known, one, ignored)
    {
        size_t length = strlen(why);
        snprintf(why + length, sizeof why - length, "%s '%s'", length > 40 ? "," : "", one);
    }
    return fail_member(err, name, json_object_size(known) ? why : "it takes none");
}

static bool check_members(const json_t *schema, const json_t *payload, Error *err)
{
    const json_t *known = json_object_get(schema, "properties"), *wanted;
    const char *name;
    json_t *value;
    size_t i;
    Error why = { 0 };
    json_array_foreach(json_object_get(schema, "required"), i, wanted)
    {
        if (!json_object_get(payload, json_string_value(wanted)))
            return fail_member(err, json_string_value(wanted), "it is missing");
    }
    json_object_foreach((json_t *)(uintptr_t)payload, name, value)
    {
        const json_t *of = json_object_get(known, name);
        if (!of)
            return fail_other(err, name, known);
        if (!json_schema_holds(of, value, &why))
            return fail_member(err, name, why.message);
    }
    return true;
}

/* Those that are started together, each by its name. */
static bool check_tasks(const json_t *tasks, Error *err)
{
    const json_t *task;
    size_t i;
    json_array_foreach(tasks, i, task)
    {
        Str name = json_member_text(task, "type");
        if (!ai_task_is_routed(name.length ? name : json_member_text(task, "task_type"), err))
            return fail_member(err, "tasks", err->message);
    }
    return true;
}

bool schedule_payload_check(const ScheduleType *type, Str payload, Error *err)
{
    AUTO_JSON json_t *schema = NULL;
    AUTO_JSON json_t *json = NULL;
    Error why = { 0 };
    if (payload.length > SCHEDULE_PAYLOAD_MAX)
        return fail_field(err, "payload", "'payload' has at most %zu bytes", SCHEDULE_PAYLOAD_MAX);
    if (!json_parse(str(type->payload), SCHEMA_BYTES_MAX, &schema, err) ||
        !json_parse(payload, SCHEDULE_PAYLOAD_MAX, &json, err))
        return false;
    if (!json_is_object(json))
        return fail_field(err, "payload", "'payload' is a JSON object");
    return check_members(schema, json, err) &&
           (json_schema_holds(schema, json, &why) ||
            fail_field(err, "payload", "payload: %s", why.message)) &&
           check_tasks(json_object_get(json, "tasks"), err);
}
