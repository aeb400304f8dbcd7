/* metrics.c - see metrics.h.
 *
 * A scrape writes up to 10,000 lines while the journal's thread waits, so lines are put together
 * from texts made once and digits, without printf. */
#include "gateway/metrics.h"

#include <pthread.h>

#include "base/map.h"

#define PREFIX "lectern_gateway_"
#define BUCKETS 12    /* and one above */
#define FIXED_MAX 250 /* series that are not of a model */
#define OTHER S("other")

/* Of each model: its numbers, and its times in BUCKETS + 1, a sum and a count. */
#define MODELS_MAX 140
#define OUTCOMES_MAX 1500

typedef enum Number {
#define METRIC_NUMBER(name, unit, words, help) NUMBER_##name,
#define METRIC_TIME(name, bounds, words, help)
#include "gateway/metrics.def"
#undef METRIC_NUMBER
#undef METRIC_TIME
    NUMBER_COUNT
} Number;

typedef enum Time {
#define METRIC_NUMBER(name, unit, words, help)
#define METRIC_TIME(name, bounds, words, help) TIME_##name,
#include "gateway/metrics.def"
#undef METRIC_NUMBER
#undef METRIC_TIME
    TIME_COUNT
} Time;

_Static_assert(MODELS_MAX *(NUMBER_COUNT + TIME_COUNT * (BUCKETS + 3)) + OUTCOMES_MAX + FIXED_MAX <=
                   METRIC_SERIES_MAX,
               "there may be more series than are allowed");

typedef struct Histogram {
    int64_t counts[BUCKETS + 1]; /* each of its own bucket; summed up when they are written */
    int64_t sum_us, count;
} Histogram;

typedef struct ModelFigures {
    Str labels; /* service="openai",model="gpt" */
    int64_t numbers[NUMBER_COUNT];
    Histogram times[TIME_COUNT];
} ModelFigures;

typedef struct Outcome {
    Str labels;
    int64_t count;
} Outcome;

struct Metrics {
    pthread_mutex_t lock;
    Arena *arena;
    Map models, outcomes;
    ModelFigures *all_models;
    size_t model_count;
    Outcome *all_outcomes;
    size_t outcome_count;
    Histogram own;
};

/* Upper bounds in microseconds, and in seconds as they are written. */
typedef struct Bound {
    int64_t us;
    const char *seconds;
} Bound;
static const Bound bounds_own[BUCKETS] = {
    { 10, "0.00001" }, { 20, "0.00002" }, { 30, "0.00003" }, { 50, "0.00005" },
    { 100, "0.0001" }, { 200, "0.0002" }, { 500, "0.0005" }, { 1000, "0.001" },
    { 2000, "0.002" }, { 5000, "0.005" }, { 20000, "0.02" }, { 100000, "0.1" },
};
static const Bound bounds_call[BUCKETS] = {
    { 50000, "0.05" },  { 100000, "0.1" },  { 250000, "0.25" },   { 500000, "0.5" },
    { 1000000, "1" },   { 2000000, "2" },   { 5000000, "5" },     { 10000000, "10" },
    { 20000000, "20" }, { 60000000, "60" }, { 180000000, "180" }, { 600000000, "600" },
};
static const Bound bounds_token[BUCKETS] = {
    { 1000, "0.001" },  { 2000, "0.002" },  { 5000, "0.005" }, { 10000, "0.01" },
    { 20000, "0.02" },  { 35000, "0.035" }, { 50000, "0.05" }, { 100000, "0.1" },
    { 250000, "0.25" }, { 500000, "0.5" },  { 1000000, "1" },  { 5000000, "5" },
};

static const struct {
    const char *name, *help;
    const Bound *bounds;
} times[] = {
#define METRIC_NUMBER(name, unit, words, help)
#define METRIC_TIME(name, bounds, words, help) { PREFIX words, help, bounds },
#include "gateway/metrics.def"
#undef METRIC_NUMBER
#undef METRIC_TIME
};

/* Digits after the point of what a number is counted in. */
enum { UNIT_ONE = 0, UNIT_DOLLARS = 12, UNIT_SECONDS = 6 };

static const struct {
    const char *name, *help;
    int digits;
} numbers[] = {
#define METRIC_NUMBER(name, unit, words, help) { PREFIX words, help, unit },
#define METRIC_TIME(name, bounds, words, help)
#include "gateway/metrics.def"
#undef METRIC_NUMBER
#undef METRIC_TIME
};

Metrics *metrics_new(void)
{
    Metrics *metrics = heap_alloc(sizeof *metrics);
    metrics->arena = arena_new(MB(16));
    metrics->models = map_new(metrics->arena);
    metrics->outcomes = map_new(metrics->arena);
    metrics->all_models = arena_new_array(metrics->arena, ModelFigures, MODELS_MAX);
    metrics->all_outcomes = arena_new_array(metrics->arena, Outcome, OUTCOMES_MAX);
    pthread_mutex_init(&metrics->lock, NULL);
    return metrics;
}

