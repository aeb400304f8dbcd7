/* usage_report.c - see usage_report.h. */
#include "models/usage_report.h"

#include "base/clock.h"
#include "models/models_int.h"
#include "store/read_replica.h"

#define DAY_MS INT64_C(86400000)
#define UNUSUAL_PERCENT 120
#define SAME_WEEKDAYS 4
#define SAME_WEEKDAYS_MIN 3
#define DAYS_BEFORE 14
#define DAYS_BEFORE_MIN 5

#define HOURS_MAX 24
#define KEYS_MAX 20         /* that are looked at, those that cost the most */
#define ADVICE_CALLS_MIN 20 /* fewer calls of either model say nothing */
#define ADVICE_PERCENT 80   /* of the cost, at most: less is not worth a change */

/* --- Unusual days --- */

static int64_t day_number(const CallSumRow *day)
{
    Error impossible;
    int64_t time_ms = 0;
    (void)!time_parse(day->name, &time_ms, &impossible);
    return time_ms / DAY_MS;
}

static int by_size(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int64_t median(int64_t *numbers, size_t count)
{
    qsort(numbers, count, sizeof *numbers, by_size);
    return count % 2 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
}

/* The cost of days `step` apart before day `at`, at most `count_max` of them. */
static size_t days_before(const CallSumRow *days, size_t at, int64_t step, int64_t count_max,
                          int64_t *costs)
{
    int64_t today = day_number(&days[at]);
    size_t count = 0;
    for (size_t i = at; i-- > 0;) {
        int64_t ago = today - day_number(&days[i]);
        if (ago > step * count_max)
            break;
        if (ago % step == 0)
            costs[count++] = days[i].totals.cost_pico;
    }
    return count;
}

static bool usual_cost(const CallSumRow *days, size_t at, int64_t *usual_r)
{
    int64_t costs[DAYS_BEFORE];
    size_t count = days_before(days, at, 7, SAME_WEEKDAYS, costs);
    if (count < SAME_WEEKDAYS_MIN) {
        count = days_before(days, at, 1, DAYS_BEFORE, costs);
        if (count < DAYS_BEFORE_MIN)
            return false;
    }
    *usual_r = median(costs, count);
    return true;
}

void usage_unusual_days(Arena *arena, const CallSumRow *days, size_t count, UnusualDay **unusual_r,
                        size_t *count_r)
{
    VEC(UnusualDay) unusual = { 0 };
    for (size_t i = 0; i < count; i++) {
        int64_t cost = days[i].totals.cost_pico, usual;
        if (usual_cost(days, i, &usual) && cost / UNUSUAL_PERCENT > usual / 100)
            *vec_push(arena, &unusual) = (UnusualDay){ days[i].name, cost, usual };
    }
    *unusual_r = unusual.at;
    *count_r = unusual.count;
}

/* --- Cheaper models --- */

typedef struct KeySums {
    Str key;
    CallSumList models;
} KeySums;

typedef struct ReportWork {
    const Scope *scope;
    Arena *arena;
    CallFilter filter;
    UsageReport *report;
    CallSumList models; /* of all keys together */
    KeySums *keys;
    size_t key_count;
} ReportWork;

typedef struct TargetList {
    VEC(const GatewayTarget *) targets;
} TargetList;

static void add_target(Arena *arena, TargetList *list, const GatewayTarget *target)
{
    for (size_t i = 0; i < list->targets.count; i++)
        if (list->targets.at[i] == target)
            return;
    if (target->model.length)
        *vec_push(arena, &list->targets) = target;
}

static TargetList targets_of(Arena *arena, const GatewayConfig *config)
{
    TargetList list = { 0 };
    for (size_t i = 0; i < config->route_count; i++)
        for (size_t j = 0; j < config->routes[i].step_count; j++)
            add_target(arena, &list, config->routes[i].steps[j].target);
    return list;
}

static const CallSumRow *sum_named(const CallSumList *list, Str name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->at[i].name, name))
            return &list->at[i];
    return NULL;
}

