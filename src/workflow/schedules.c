/* schedules.c - triggers by the clock: each has a row among the schedules, which is kept with the
 * definition and starts a job that names the trigger. */
#include "jobs/schedules.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "workflow/workflow_int.h"

#define EVERY_MAX_S (366 * 86400)
#define NAME_MAX_BYTES 120 /* of the workflow's, in that of the schedule */

bool workflow_trigger_times(const json_t *trigger, Schedule *schedule_r, Error *err)
{
    const json_t *every = json_object_get(trigger, "every_s");
    if (every && (!json_is_integer(every) || json_integer_value(every) < 1 ||
                  json_integer_value(every) > EVERY_MAX_S))
        return fail_field(err, "every_s", "every_s is a whole number of seconds, at most %d",
                          EVERY_MAX_S);
    *schedule_r = (Schedule){ .type = S(JOB_WORKFLOW_START),
                              .cron = str_trim(json_member_text(trigger, "cron")),
                              .zone = json_member_text(trigger, "zone"),
                              .every_ms = json_integer_value(every) * 1000,
                              .catch_up = CATCH_UP_ONE };
    return schedule_plan(schedule_r, now_ms(), err);
}

/* What the payloads of a workflow's own schedules begin with. */
static Str payload_begins(Arena *arena, Str workflow)
{
    return str_format(arena, "{\"workflow\":\"" STR_FMT "\",\"trigger\":", STR_ARG(workflow));
}

/* One that is there keeps its times unless they are changed, and whether a person paused it. */
static bool keep_one(DbTx *tx, const Scope *scope, Arena *arena, Schedule *there,
                     const Schedule *wanted, Error *err)
{
    Schedule kept = *there;
    Schedule added = *wanted;
    bool is_same = str_equal(there->cron, wanted->cron) && str_equal(there->zone, wanted->zone) &&
                   there->every_ms == wanted->every_ms;
    if (!there->id.length)
        return schedule_add(tx, scope, arena, &added, err);
    there->id = STR_NONE; /* it is wanted */
    kept.name = wanted->name;
    if (!is_same) {
        kept.cron = wanted->cron;
        kept.zone = wanted->zone;
        kept.every_ms = wanted->every_ms;
        kept.next_at_ms = wanted->next_at_ms;
        kept.is_paused = kept.is_paused && !kept.error.length;
        kept.error = STR_NONE;
    }
    return schedule_update(tx, scope, &kept, err);
}

static Schedule *with_payload(ScheduleList *list, Str payload, Schedule *none)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i].id.length && str_equal(list->at[i].payload, payload))
            return &list->at[i];
    return none;
}

bool workflow_schedules_keep(DbTx *tx, const Scope *scope, Arena *arena, const Recipe *workflow,
                             const WorkflowTrigger *triggers, size_t count, Error *err)
{
    Str begins = payload_begins(arena, workflow->id);
    Str name = str_slice(workflow->name, 0, utf8_floor(workflow->name, NAME_MAX_BYTES));
    ScheduleList list;
    Schedule none = { 0 };
    int number = 0;
    if (!schedule_list_payload(tx, scope, arena, S(JOB_WORKFLOW_START), begins, &list, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        AUTO_JSON json_t *rule = NULL;
        Schedule wanted;
        if (!str_is(triggers[i].kind, "schedule"))
            continue;
        if (!json_parse(triggers[i].rule, WORKFLOW_BYTES_MAX, &rule, err) ||
            !workflow_trigger_times(rule, &wanted, err))
            return false;
        wanted.payload = str_format(arena, STR_FMT "%d}", STR_ARG(begins), number++);
        wanted.name = str_format(arena, STR_FMT " (%d of workflow " STR_FMT ")", STR_ARG(name),
                                 number, STR_ARG(workflow->id));
        if (!keep_one(tx, scope, arena, with_payload(&list, wanted.payload, &none), &wanted, err))
            return false;
    }
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].id.length && !schedule_remove(tx, scope, list.at[i].id, err))
            return false;
    return (!list.count && !number) || schedule_changed(tx, err);
}
