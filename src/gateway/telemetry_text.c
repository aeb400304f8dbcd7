/* telemetry_text.c - records as figures of OTLP/JSON, with the names of the GenAI semantic
 * conventions. */
#include "gateway/telemetry.h"
#include "net/otlp_json.h"

#define TEMPORALITY_DELTA 1
#define GROUPS_MAX 200

static void put_kind(JsonWriter *json, const CallRecord *record)
{
    otlp_put_text(json, "gen_ai.operation.name", telemetry_operation(record));
    otlp_put_text(json, "gen_ai.provider.name", record->service);
    otlp_put_text(json, "gen_ai.request.model", record->model);
    if (telemetry_has_failed(record))
        otlp_put_text(json, "error.type", record->status);
}

/* --- Figures --- */

/* The bounds that the conventions advise, of seconds and of tokens. */
static const double seconds[] = { 0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                  1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92 };
static const double tokens[] = { 1,     4,     16,     64,      256,     1024,     4096,
                                 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864 };
#define BOUNDS COUNT(seconds)
_Static_assert(COUNT(tokens) == BOUNDS, "both have as many");

typedef struct Points {
    int64_t counts[BOUNDS + 1], count;
    double sum;
} Points;

typedef struct Group {
    const CallRecord *first; /* whose kind is that of all */
    Points duration, input, output;
} Group;

static void add_point(Points *points, const double *bounds, double value)
{
    size_t bucket = 0;
    while (bucket < BOUNDS && value > bounds[bucket])
        bucket++;
    points->counts[bucket]++;
    points->count++;
    points->sum += value;
}

static Group *group_of(Group *groups, size_t *count, const CallRecord *record)
{
    for (size_t i = 0; i < *count; i++) {
        const CallRecord *first = groups[i].first;
        if (first->task == record->task && str_equal(first->model, record->model) &&
            str_equal(first->service, record->service) && str_equal(first->status, record->status))
            return &groups[i];
    }
    if (*count == GROUPS_MAX)
        return NULL;
    groups[*count].first = record;
    return &groups[(*count)++];
}

static void put_points(JsonWriter *json, const Group *group, const Points *points,
                       const double *bounds, const char *token_type, int64_t from_ms, int64_t to_ms)
{
    put_object(json, NULL);
    put_array(json, "attributes");
    put_kind(json, group->first);
    if (token_type)
        otlp_put_text(json, "gen_ai.token.type", str(token_type));
    put_end(json);
    otlp_put_long(json, "startTimeUnixNano", from_ms * 1000000);
    otlp_put_long(json, "timeUnixNano", to_ms * 1000000);
    otlp_put_long(json, "count", points->count);
    put_number(json, "sum", points->sum);
    put_array(json, "bucketCounts");
    for (size_t i = 0; i <= BOUNDS; i++)
        otlp_put_long(json, NULL, points->counts[i]);
    put_end(json);
    put_array(json, "explicitBounds");
    for (size_t i = 0; i < BOUNDS; i++)
        put_number(json, NULL, bounds[i]);
    put_end(json);
    put_end(json);
}

static void begin_metric(JsonWriter *json, const char *name, const char *unit)
{
    put_object(json, NULL);
    put_text(json, "name", str(name));
    put_text(json, "unit", str(unit));
    put_object(json, "histogram");
    put_int(json, "aggregationTemporality", TEMPORALITY_DELTA);
    put_array(json, "dataPoints");
}

static void end_metric(JsonWriter *json)
{
    for (int i = 0; i < 3; i++)
        put_end(json);
}

Str telemetry_figures(Arena *arena, Str service_name, const CallRecord *const *records,
                      size_t count, int64_t from_ms, int64_t to_ms)
{
    Buf out = buf_new(arena, MB(8));
    Group *groups = arena_new_array(arena, Group, GROUPS_MAX);
    size_t group_count = 0;
    for (size_t i = 0; i < count; i++) {
        Group *group = group_of(groups, &group_count, records[i]);
        if (!group)
            continue;
        add_point(&group->duration, seconds, (double)records[i]->total_us / 1e6);
        add_point(&group->input, tokens, (double)telemetry_input(&records[i]->usage));
        add_point(&group->output, tokens, (double)records[i]->usage.output);
    }
    JsonWriter json = otlp_begin(&out, "resourceMetrics", "scopeMetrics", "metrics",
                                 S("lectern.gateway"), service_name);
    begin_metric(&json, "gen_ai.client.operation.duration", "s");
    for (size_t i = 0; i < group_count; i++)
        put_points(&json, &groups[i], &groups[i].duration, seconds, NULL, from_ms, to_ms);
    end_metric(&json);
    begin_metric(&json, "gen_ai.client.token.usage", "{token}");
    for (size_t i = 0; i < group_count; i++) {
        put_points(&json, &groups[i], &groups[i].input, tokens, "input", from_ms, to_ms);
        put_points(&json, &groups[i], &groups[i].output, tokens, "output", from_ms, to_ms);
    }
    end_metric(&json);
    otlp_end(&json);
    return buf_str(&out);
}