static int64_t cost_at(const GatewayTarget *target, const CallTotals *totals)
{
    ModelUsage usage = { .is_known = true,
                         .input = totals->input_tokens - totals->cached_tokens,
                         .cache_read = totals->cached_tokens,
                         .output = totals->output_tokens,
                         .cost = -1 };
    return price_of(&target->price, &usage);
}

/* It can do all that the other can, and as far as calls have shown it does so as reliably and not
 * much slower. What it was never asked is not held against it. */
static bool is_as_good(const GatewayTarget *target, const CallSumRow *its, const GatewayTarget *old,
                       const CallSumRow *olds)
{
    if ((target->tasks & old->tasks) != old->tasks ||
        (target->abilities & old->abilities) != old->abilities ||
        (target->context && target->context < old->context))
        return false;
    if (!its || its->totals.calls < ADVICE_CALLS_MIN)
        return true;
    int64_t its_us = its->totals.took_us / its->totals.calls;
    int64_t olds_us = olds->totals.took_us / olds->totals.calls;
    int64_t its_errors = its->errors * 1000 / its->totals.calls;
    int64_t olds_errors = olds->errors * 1000 / olds->totals.calls;
    return its_errors <= olds_errors + 10 && its_us <= olds_us * 3 / 2;
}

static const GatewayTarget *target_named(const TargetList *list, Str model)
{
    for (size_t i = 0; i < list->targets.count; i++)
        if (str_equal(list->targets.at[i]->model, model))
            return list->targets.at[i];
    return NULL;
}

static void set_other(UsageAdvice *advice, const GatewayTarget *target, const CallSumRow *its,
                      int64_t cost_pico)
{
    advice->other_model = target->model;
    advice->other_service = target->service->name;
    advice->other_cost_pico = cost_pico;
    advice->other_calls = its ? its->totals.calls : 0;
    advice->other_errors = its ? its->errors : 0;
    advice->other_average_us =
        its && its->totals.calls ? its->totals.took_us / its->totals.calls : 0;
}

/* The cheapest model that is as good; false when none is worth a change. */
static bool advise(const ReportWork *work, const TargetList *list, const CallSumRow *used,
                   UsageAdvice *advice_r)
{
    const GatewayTarget *old = target_named(list, used->name);
    int64_t best = used->totals.cost_pico / 100 * ADVICE_PERCENT;
    bool found = false;
    if (!old || used->totals.calls < ADVICE_CALLS_MIN || used->totals.unpriced)
        return false;
    *advice_r = (UsageAdvice){ .model = used->name,
                               .service = old->service->name,
                               .calls = used->totals.calls,
                               .cost_pico = used->totals.cost_pico,
                               .errors = used->errors,
                               .average_us = used->totals.took_us / used->totals.calls };
    for (size_t i = 0; i < list->targets.count; i++) {
        const GatewayTarget *target = list->targets.at[i];
        const CallSumRow *its = sum_named(&work->models, target->model);
        int64_t cost = cost_at(target, &used->totals);
        if (target == old || cost < 0 || cost >= best || !is_as_good(target, its, old, used))
            continue;
        best = cost;
        found = true;
        set_other(advice_r, target, its, cost);
    }
    return found;
}

static void advise_all(ReportWork *work, const GatewayConfig *config)
{
    TargetList list = targets_of(work->arena, config);
    VEC(UsageAdvice) all = { 0 };
    for (size_t i = 0; i < work->key_count; i++)
        for (size_t j = 0; j < work->keys[i].models.count; j++) {
            UsageAdvice advice;
            if (!advise(work, &list, &work->keys[i].models.at[j], &advice))
                continue;
            advice.key = work->keys[i].key;
            UsageAdvice *kept = vec_push(work->arena, &all);
            *kept = advice;
            /* The picture may go; the report stays. */
            kept->service = str_copy(work->arena, advice.service);
            kept->other_model = str_copy(work->arena, advice.other_model);
            kept->other_service = str_copy(work->arena, advice.other_service);
        }
    work->report->advice = all.at;
    work->report->advice_count = all.count;
}

/* --- The report --- */

static int by_calls(const void *left, const void *right)
{
    int64_t a = ((const CallSumRow *)left)->totals.calls;
    int64_t b = ((const CallSumRow *)right)->totals.calls;
    return (a < b) - (a > b);
}

