/* date_json.c - found dates as JSON. */
#include "text/date_json.h"

static const char *const kinds[] = { "point", "range", "duration", "recurrence" };
static const char *const grains[] = { "second", "minute",  "hour", "day",    "week",
                                      "month",  "quarter", "year", "decade", "century" };

/* A zone in the text wins over the reader's. */
static bool put_instant(JsonWriter *json, const char *name, const DateMoment *moment,
                        const DateFound *found, Str zone, Error *err)
{
    int64_t time_ms = 0;
    if (!moment->has_day || (!zone.length && !found->has_zone))
        return true;
    if (found->has_zone)
        time_ms = (moment->seconds - found->zone_seconds) * 1000;
    else if (!date_instant(moment->seconds, zone, &time_ms, err))
        return false;
    put_time(json, name, time_ms);
    return true;
}

bool date_put(JsonWriter *json, Str text, const DateFound *found, Str zone, Error *err)
{
    put_object(json, NULL);
    put_text(json, "kind", str(kinds[found->kind]));
    put_text(json, "value", found->iso);
    put_text(json, "text", str_slice(text, found->start, found->end));
    put_int(json, "start", (int64_t)found->start);
    put_int(json, "end", (int64_t)found->end);
    if (found->kind == DATE_POINT || found->kind == DATE_RANGE)
        put_text(json, "grain", str(grains[found->grain]));
    put_bool(json, "deadline", found->is_deadline);
    char confidence[16];
    int length = snprintf(confidence, sizeof(confidence), "%.2f", found->confidence);
    put_raw(json, "confidence", (Str){ confidence, (size_t)length });
    put_bool(json, "ambiguous", found->is_ambiguous);
    if (found->is_ambiguous)
        put_text(json, "other", found->other_iso);
    if (!put_instant(json, "from", &found->value.start, found, zone, err) ||
        !put_instant(json, "until", &found->value.end, found, zone, err))
        return false;
    put_end(json);
    return true;
}
