#include "api/meeting_body.h"

#include "base/clock.h"
#include "text/date.h"

#define ATTENDEES_MAX 500
#define HOUR_MS INT64_C(3600000)

static bool read_attendees(Arena *arena, const json_t *list, Str *attendees_r, Error *err)
{
    Buf out = buf_new(arena, KB(256));
    JsonWriter json = put_begin_array(&out);
    size_t i;
    const json_t *one;
    if (list && (!json_is_array(list) || json_array_size(list) > ATTENDEES_MAX))
        return fail_field(err, "attendees", "'attendees' is a list of at most %d", ATTENDEES_MAX);
    json_array_foreach(list, i, one)
    {
        Str text = json_is_string(one) ? (Str){ json_string_value(one), json_string_length(one) }
                                       : STR_NONE;
        bool is_mail = str_find_char(text, '@') >= 0;
        if (!json_is_string(one) && !json_is_object(one))
            return fail_field(err, "attendees", "each attendee is a name or {name, email}");
        put_object(&json, NULL);
        put_text(&json, "name",
                 text.length ? (is_mail ? S("") : text)
                             : str_slice(json_member_text(one, "name"), 0, 200));
        put_text(&json, "email",
                 text.length ? (is_mail ? text : S(""))
                             : str_slice(json_member_text(one, "email"), 0, 200));
        put_end(&json);
    }
    put_end(&json);
    *attendees_r = buf_str(&out);
    return !out.overflowed || fail_field(err, "attendees", "'attendees' is too long");
}

static bool read_time(const char *field, Str text, int64_t missing, int64_t *time_ms_r, Error *err)
{
    Error why;
    *time_ms_r = missing;
    return !text.length || time_parse(text, time_ms_r, &why) ||
           fail_field(err, field, "%s", why.message);
}

bool meeting_body_read(Arena *arena, const json_t *json, Meeting *meeting_r, Error *err)
{
    Meeting meeting = { .title = S("Meeting") };
    Str starts = STR_NONE, ends = STR_NONE;
    json_t *attendees = NULL;
    int64_t ignored;
    Error why;
    if (!json_read(
            json, arena,
            JSON_FIELDS(
                { "title", JSON_STR, &meeting.title, .length_max = MEETING_TITLE_MAX },
                { "meeting_url", JSON_STR, &meeting.link_url, .length_max = 2000 },
                { "description", JSON_STR, &meeting.description, .length_max = MEETING_TEXT_MAX },
                { "location", JSON_STR, &meeting.location, .length_max = MEETING_TITLE_MAX },
                { "starts_at", JSON_STR, &starts, .length_max = 40 },
                { "start_time", JSON_STR, &starts, .length_max = 40 },
                { "ends_at", JSON_STR, &ends, .length_max = 40 },
                { "end_time", JSON_STR, &ends, .length_max = 40 },
                { "time_zone", JSON_STR, &meeting.time_zone, .length_max = 64 },
                { "attendees", JSON_ANY, &attendees }),
            err) ||
        !read_time("starts_at", starts, now_ms(), &meeting.starts_at_ms, err) ||
        !read_time("ends_at", ends, meeting.starts_at_ms + HOUR_MS, &meeting.ends_at_ms, err) ||
        !read_attendees(arena, attendees, &meeting.attendees, err))
        return false;
    if (!date_local(0, meeting.time_zone, &ignored, &why))
        return fail_field(err, "time_zone", "%s", why.message);
    *meeting_r = meeting;
    return true;
}
