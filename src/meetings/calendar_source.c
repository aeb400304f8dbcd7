#include "meetings/calendar_source.h"

#include "base/base64.h"
#include "base/utf8.h"
#include "net/url_safety.h"

#define CALL_MS 30000

static const CalendarKind kinds[] = {
#define CALENDAR_KIND(name, title, credentials) { #name, title, credentials, calendar_read_##name },
#include "meetings/calendar_kinds.def"
#undef CALENDAR_KIND
};

CalendarKinds calendar_kinds(void) { return (CalendarKinds){ kinds, COUNT(kinds) }; }

const CalendarKind *calendar_kind_named(Str name)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(name, kinds[i].name))
            return &kinds[i];
    return NULL;
}

/* --- Asking --- */

static Str authorization(const CalendarReading *reading, const CalendarAsk *ask)
{
    Str user = json_member_text(reading->credentials, "user");
    Str password = json_member_text(reading->credentials, "password");
    if (ask->bearer.length)
        return str_format(reading->arena, "Bearer " STR_FMT, STR_ARG(ask->bearer));
    if (!user.length)
        return STR_NONE;
    Str both = str_format(reading->arena, STR_FMT ":" STR_FMT, STR_ARG(user), STR_ARG(password));
    Str encoded = base64_encode(reading->arena, both);
    return str_format(reading->arena, "Basic " STR_FMT, STR_ARG(encoded));
}

static bool judge(const CalendarAsk *ask, const HttpAnswer *answer, Error *err)
{
    int status = answer->status;
    if (status == 200)
        return true;
    for (size_t i = 0; i < COUNT(ask->accepted); i++)
        if (status && status == ask->accepted[i])
            return true;
    if (status == 429 || (status == 403 && str_find(answer->body, S("ateLimitExceeded")) >= 0))
        return fail(err, ERROR_UPSTREAM,
                    "the calendar has been asked too often (status %d); it is asked again later",
                    status);
    if (status == 401 || status == 403)
        return fail(err, ERROR_UPSTREAM,
                    "the calendar refuses these credentials (status %d); give it others", status);
    if (status == 404 || status == 410)
        return fail(err, ERROR_UPSTREAM, "there is no calendar at this address (status %d)",
                    status);
    if (status >= 300 && status < 400)
        return fail(err, ERROR_UPSTREAM,
                    "the calendar has moved to '" STR_FMT "'; give that address",
                    STR_ARG(str_slice(http_answer_header(answer, "Location"), 0, 200)));
    return fail(err, ERROR_UPSTREAM, "the calendar answered with status %d", status);
}

bool calendar_ask(CalendarReading *reading, const CalendarAsk *ask, HttpAnswer *answer_r,
                  Error *err)
{
    const UrlSafety safety = { .allows_private = reading->calendar->allows_private };
    HttpPair headers[5];
    size_t count = 0;
    HttpCall call = { .method = ask->method,
                      .url = ask->url,
                      .headers = headers,
                      .body = ask->body,
                      .has_body = ask->body.length > 0,
                      .connect_ms = CALL_MS,
                      .first_byte_ms = CALL_MS,
                      .total_ms = CALL_MS * 2,
                      .answer_max = ICS_MAX };
    Str authorized = authorization(reading, ask);
    if (authorized.length)
        headers[count++] = (HttpPair){ S("Authorization"), authorized };
    if (ask->media_type.length)
        headers[count++] = (HttpPair){ S("Content-Type"), ask->media_type };
    if (ask->depth)
        headers[count++] = (HttpPair){ S("Depth"), str(ask->depth) };
    if (ask->extra.name.length)
        headers[count++] = ask->extra;
    call.header_count = count;
    return url_check(reading->arena, ask->url, &safety, &call.pinned_address, err) &&
           http_call(reading->http, reading->arena, &call, answer_r, err) &&
           judge(ask, answer_r, err);
}

Str calendar_text(Arena *arena, const json_t *object, const char *name, size_t max)
{
    Str text = utf8_clean(arena, str_copy(arena, json_member_text(object, name)));
    return str_slice(text, 0, utf8_floor(text, MIN(text.length, max)));
}

bool calendar_take(CalendarReading *reading, Str text, Error *err)
{
    IcsMeetings found;
    if (!ics_read(reading->arena, text, &reading->window, &found, err))
        return false;
    if (reading->count + found.count > ICS_MEETINGS_MAX)
        return fail(err, ERROR_TOO_LARGE, "the calendar has more than %d meetings in this time",
                    ICS_MEETINGS_MAX);
    Meeting *all = arena_new_array(reading->arena, Meeting, reading->count + found.count + 1);
    if (reading->count)
        memcpy(all, reading->at, reading->count * sizeof *all);
    if (found.count)
        memcpy(all + reading->count, found.at, found.count * sizeof *all);
    reading->at = all;
    reading->count += found.count;
    if (found.passed_over && !reading->passed_over)
        reading->why = found.why;
    reading->passed_over += found.passed_over;
    return true;
}
