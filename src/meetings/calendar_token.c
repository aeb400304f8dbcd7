/* calendar_token.c - access tokens of calendars (OAuth 2), made of the refresh token when they are
 * over; see calendar_source.h. */
#include "base/clock.h"
#include "meetings/calendar_source.h"
#include "net/url.h"

#define TOKEN_EARLY_MS 60000

static void set_member(CalendarReading *reading, const char *name, json_t *value)
{
    json_object_set_new(reading->credentials, name, value);
    reading->has_new_credentials = true;
}

static bool refresh(CalendarReading *reading, Str usual_url, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    const json_t *own = reading->credentials;
    Str url = json_member_text(own, "token_url");
    Arena *arena = reading->arena;
    HttpAnswer answer;
    Str given = url_encode(arena, json_member_text(own, "refresh_token"));
    Str id = url_encode(arena, json_member_text(own, "client_id"));
    Str secret = url_encode(arena, json_member_text(own, "client_secret"));
    const CalendarAsk ask = {
        .url = url.length ? url : usual_url,
        .media_type = S("application/x-www-form-urlencoded"),
        .body = str_format(arena,
                           "grant_type=refresh_token&refresh_token=" STR_FMT "&client_id=" STR_FMT
                           "&client_secret=" STR_FMT,
                           STR_ARG(given), STR_ARG(id), STR_ARG(secret)),
    };
    if (!calendar_ask(reading, &ask, &answer, err) || !json_parse(answer.body, MB(1), &json, err))
        return fail_in(err, "a new access token");
    Str token = json_member_text(json, "access_token");
    int64_t seconds = (int64_t)json_integer_value(json_object_get(json, "expires_in"));
    if (!token.length)
        return fail(err, ERROR_UPSTREAM, "no access token came for the refresh token");
    Str next = json_member_text(json, "refresh_token"); /* some services give another each time */
    if (next.length)
        set_member(reading, "refresh_token", json_stringn(next.at, next.length));
    set_member(reading, "access_token", json_stringn(token.at, token.length));
    set_member(reading, "expires_at_ms", json_integer(now_ms() + MAX(seconds, 60) * 1000));
    return true;
}

bool calendar_token(CalendarReading *reading, Str usual_url, Str *token_r, Error *err)
{
    const json_t *own = reading->credentials;
    int64_t expires = (int64_t)json_integer_value(json_object_get(own, "expires_at_ms"));
    bool can_refresh = json_member_text(own, "refresh_token").length > 0;
    bool is_over = can_refresh && expires < now_ms() + TOKEN_EARLY_MS;
    if (is_over && !refresh(reading, usual_url, err))
        return false;
    *token_r = str_copy(reading->arena, json_member_text(own, "access_token"));
    return true;
}