void metrics_free(Metrics *metrics)
{
    if (!metrics)
        return;
    pthread_mutex_destroy(&metrics->lock);
    arena_free(metrics->arena);
    free(metrics);
}

/* --- Counting --- */

/* As the text format writes values of labels. */
void metric_label(Buf *out, const char *name, Str value)
{
    if (out->length)
        buf_add_char(out, ',');
    buf_addf(out, "%s=\"", name);
    for (size_t i = 0; i < value.length; i++) {
        char c = value.at[i];
        if (c == '\\' || c == '"' || c == '\n')
            buf_add_char(out, '\\');
        buf_add_char(out, c == '\n' ? 'n' : c);
    }
    buf_add_char(out, '"');
}

static Buf label_buf(Metrics *metrics) { return buf_new(metrics->arena, KB(2)); }

static ModelFigures *figures_of(Metrics *metrics, const CallRecord *record)
{
    char key[512];
    int length = snprintf(key, sizeof key, STR_FMT "\n" STR_FMT, STR_ARG(record->service),
                          STR_ARG(record->model));
    MapEntry *entry = map_find(&metrics->models, (Str){ key, (size_t)length });
    if (entry)
        return entry->pointer;
    bool is_full = metrics->model_count >= MODELS_MAX - 1;
    if (is_full && metrics->model_count == MODELS_MAX)
        return &metrics->all_models[MODELS_MAX - 1];
    ModelFigures *figures = &metrics->all_models[metrics->model_count++];
    Buf labels = label_buf(metrics);
    metric_label(&labels, "service", is_full ? OTHER : record->service);
    metric_label(&labels, "model", is_full ? OTHER : record->model);
    figures->labels = buf_str(&labels);
    if (!is_full)
        map_add(&metrics->models, str_copy(metrics->arena, (Str){ key, (size_t)length }), NULL)
            ->pointer = figures;
    return figures;
}

static Outcome *outcome_of(Metrics *metrics, const CallRecord *record)
{
    char key[1024];
    int length =
        snprintf(key, sizeof key, STR_FMT "\n" STR_FMT "\n%d\n" STR_FMT, STR_ARG(record->service),
                 STR_ARG(record->model), (int)record->task, STR_ARG(record->status));
    MapEntry *entry = map_find(&metrics->outcomes, (Str){ key, (size_t)length });
    if (entry)
        return entry->pointer;
    bool is_full = metrics->outcome_count >= OUTCOMES_MAX - 1;
    if (is_full && metrics->outcome_count == OUTCOMES_MAX)
        return &metrics->all_outcomes[OUTCOMES_MAX - 1];
    Outcome *outcome = &metrics->all_outcomes[metrics->outcome_count++];
    Buf labels = label_buf(metrics);
    metric_label(&labels, "service", is_full ? OTHER : record->service);
    metric_label(&labels, "model", is_full ? OTHER : record->model);
    metric_label(&labels, "task", is_full ? OTHER : str(task_words[record->task]));
    metric_label(&labels, "status", is_full ? OTHER : record->status);
    outcome->labels = buf_str(&labels);
    if (!is_full)
        map_add(&metrics->outcomes, str_copy(metrics->arena, (Str){ key, (size_t)length }), NULL)
            ->pointer = outcome;
    return outcome;
}

static void count_time(Histogram *histogram, const Bound *bounds, int64_t us)
{
    size_t bucket = 0;
    us = MAX(us, (int64_t)0);
    while (bucket < BUCKETS && us > bounds[bucket].us)
        bucket++;
    histogram->counts[bucket]++;
    histogram->sum_us += us;
    histogram->count++;
}

static void count_numbers(int64_t *counts, const CallRecord *record)
{
    const ModelUsage *usage = &record->usage;
    bool is_hit = record->cache.length && !str_is(record->cache, "miss");
    int64_t saved = MAX(record->saved, (int64_t)0);
    counts[NUMBER_INPUT] += usage->input + usage->cache_write + usage->cache_write_long;
    counts[NUMBER_CACHED] += usage->cache_read;
    counts[NUMBER_OUTPUT] += usage->output;
    counts[NUMBER_COST] += MAX(record->cost, (int64_t)0);
    counts[NUMBER_UNPRICED] += record->cost < 0;
    counts[NUMBER_RETRIES] += MAX(record->tries - 1 - record->fallbacks, 0);
    counts[NUMBER_FALLBACKS] += record->fallbacks;
    counts[NUMBER_SKIPPED] += record->skipped;
    counts[NUMBER_TRUNCATED] += record->is_truncated;
    counts[NUMBER_CACHE_HITS] += is_hit;
    counts[NUMBER_SAVED] += saved;
}

