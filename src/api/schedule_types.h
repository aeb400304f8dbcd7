/* schedule_types.h - what schedules may start (schedule_types.def), and what its payload may be. */
#pragma once

#include "base/json.h"
#include "jobs/job_runner.h"

typedef struct ScheduleType {
    const char *type;
    Role role; /* of whoever makes such a schedule */
    const char *help;
    const char *payload; /* a JSON Schema */
} ScheduleType;

extern const ScheduleType schedule_types[];
extern const size_t schedule_type_count;
extern const UsualSchedule schedules_usual[]; /* as many */

/* Whether the scope may make one of this type; ERROR_INVALID, field "type": there is none. */
MUST_CHECK bool schedule_type_find(const Scope *scope, Str name, const ScheduleType **type_r,
                                   Error *err);
/* ERROR_INVALID names the member that is wrong: field "payload.hours". */
MUST_CHECK bool schedule_payload_check(const ScheduleType *type, Str payload, Error *err);
