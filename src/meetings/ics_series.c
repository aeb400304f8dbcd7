/* ics_series.c - series of a calendar unrolled in its window; see ics_int.h.
 *
 * An occurrence is named by the time it has in its series, so that it stays the same meeting when
 * it alone is moved (RECURRENCE-ID). */
#include "base/clock.h"
#include "meetings/ics_int.h"
#include "tasks/recurrence.h"

#define DAY_S 86400
#define EDGE_S (2 * DAY_S) /* zones lie within it */

/* "20270301T110000Z" */
static Str occurrence_name(Arena *arena, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    Str iso = time_format(time_ms, text);
    return str_format(arena, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", iso.at, iso.at + 5, iso.at + 8,
                      iso.at + 11, iso.at + 14, iso.at + 17);
}

static Str override_key(IcsReading *reading, Str uid, int64_t time_ms)
{
    return str_format(reading->arena, STR_FMT " %" PRId64, STR_ARG(uid), time_ms);
}

static void pass_over(IcsReading *reading, const IcsEvent *event, const Error *why)
{
    if (!reading->passed_over++)
        reading->why = str_format(reading->arena, "'" STR_FMT "': %s",
                                  STR_ARG(str_slice(event->meeting.title, 0, 80)), why->message);
}

/* How long it takes, in seconds of the clock on the wall. */
static bool length_of(const IcsReading *reading, const IcsEvent *event, int64_t *length_r,
                      Error *err)
{
    int64_t start, end;
    if (!event->end.is_there) {
        *length_r = event->duration_s >= 0 ? event->duration_s : event->start.is_date ? DAY_S : 0;
        return true;
    }
    if (event->end.is_date != event->start.is_date || event->end.is_date) {
        *length_r = MAX(event->end.civil - event->start.civil, 0);
        return true;
    }
    if (!ics_instant(reading, &event->start, &start, err) ||
        !ics_instant(reading, &event->end, &end, err))
        return false;
    *length_r = MAX((end - start) / 1000, 0);
    return true;
}

/* One time of the event, if it lies in the window. `name_ms`: of the occurrence; -1: it comes once.
 */
static bool add_meeting(IcsReading *reading, const IcsEvent *event, int64_t start_ms,
                        int64_t length_s, int64_t name_ms, Error *err)
{
    const IcsWindow *window = reading->window;
    Meeting meeting = event->meeting;
    meeting.starts_at_ms = start_ms;
    meeting.ends_at_ms = start_ms + length_s * 1000;
    if (MAX(meeting.ends_at_ms, start_ms + 1) <= window->from_ms || start_ms >= window->until_ms)
        return true;
    if (reading->meetings.count >= ICS_MEETINGS_MAX)
        return fail(err, ERROR_TOO_LARGE, "the calendar has more than %d meetings in this time",
                    ICS_MEETINGS_MAX);
    if (name_ms >= 0)
        meeting.occurrence = occurrence_name(reading->arena, name_ms);
    *vec_push(reading->arena, &reading->meetings) = meeting;
    return true;
}

/* "UNTIL=20270301T110000Z" is an instant; the rule counts by the clock of its beginning. */
static bool local_rule(IcsReading *reading, const IcsEvent *event, Str *rule_r, Error *err)
{
    Buf out = buf_new(reading->arena, RECURRENCE_MAX + 40);
    Str rest = event->rule, part;
    while (str_next(&rest, ';', &part)) {
        const ContentLine line = { .name = S("UNTIL") };
        IcsTime until;
        int64_t civil;
        bool is_instant = str_starts(part, S("UNTIL=")) && str_ends_ignore_case(part, S("Z"));
        if (out.length)
            buf_add_char(&out, ';');
        if (!is_instant) {
            buf_add(&out, part);
            continue;
        }
        if (!ics_time(reading->arena, &line, str_from(part, 6), &until, err) ||
            !ics_civil(reading, &event->start, until.civil * 1000, &civil, err))
            return false;
        buf_addf(&out, "UNTIL=%.15s", occurrence_name(reading->arena, civil * 1000).at);
    }
    *rule_r = buf_str(&out);
    return recurrence_check(*rule_r, err);
}

