/* dates_api.c - what a text says of dates, as other programs ask for it. */
#include "api/preferences.h"
#include "base/clock.h"
#include "text/date_json.h"

typedef struct DateAsked {
    Str text, reference, zone, language, prefer, order;
} DateAsked;

static bool read_reference(const DateAsked *asked, DateReference *reference_r, Error *err)
{
    DateReference reference = { .language = asked->language.length ? asked->language : S("en"),
                                .prefers_past = str_is(asked->prefer, "past"),
                                .is_day_first = str_is(asked->order, "dmy") };
    if (!asked->text.length)
        return fail_field(err, "text", "text is missing: the words to find dates in");
    if (asked->prefer.length && !str_is(asked->prefer, "past") && !str_is(asked->prefer, "future"))
        return fail_field(err, "prefer", "prefer is past or future");
    if (asked->order.length && !str_is(asked->order, "mdy") && !str_is(asked->order, "dmy"))
        return fail_field(err, "order", "order is mdy (3/4 is in March) or dmy (it is in April)");
    bool good = asked->reference.length ? date_read_civil(asked->reference, &reference.now, err)
                                        : date_local(now_ms(), asked->zone, &reference.now, err);
    if (good)
        *reference_r = reference;
    return good;
}

static bool answer(ApiRequest *request, HttpResponse *response, DateAsked *asked, Error *err)
{
    DateReference reference;
    DateFound *found;
    if (!api_zone(request, &asked->zone, err) || !read_reference(asked, &reference, err))
        return false;
    size_t count = date_find(request->arena, asked->text, &reference, &found);
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < count; i++)
        if (!date_put(&json, asked->text, &found[i], asked->zone, err))
            return false;
    api_list_end(&json, (int64_t)count, STR_NONE);
    return true;
}

bool dates_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    const HttpRequest *http = request->http;
    DateAsked asked = { .text = http_query(http, "text"),
                        .reference = http_query(http, "reference"),
                        .zone = http_query(http, "zone"),
                        .language = http_query(http, "language"),
                        .prefer = http_query(http, "prefer"),
                        .order = http_query(http, "order") };
    return answer(request, response, &asked, err);
}

bool dates_find(ApiRequest *request, HttpResponse *response, Error *err)
{
    DateAsked asked = { 0 };
    return api_fields(request, err,
                      { "text", JSON_STR, &asked.text, .required = true, .length_max = MB(1) },
                      { "reference", JSON_STR, &asked.reference },
                      { "zone", JSON_STR, &asked.zone }, { "language", JSON_STR, &asked.language },
                      { "prefer", JSON_STR, &asked.prefer }, { "order", JSON_STR, &asked.order }) &&
           answer(request, response, &asked, err);
}
