/* calendar_ics.c - a calendar that is one file at an address: read again when its ETag or date has
 * changed. */
#include "meetings/calendar_source.h"

/* "etag TEXT" or "date TEXT": what is asked with the next time. */
static HttpPair condition(const CalendarReading *reading)
{
    Str state = reading->calendar->sync_state;
    if (reading->wants_all)
        return (HttpPair){ STR_NONE, STR_NONE };
    if (str_starts(state, S("etag ")))
        return (HttpPair){ S("If-None-Match"), str_from(state, 5) };
    if (str_starts(state, S("date ")))
        return (HttpPair){ S("If-Modified-Since"), str_from(state, 5) };
    return (HttpPair){ STR_NONE, STR_NONE };
}

static Str state_of(Arena *arena, const HttpAnswer *answer)
{
    Str etag = http_answer_header(answer, "ETag");
    Str date = http_answer_header(answer, "Last-Modified");
    if (etag.length)
        return str_format(arena, "etag " STR_FMT, STR_ARG(str_slice(etag, 0, 500)));
    return date.length ? str_format(arena, "date " STR_FMT, STR_ARG(str_slice(date, 0, 100)))
                       : STR_NONE;
}

/* "webcal:" is what programs call an address that they are to subscribe to. */
bool calendar_read_ics(CalendarReading *reading, Error *err)
{
    HttpAnswer answer;
    Str url = reading->calendar->url;
    if (str_starts(url, S("webcal://")))
        url = str_format(reading->arena, "https://" STR_FMT, STR_ARG(str_from(url, 9)));
    const CalendarAsk ask = { .url = url, .extra = condition(reading), .accepted = { 304 } };
    if (!calendar_ask(reading, &ask, &answer, err))
        return false;
    reading->is_unchanged = answer.status == 304;
    reading->is_all = true;
    if (reading->is_unchanged) {
        reading->state = reading->calendar->sync_state;
        return true;
    }
    reading->state = state_of(reading->arena, &answer);
    return calendar_take(reading, answer.body, err);
}