static void count_times(Metrics *metrics, ModelFigures *figures, const CallRecord *record)
{
    count_time(&metrics->own, bounds_own, record->own_us);
    count_time(&figures->times[TIME_CALL], times[TIME_CALL].bounds, record->total_us);
    if (!record->is_stream || record->first_us <= 0)
        return;
    count_time(&figures->times[TIME_FIRST], times[TIME_FIRST].bounds, record->first_us);
    if (record->usage.output > 1)
        count_time(&figures->times[TIME_TOKEN], times[TIME_TOKEN].bounds,
                   (record->total_us - record->first_us) / (record->usage.output - 1));
}

static bool is_same(Str a, Str b) { return a.at == b.at && a.length == b.length; }

void metrics_count(void *argument, const CallRecord *const *records, size_t count)
{
    Metrics *metrics = argument;
    ModelFigures *figures = NULL;
    Outcome *outcome = NULL;
    pthread_mutex_lock(&metrics->lock);
    for (size_t i = 0; i < count; i++) {
        const CallRecord *record = records[i], *before = i ? records[i - 1] : NULL;
        /* The journal keeps a text that repeats itself at one address. */
        bool same_model = before && is_same(record->model, before->model) &&
                          is_same(record->service, before->service);
        if (!same_model)
            figures = figures_of(metrics, record);
        if (!same_model || record->task != before->task || !is_same(record->status, before->status))
            outcome = outcome_of(metrics, record);
        outcome->count++;
        count_numbers(figures->numbers, record);
        count_times(metrics, figures, record);
    }
    pthread_mutex_unlock(&metrics->lock);
}

/* --- Writing --- */

void metric_head(Buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* value / 10^digits, and the end of the line. */
static void add_value(Buf *out, int64_t value, int digits)
{
    char text[40], *at = text + sizeof text;
    uint64_t rest = (uint64_t)MAX(value, (int64_t)0);
    *--at = '\n';
    for (int i = 0; i < digits || rest || i == digits; i++) {
        if (digits && i == digits)
            *--at = '.';
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    }
    buf_add(out, (Str){ at, (size_t)(text + sizeof text - at) });
}

static void add_series(Buf *out, Str name, Str part, Str labels, Str bound)
{
    buf_add(out, name);
    buf_add(out, part);
    if (labels.length || bound.length)
        buf_add_char(out, '{');
    buf_add(out, labels);
    if (bound.length) {
        buf_add(out, labels.length ? S(",le=\"") : S("le=\""));
        buf_add(out, bound);
        buf_add_char(out, '"');
    }
    buf_add(out, labels.length || bound.length ? S("} ") : S(" "));
}

static void add_histogram(Buf *out, Str name, Str labels, const Histogram *histogram,
                          const Bound *bounds)
{
    int64_t below = 0;
    for (size_t i = 0; i <= BUCKETS; i++) {
        below += histogram->counts[i];
        add_series(out, name, S("_bucket"), labels,
                   i < BUCKETS ? str(bounds[i].seconds) : S("+Inf"));
        add_value(out, below, UNIT_ONE);
    }
    add_series(out, name, S("_sum"), labels, S(""));
    add_value(out, histogram->sum_us, UNIT_SECONDS);
    add_series(out, name, S("_count"), labels, S(""));
    add_value(out, histogram->count, UNIT_ONE);
}

void metrics_write(Metrics *metrics, Buf *out)
{
    pthread_mutex_lock(&metrics->lock);
    metric_head(out, PREFIX "calls_total", "counter", "Calls of models that have ended.");
    for (size_t i = 0; i < metrics->outcome_count; i++) {
        add_series(out, S(PREFIX "calls_total"), S(""), metrics->all_outcomes[i].labels, S(""));
        add_value(out, metrics->all_outcomes[i].count, UNIT_ONE);
    }
    for (size_t number = 0; number < NUMBER_COUNT; number++) {
        Str name = str(numbers[number].name);
        metric_head(out, name.at, "counter", numbers[number].help);
        for (size_t i = 0; i < metrics->model_count; i++) {
            add_series(out, name, S(""), metrics->all_models[i].labels, S(""));
            add_value(out, metrics->all_models[i].numbers[number], numbers[number].digits);
        }
    }
    for (size_t i = 0; i < TIME_COUNT; i++) {
        Str name = str(times[i].name);
        metric_head(out, name.at, "histogram", times[i].help);
        for (size_t j = 0; j < metrics->model_count; j++)
            add_histogram(out, name, metrics->all_models[j].labels,
                          &metrics->all_models[j].times[i], times[i].bounds);
    }
    metric_head(out, PREFIX "own_seconds", "histogram",
                "What a call took besides waiting for a service.");
    add_histogram(out, S(PREFIX "own_seconds"), S(""), &metrics->own, bounds_own);
    pthread_mutex_unlock(&metrics->lock);
}

void metric_number(Buf *out, const char *name, const char *type, const char *help, int64_t value)
{
    metric_head(out, name, type, help);
    buf_addf(out, "%s %" PRId64 "\n", name, value);
}