static int by_cost(const void *left, const void *right)
{
    int64_t a = ((const CallSumRow *)left)->totals.cost_pico;
    int64_t b = ((const CallSumRow *)right)->totals.cost_pico;
    return (a < b) - (a > b);
}

static void sort(CallSumList *list, int (*compare)(const void *, const void *), size_t count_max)
{
    if (list->count)
        qsort(list->at, list->count, sizeof *list->at, compare);
    list->count = MIN(list->count, count_max);
}

static bool read_keys(DbTx *tx, ReportWork *work, Error *err)
{
    CallSumList keys;
    if (!calls_sum(tx, work->scope, work->arena, CALL_GROUP_KEY, &work->filter, &keys, err))
        return false;
    sort(&keys, by_cost, KEYS_MAX);
    work->keys = arena_new_array(work->arena, KeySums, keys.count);
    work->key_count = 0;
    for (size_t i = 0; i < keys.count; i++) {
        CallFilter filter = work->filter;
        filter.key = keys.at[i].name;
        if (!filter.key.length)
            continue; /* people on the page choose for themselves */
        KeySums *sums = &work->keys[work->key_count++];
        sums->key = filter.key;
        if (!calls_sum(tx, work->scope, work->arena, CALL_GROUP_MODEL, &filter, &sums->models, err))
            return false;
    }
    return true;
}

static bool read_sums(DbTx *tx, void *argument, Error *err)
{
    ReportWork *work = argument;
    const CallFilter *filter = &work->filter;
    UsageReport *report = work->report;
    *report = (UsageReport){ 0 };
    /* Enough days before the first one to judge it by. */
    CallFilter earlier = { .from_ms = filter->from_ms - 7 * SAME_WEEKDAYS * DAY_MS,
                           .to_ms = filter->to_ms };
    earlier.from_ms = MAX(earlier.from_ms - earlier.from_ms % DAY_MS, (int64_t)0);
    return calls_sum(tx, work->scope, work->arena, CALL_GROUP_TASK, filter, &report->tasks, err) &&
           calls_sum(tx, work->scope, work->arena, CALL_GROUP_CLOCK, filter, &report->clock, err) &&
           calls_sum(tx, work->scope, work->arena, CALL_GROUP_HOUR, filter, &report->hours, err) &&
           calls_sum(tx, work->scope, work->arena, CALL_GROUP_DAY, &earlier, &report->days, err) &&
           calls_sum(tx, work->scope, work->arena, CALL_GROUP_MODEL, filter, &work->models, err) &&
           read_keys(tx, work, err);
}

/* Days before the time asked for have served their purpose. */
static void drop_earlier_days(UsageReport *report, Str first_day)
{
    CallSumList *days = &report->days;
    while (days->count && str_compare(days->at->name, first_day) < 0) {
        days->at++;
        days->count--;
    }
    while (report->unusual_count && str_compare(report->unusual->day, first_day) < 0) {
        report->unusual++;
        report->unusual_count--;
    }
}

bool usage_report(Models *models, const Scope *scope, Arena *arena, int64_t from_ms, int64_t to_ms,
                  UsageReport *report_r, Error *err)
{
    ReportWork work = { .scope = scope,
                        .arena = arena,
                        .filter = { .from_ms = from_ms, .to_ms = to_ms },
                        .report = report_r };
    const GatewayConfig *config;
    Error none;
    char first_day[TIME_TEXT_SIZE];
    if (!store_read_replica(models->options.db, scope, read_sums, &work, err))
        return false;
    for (size_t i = 0; i < report_r->tasks.count; i++) {
        call_totals_add(&report_r->totals, &report_r->tasks.at[i].totals);
        report_r->errors += report_r->tasks.at[i].errors;
    }
    sort(&report_r->hours, by_calls, HOURS_MAX);
    usage_unusual_days(arena, report_r->days.at, report_r->days.count, &report_r->unusual,
                       &report_r->unusual_count);
    drop_earlier_days(report_r, str_slice(time_format(from_ms, first_day), 0, 10));
    if (models_config(models, scope, &config, &none)) {
        advise_all(&work, config);
        config_release(config);
    }
    return true;
}
