/* call_sums.c - see call_sums.h. */
#include "store/call_sums.h"

#include "base/clock.h"
#include "base/map.h"

#define MINUTE_MS INT64_C(60000)

int64_t call_span_ms(CallSpan span)
{
    static const int64_t spans[] = {
        [SPAN_MINUTE] = MINUTE_MS, [SPAN_HOUR] = 60 * MINUTE_MS, [SPAN_DAY] = 24 * 60 * MINUTE_MS
    };
    return spans[span];
}

/* --- Groups --- */

typedef struct Groups {
    Arena *arena;
    Map by_key;
    VEC(CallSum) sums;
} Groups;

static Groups groups_new(Arena *arena)
{
    return (Groups){ .arena = arena, .by_key = map_new(arena) };
}

static int64_t floor_to(int64_t time_ms, CallSpan span)
{
    return time_ms - time_ms % call_span_ms(span);
}

/* The sum of this span and these names; valid until the next one. */
static CallSum *group(Groups *groups, CallSpan span, int64_t at_ms, const Str names[CALL_NAMES])
{
    Buf key = buf_new(groups->arena, KB(16));
    bool is_new;
    buf_add_bytes(&key, &span, sizeof span);
    buf_add_bytes(&key, &at_ms, sizeof at_ms);
    for (size_t i = 0; i < CALL_NAMES; i++) {
        buf_add_bytes(&key, &names[i].length, sizeof names[i].length);
        buf_add(&key, names[i]);
    }
    MapEntry *entry = map_add(&groups->by_key, buf_str(&key), &is_new);
    if (is_new) {
        CallSum *sum = vec_push(groups->arena, &groups->sums);
        *sum = (CallSum){ .span = span, .at_ms = at_ms };
        memcpy(sum->names, names, sizeof sum->names);
        entry->number = (int64_t)groups->sums.count - 1;
    }
    return &groups->sums.at[entry->number];
}

void call_totals_add(CallTotals *to, const CallTotals *from)
{
#define CALL_SUM(name, what) to->name += from->name;
#include "store/call_sums.def"
#undef CALL_SUM
}

/* --- Times --- */

typedef struct TimeRange {
    size_t offset; /* of its count */
    int64_t up_to_us;
} TimeRange;

static const TimeRange ranges[] = {
#define CALL_TIME(name, up_to_us, what) { offsetof(CallTotals, name), up_to_us },
#include "store/call_times.def"
#undef CALL_TIME
};

static int64_t *count_at(CallTotals *totals, size_t range)
{
    return (int64_t *)((char *)totals + ranges[range].offset);
}

static void count_time(CallTotals *totals, int64_t took_us)
{
    size_t range = 0;
    while (took_us > ranges[range].up_to_us)
        range++;
    ++*count_at(totals, range);
}

int64_t call_quantile_us(const CallTotals *totals, double share)
{
    CallTotals counts = *totals;
    int64_t all = 0, from_us = 0;
    for (size_t i = 0; i < COUNT(ranges); i++)
        all += *count_at(&counts, i);
    double wanted = share * (double)all;
    for (size_t i = 0; i < COUNT(ranges) && wanted > 0; i++) {
        double count = (double)*count_at(&counts, i);
        bool is_last = i + 1 == COUNT(ranges); /* nobody knows how far it goes */
        if (wanted <= count)
            return is_last ? from_us
                           : from_us +
                                 (int64_t)((double)(ranges[i].up_to_us - from_us) * wanted / count);
        wanted -= count;
        from_us = is_last ? from_us : ranges[i].up_to_us;
    }
    return from_us;
}

/* --- Counting --- */

