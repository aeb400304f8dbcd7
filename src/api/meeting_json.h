/* meeting_json.h - calendars, meetings and bots as clients read them. */
#pragma once

#include "base/json.h"
#include "meetings/meetings.h"

/* Each writes the members of an object that is open. */
void put_calendar(JsonWriter *json, const Calendar *calendar);
void put_meeting(JsonWriter *json, const Meeting *meeting);
void put_meeting_bot(JsonWriter *json, const MeetingBot *bot);
