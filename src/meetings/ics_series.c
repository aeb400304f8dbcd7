/* ics_series.c - series of a calendar unrolled in its window; see ics_int.h.
 *
 * An occurrence is named by the time it has in its series, so that it stays the same meeting when
 * it alone is moved (RECURRENCE-ID). */
#include "base/clock.h"
#include "meetings/ics_int.h"
#include "tasks/recurrence.h"

#define DAY_S 86400
#define EDGE_S (2 * DAY_S)        /* zones lie within it */
#define SHIFT_MAX_S (366 * DAY_S) /* a series that is moved further is not looked for */

/* An occurrence that is told apart may be named by its day alone. */
static Str day_key(IcsReading *reading, Str uid, int64_t civil)
{
    return str_format(reading->arena, STR_FMT " day %" PRId64, STR_ARG(uid), civil - civil % DAY_S);
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
        meeting.occurrence = ics_utc(reading->arena, name_ms);
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
        buf_addf(&out, "UNTIL=%.15s", ics_utc(reading->arena, civil * 1000).at);
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

static bool is_told_apart(IcsReading *reading, Str uid, int64_t civil, int64_t time_ms)
{
    return map_find(&reading->overrides, override_key(reading, uid, time_ms)) ||
           map_find(&reading->overrides, day_key(reading, uid, civil));
}

/* The last change of the series that is of this occurrence too. */
static const IcsEvent *change_of(IcsReading *reading, Str uid, int64_t time_ms)
{
    const MapEntry *entry = map_find(&reading->changes, uid);
    const IcsEvent *best = NULL, *change = entry ? entry->pointer : NULL;
    for (; change; change = change->before)
        if (change->from_ms <= time_ms && (!best || change->from_ms > best->from_ms))
            best = change;
    return best;
}

/* By how much a change moves its own occurrence, on the clock that it is written by. */
static bool measure_change(const IcsReading *reading, IcsEvent *change, Error *err)
{
    int64_t from;
    if (!ics_instant(reading, &change->recurrence_id, &change->from_ms, err) ||
        !ics_civil(reading, &change->start, change->from_ms, &from, err))
        return false;
    change->shift_s = change->start.civil - from;
    return true;
}

/* An occurrence as a change has it: moved as its own is, and as long. */
static bool add_changed(IcsReading *reading, const IcsEvent *change, int64_t name_ms, Error *err)
{
    IcsTime moved = change->start;
    int64_t length_s, time_ms, civil;
    if (!length_of(reading, change, &length_s, err) ||
        !ics_civil(reading, &change->start, name_ms, &civil, err))
        return false;
    moved.civil = civil + change->shift_s;
    return ics_instant(reading, &moved, &time_ms, err) &&
           add_meeting(reading, change, time_ms, length_s, name_ms, err);
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
        is_told_apart(reading, event->meeting.uid, civil, time_ms))
        return true;
    const IcsEvent *change = change_of(reading, event->meeting.uid, time_ms);
    return change ? add_changed(reading, change, time_ms, err)
                  : add_meeting(reading, event, time_ms, length_s, time_ms, err);
}

static bool add_also_on(IcsReading *reading, const IcsEvent *event, int64_t length_s, Error *err)
{
    for (size_t i = 0; i < event->also_on.count; i++) {
        int64_t time_ms;
        const IcsTime *also = &event->also_on.at[i];
        if (!ics_instant(reading, also, &time_ms, err))
            return false;
        if (!is_left_out(reading, event, also->civil, time_ms) &&
            !is_told_apart(reading, event->meeting.uid, also->civil, time_ms) &&
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
        int64_t edge_s = EDGE_S + reading->shift_max_s;
        count =
            recurrence_list(rule, event->start.civil, window->from_ms / 1000 - length_s - edge_s,
                            window->until_ms / 1000 + edge_s, times, ICS_OCCURRENCES_MAX);
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

static void note_change(IcsReading *reading, IcsEvent *event)
{
    Error ignored;
    if (!event->start.is_there || !measure_change(reading, event, &ignored) ||
        event->shift_s > SHIFT_MAX_S || event->shift_s < -SHIFT_MAX_S)
        return;
    MapEntry *entry = map_add(&reading->changes, event->meeting.uid, NULL);
    event->before = entry->pointer;
    entry->pointer = event;
    reading->shift_max_s =
        MAX(reading->shift_max_s, event->shift_s < 0 ? -event->shift_s : event->shift_s);
}

/* What stands apart from its series. */
static void note_override(IcsReading *reading, IcsEvent *event)
{
    const IcsTime *id = &event->recurrence_id;
    int64_t time_ms;
    Error ignored;
    if (!id->is_there || event->why.code || !ics_instant(reading, id, &time_ms, &ignored))
        return;
    if (event->is_from_then_on)
        note_change(reading, event);
    map_add(&reading->overrides,
            id->is_date && !event->start.is_date
                ? day_key(reading, event->meeting.uid, id->civil)
                : override_key(reading, event->meeting.uid, time_ms),
            NULL);
}

/* One event may stand there as it was and as it is. */
static void leave_out_old(IcsReading *reading)
{
    Map newest = map_new(reading->arena);
    size_t kept = 0;
    for (size_t i = 0; i < reading->events.count; i++) {
        const IcsEvent *event = &reading->events.at[i];
        Str key = str_format(reading->arena, STR_FMT " %d %" PRId64, STR_ARG(event->meeting.uid),
                             event->recurrence_id.is_there, event->recurrence_id.civil);
        bool can_be_old = event->meeting.uid.length && !event->why.code, is_first = true;
        MapEntry *entry = can_be_old ? map_add(&newest, key, &is_first) : NULL;
        if (!is_first) {
            IcsEvent *other = entry->pointer;
            if (event->sequence >= other->sequence)
                *other = *event;
            continue;
        }
        reading->events.at[kept] = *event;
        if (entry)
            entry->pointer = &reading->events.at[kept];
        kept++;
    }
    reading->events.count = kept;
}

bool ics_unroll(IcsReading *reading, Error *err)
{
    reading->times = arena_new_array(reading->arena, int64_t, ICS_OCCURRENCES_MAX);
    leave_out_old(reading);
    for (size_t i = 0; i < reading->events.count; i++)
        note_override(reading, &reading->events.at[i]);
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