static void count_row(CallTotals *totals, const CallRow *row)
{
    bool is_hit = row->cache.length && !str_is(row->cache, "miss");
    bool is_local = row->flags & CALL_IS_LOCAL, has_begun = row->flags & CALL_IS_STREAM;
    int64_t saved = MAX(row->saved_pico, (int64_t)0);
    totals->calls++;
    totals->input_tokens += row->input_tokens;
    totals->output_tokens += row->output_tokens;
    totals->cached_tokens += row->cached_tokens;
    totals->cost_pico += MAX(row->cost_pico, (int64_t)0);
    totals->unpriced += row->cost_pico < 0;
    totals->estimated += (row->flags & CALL_IS_ESTIMATED) != 0;
    *(is_hit     ? &totals->saved_by_cache
      : is_local ? &totals->saved_by_local
                 : &totals->saved_by_route) += saved;
    totals->cache_hits += is_hit;
    totals->local_calls += is_local;
    totals->retries += MAX(row->tries - 1 - row->fallbacks, (int64_t)0);
    totals->fallbacks += row->fallbacks;
    totals->truncated += (row->flags & CALL_IS_TRUNCATED) != 0;
    if (has_begun && row->first_us > 0) {
        totals->streams++;
        totals->first_us += row->first_us;
    }
    totals->took_us += row->total_us;
    count_time(totals, row->total_us);
    totals->own_us += row->own_us;
    totals->bytes_in += row->bytes_in;
    totals->bytes_out += row->bytes_out;
}

static void names_of(const CallRow *row, Str names[CALL_NAMES])
{
    names[CALL_BY_MODEL] = row->model;
    names[CALL_BY_SERVICE] = row->service;
    names[CALL_BY_KEY] = row->key;
    names[CALL_BY_USER] = row->user;
    names[CALL_BY_FEATURE] = row->feature;
    names[CALL_BY_TASK] = row->task;
    names[CALL_BY_STATUS] = row->status;
}

static bool is_same_group(const CallSum *sum, int64_t at_ms, const Str names[CALL_NAMES])
{
    if (sum->at_ms != at_ms)
        return false;
    for (size_t i = 0; i < CALL_NAMES; i++)
        if (sum->names[i].length != names[i].length ||
            (sum->names[i].at != names[i].at && !str_equal(sum->names[i], names[i])))
            return false;
    return true;
}

static int compare(const void *left, const void *right)
{
    const CallSum *a = left, *b = right;
    int order = (a->span > b->span) - (a->span < b->span);
    if (!order)
        order = (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
    for (size_t i = 0; !order && i < CALL_NAMES; i++)
        order = str_compare(a->names[i], b->names[i]);
    return order;
}

/* By minute and everything first: of a busy second's calls few are left, and those are added to
 * each span. */
struct CallSums {
    Groups finest;
};

CallSums *call_sums_new(Arena *arena)
{
    CallSums *sums = arena_new_one(arena, CallSums);
    sums->finest = groups_new(arena);
    return sums;
}

void call_sums_add(CallSums *sums, const CallRow *rows, size_t count)
{
    CallSum *sum = NULL; /* calls that follow each other are mostly of one kind */
    for (size_t i = 0; i < count; i++) {
        Str names[CALL_NAMES];
        int64_t at_ms = floor_to(rows[i].started_at_ms, SPAN_MINUTE);
        names_of(&rows[i], names);
        if (!sum || !is_same_group(sum, at_ms, names))
            sum = group(&sums->finest, SPAN_MINUTE, at_ms, names);
        count_row(&sum->totals, &rows[i]);
        give_way_each(i);
    }
}

void call_sums_list(const CallSums *sums, Arena *arena, CallSum **list_r, size_t *count_r)
{
    Groups groups = groups_new(arena);
    for (size_t i = 0; i < sums->finest.sums.count; i++) {
        CallSum from = sums->finest.sums.at[i];
        for (CallSpan span = SPAN_HOUR; span < SPAN_COUNT; span++)
            call_totals_add(&group(&groups, span, floor_to(from.at_ms, span), from.names)->totals,
                            &from.totals);
        from.names[CALL_BY_KEY] = from.names[CALL_BY_USER] = S("");
        call_totals_add(&group(&groups, SPAN_MINUTE, from.at_ms, from.names)->totals, &from.totals);
    }
    if (groups.sums.count)
        qsort(groups.sums.at, groups.sums.count, sizeof(CallSum), compare);
    *list_r = groups.sums.at;
    *count_r = groups.sums.count;
}