/* Days that are left out are named by the day or by the second. */
static bool is_left_out(const IcsReading *reading, const IcsEvent *event, int64_t civil,
                        int64_t time_ms)
{
    for (size_t i = 0; i < event->not_on.count; i++) {
        const IcsTime *out = &event->not_on.at[i];
        int64_t out_ms;
        Error ignored;
        if (out->is_date ? out->civil == civil - civil % DAY_S
                         : ics_instant(reading, out, &out_ms, &ignored) && out_ms == time_ms)
            return true;
    }
    return false;
}

static bool add_occurrence(IcsReading *reading, const IcsEvent *event, int64_t civil,
                           int64_t length_s, Error *err)
{
    IcsTime start = event->start;
    int64_t time_ms;
    start.civil = civil;
    if (!ics_instant(reading, &start, &time_ms, err))
        return false;
    if (is_left_out(reading, event, civil, time_ms) ||
        map_find(&reading->overrides, override_key(reading, event->meeting.uid, time_ms)))
        return true;
    return add_meeting(reading, event, time_ms, length_s, time_ms, err);
}

static bool add_also_on(IcsReading *reading, const IcsEvent *event, int64_t length_s, Error *err)
{
    for (size_t i = 0; i < event->also_on.count; i++) {
        int64_t time_ms;
        const IcsTime *also = &event->also_on.at[i];
        if (!ics_instant(reading, also, &time_ms, err))
            return false;
        if (!is_left_out(reading, event, also->civil, time_ms) &&
            !map_find(&reading->overrides, override_key(reading, event->meeting.uid, time_ms)) &&
            !add_meeting(reading, event, time_ms, length_s, time_ms, err))
            return false;
    }
    return true;
}

static bool unroll_series(IcsReading *reading, const IcsEvent *event, int64_t length_s, Error *err)
{
    const IcsWindow *window = reading->window;
    int64_t *times = reading->times;
    size_t count = 1;
    Str rule;
    times[0] = event->start.civil;
    if (event->rule.length) {
        if (!local_rule(reading, event, &rule, err))
            return false;
        count =
            recurrence_list(rule, event->start.civil, window->from_ms / 1000 - length_s - EDGE_S,
                            window->until_ms / 1000 + EDGE_S, times, ICS_OCCURRENCES_MAX);
    }
    for (size_t i = 0; i < count; i++)
        if (!add_occurrence(reading, event, times[i], length_s, err))
            return false;
    return add_also_on(reading, event, length_s, err);
}

static bool unroll(IcsReading *reading, const IcsEvent *event, Error *err)
{
    int64_t length_s, start_ms, name_ms = -1;
    if (event->why.code)
        return fail(err, event->why.code, "%s", event->why.message);
    if (!event->meeting.uid.length || !event->start.is_there)
        return fail(err, ERROR_INVALID, "it has no UID or no DTSTART");
    if (!length_of(reading, event, &length_s, err))
        return false;
    if (!event->recurrence_id.is_there && (event->rule.length || event->also_on.count))
        return unroll_series(reading, event, length_s, err);
    if (!ics_instant(reading, &event->start, &start_ms, err) ||
        (event->recurrence_id.is_there &&
         !ics_instant(reading, &event->recurrence_id, &name_ms, err)))
        return false;
    return add_meeting(reading, event, start_ms, length_s, name_ms, err);
}

bool ics_unroll(IcsReading *reading, Error *err)
{
    reading->times = arena_new_array(reading->arena, int64_t, ICS_OCCURRENCES_MAX);
    for (size_t i = 0; i < reading->events.count; i++) {
        const IcsEvent *event = &reading->events.at[i];
        int64_t time_ms;
        Error ignored;
        if (event->recurrence_id.is_there && !event->why.code &&
            ics_instant(reading, &event->recurrence_id, &time_ms, &ignored))
            map_add(&reading->overrides, override_key(reading, event->meeting.uid, time_ms), NULL);
    }
    for (size_t i = 0; i < reading->events.count; i++) {
        const IcsEvent *event = &reading->events.at[i];
        Error why = { 0 };
        if (unroll(reading, event, &why))
            continue;
        if (why.code == ERROR_TOO_LARGE)
            return fail(err, why.code, "%s", why.message);
        pass_over(reading, event, &why);
    }
    return true;
}
