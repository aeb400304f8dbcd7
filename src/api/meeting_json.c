#include "api/meeting_json.h"

#include "base/passwords.h"

static void put_json_or_null(JsonWriter *json, const char *name, Str text)
{
    if (text.length)
        put_raw(json, name, text);
    else
        put_null(json, name);
}

void put_calendar(JsonWriter *json, const Calendar *calendar)
{
    put_text(json, "id", calendar->id);
    put_text(json, "kind", calendar->kind);
    put_text(json, "name", calendar->name);
    put_text(json, "url", passwords_hidden(json->out->arena, calendar->url));
    put_text_or_null(json, "address", calendar->address);
    put_bool(json, "has_credentials", calendar->sealed.length > 0);
    put_text(json, "time_zone", calendar->time_zone.length ? calendar->time_zone : S("UTC"));
    put_bool(json, "enabled", calendar->is_on);
    put_bool(json, "auto_schedule", calendar->is_auto);
    put_text(json, "state", calendar->state);
    if (calendar->error_code.length) {
        put_object(json, "error");
        put_text(json, "code", calendar->error_code);
        put_text(json, "message", calendar->error);
        put_int(json, "failures", calendar->failures);
        put_end(json);
    } else {
        put_null(json, "error");
    }
    put_text_or_null(json, "notice", calendar->notice);
    put_time(json, "synced_at", calendar->synced_at_ms);
    put_time(json, "next_sync_at", calendar->is_on ? calendar->next_at_ms : 0);
    put_time(json, "created_at", calendar->created_at_ms);
}

void put_meeting(JsonWriter *json, const Meeting *meeting)
{
    put_text(json, "id", meeting->id);
    put_text_or_null(json, "calendar", meeting->calendar);
    put_text(json, "title", meeting->title);
    put_text(json, "description", meeting->description);
    put_text(json, "location", meeting->location);
    put_text_or_null(json, "organizer", meeting->organizer);
    put_json_or_null(json, "attendees", meeting->attendees);
    put_text_or_null(json, "answer", meeting->answer);
    put_time(json, "starts_at", meeting->starts_at_ms);
    put_time(json, "ends_at", meeting->ends_at_ms);
    put_bool(json, "is_all_day", meeting->is_all_day);
    put_text(json, "time_zone", meeting->time_zone.length ? meeting->time_zone : S("UTC"));
    put_text(json, "state", meeting->state);
    if (meeting->link_kind.length) {
        put_object(json, "link");
        put_text(json, "kind", meeting->link_kind);
        put_text(json, "url", meeting->link_url);
        put_text(json, "id", meeting->link_id);
        put_text_or_null(json, "password", meeting->link_password);
        put_end(json);
    } else {
        put_null(json, "link");
    }
    put_text_or_null(json, "document", meeting->document);
    put_json_or_null(json, "minutes", meeting->minutes);
}

void put_meeting_bot(JsonWriter *json, const MeetingBot *bot)
{
    put_text(json, "id", bot->id);
    put_text(json, "meeting", bot->meeting);
    put_text(json, "service", bot->service);
    put_text(json, "state", bot->state);
    put_bool(json, "is_over", bot->is_over);
    put_text_or_null(json, "service_state", bot->remote_state);
    put_text_or_null(json, "service_id", bot->remote_id);
    put_time(json, "state_since", bot->state_at_ms);
    if (bot->reason.length || bot->reason_text.length) {
        put_object(json, "reason");
        put_text_or_null(json, "code", bot->reason);
        put_text(json, "message", bot->reason_text);
        const BotReason *reason = bot_reason_named(bot->reason);
        put_text_or_null(json, "outcome",
                         reason ? str(bot_outcome_name(reason->outcome)) : STR_NONE);
        put_end(json);
    } else {
        put_null(json, "reason");
    }
    put_int(json, "attempt", bot->attempt);
    put_time(json, "join_at", bot->join_at_ms);
    put_json_or_null(json, "configuration", bot->config);
    put_text_or_null(json, "configured_by", bot->made_by);
    put_text_or_null(json, "document", bot->document);
    put_text_or_null(json, "recording", bot->recording);
    put_time(json, "created_at", bot->created_at_ms);
}
