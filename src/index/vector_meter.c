/* vector_meter.c - see vector_meter.h. */
#include "index/vector_meter.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"

static const int64_t bounds_us[] = { 1000,   5000,    10000,   25000,   100000,
                                     250000, 1000000, 2500000, 5000000, 10000000 };

typedef enum Operation {
#define VECTOR_OPERATION(name) OPERATION_##name,
#include "index/vector_operations.def"
#undef VECTOR_OPERATION
    OPERATION_COUNT
} Operation;

/* Since the start. */
typedef struct Times {
    atomic_int_fast64_t took[COUNT(bounds_us) + 1], sum_us, failures;
} Times;

typedef struct VectorMeter {
    VectorStore store;
    VectorStore *inner;
    Times times[OPERATION_COUNT];
    pthread_mutex_t lock; /* of the next */
    int64_t failing_since_ms;
    Operation failing; /* the last that did */
    Error why;
} VectorMeter;

static void count_time(Times *times, int64_t took_us)
{
    size_t bound = 0;
    while (bound < COUNT(bounds_us) && took_us > bounds_us[bound])
        bound++;
    atomic_fetch_add_explicit(&times->took[bound], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&times->sum_us, took_us, memory_order_relaxed);
}

/* What was asked of it in vain because of what was asked is no fault of the store. */
static bool is_away(const Error *err)
{
    return error_is_temporary(err->code) || err->code == ERROR_UPSTREAM;
}

/* Returns `ok`. */
static bool note(VectorMeter *meter, Operation operation, int64_t began_us, bool ok,
                 const Error *err)
{
    Times *times = &meter->times[operation];
    count_time(times, monotonic_us() - began_us);
    if (!ok)
        atomic_fetch_add_explicit(&times->failures, 1, memory_order_relaxed);
    pthread_mutex_lock(&meter->lock);
    /* One that is there may refuse all else. */
    if (ok && (operation != OPERATION_answers || meter->failing == operation))
        meter->failing_since_ms = 0;
    if (!ok && is_away(err)) {
        if (!meter->failing_since_ms)
            meter->failing_since_ms = monotonic_ms();
        meter->failing = operation;
        meter->why = *err;
    }
    pthread_mutex_unlock(&meter->lock);
    return ok;
}

/* --- The same functions --- */

#define BEGIN                                                                                      \
    VectorMeter *meter = (VectorMeter *)store;                                                     \
    int64_t began_us = monotonic_us()
#define MEASURE(operation, ...)                                                                    \
    note(meter, OPERATION_##operation, began_us,                                                   \
         meter->inner->operation(meter->inner, __VA_ARGS__), err)

static bool create(VectorStore *store, const VectorSpace *space, Error *err)
{
    BEGIN;
    return MEASURE(create, space, err);
}

static bool upsert(VectorStore *store, const VectorSpace *space, const StoredVector *vectors,
                   size_t count, Error *err)
{
    BEGIN;
    return MEASURE(upsert, space, vectors, count, err);
}

static bool take_away(VectorStore *store, const VectorSpace *space, const uint64_t *keys,
                      size_t count, Error *err)
{
    BEGIN;
    return MEASURE(remove, space, keys, count, err);
}

static bool clear(VectorStore *store, const VectorSpace *space, Error *err)
{
    BEGIN;
    return MEASURE(clear, space, err);
}

static bool forget(VectorStore *store, Str workspace, Error *err)
{
    BEGIN;
    return MEASURE(forget, workspace, err);
}

static bool count_all(VectorStore *store, const VectorSpace *space, int64_t *count_r, Error *err)
{
    BEGIN;
    return MEASURE(count, space, count_r, err);
}

static bool list(VectorStore *store, const VectorSpace *space, Arena *arena,
                 const StoredMark *after, StoredMarks *marks_r, Error *err)
{
    BEGIN;
    return MEASURE(list, space, arena, after, marks_r, err);
}

static bool search(VectorStore *store, const VectorSpace *space, Arena *arena, const float *query,
                   const KeyFilter *filter, size_t k, LegHit *hits, size_t *count_r, Error *err)
{
    BEGIN;
    return MEASURE(search, space, arena, query, filter, k, hits, count_r, err);
}

static bool answers(VectorStore *store, Error *err)
{
    BEGIN;
    return MEASURE(answers, err);
}

#undef BEGIN
#undef MEASURE

static void free_meter(VectorStore *store)
{
    VectorMeter *meter = (VectorMeter *)store;
    pthread_mutex_destroy(&meter->lock);
    free(meter);
}

VectorStore *vector_meter_new(VectorStore *store)
{
    VectorMeter *meter = heap_alloc(sizeof *meter);
    meter->store = (VectorStore){ .name = store->name,
                                  .create = create,
                                  .upsert = upsert,
                                  .remove = take_away,
                                  .clear = clear,
                                  .forget = store->forget ? forget : NULL,
                                  .count = count_all,
                                  .list = list,
                                  .search = search,
                                  .answers = store->answers ? answers : NULL,
                                  .free = free_meter };
    meter->inner = store;
    pthread_mutex_init(&meter->lock, NULL);
    return &meter->store;
}

/* --- What it says --- */

int64_t vector_meter_failing_ms(VectorStore *store, Error *why_r)
{
    VectorMeter *meter = (VectorMeter *)store;
    pthread_mutex_lock(&meter->lock);
    int64_t since_ms = meter->failing_since_ms;
    if (since_ms && why_r)
        *why_r = meter->why;
    pthread_mutex_unlock(&meter->lock);
    int64_t failing_ms = monotonic_ms() - since_ms;
    return since_ms ? MAX(failing_ms, 1) : 0;
}

#define SECONDS "lectern_vector_store_request_duration_seconds"
#define FAILURES "lectern_vector_store_failures_total"
#define UP "lectern_vector_store_up"

/* Of one operation, as a histogram. */
static void put_times(Buf *out, Times *times, const char *labels)
{
    int64_t below = 0;
    for (size_t i = 0; i < COUNT(bounds_us); i++) {
        below += atomic_load(&times->took[i]);
        buf_addf(out, SECONDS "_bucket{%s,le=\"%g\"} %" PRId64 "\n", labels,
                 (double)bounds_us[i] / 1e6, below);
    }
    below += atomic_load(&times->took[COUNT(bounds_us)]);
    buf_addf(out,
             SECONDS "_bucket{%s,le=\"+Inf\"} %" PRId64 "\n" SECONDS "_sum{%s} %.6f\n" SECONDS
                     "_count{%s} %" PRId64 "\n",
             labels, below, labels, (double)atomic_load(&times->sum_us) / 1e6, labels, below);
}

void vector_meter_put(VectorStore *store, Buf *out)
{
    static const char *const names[] = {
#define VECTOR_OPERATION(name) #name,
#include "index/vector_operations.def"
#undef VECTOR_OPERATION
    };
    VectorMeter *meter = (VectorMeter *)store;
    char labels[OPERATION_COUNT][80];
    buf_add(out, S("# HELP " SECONDS " How long the store of vectors took for what it was "
                   "asked.\n# TYPE " SECONDS " histogram\n"));
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        snprintf(labels[i], sizeof labels[i], "store=\"%s\",operation=\"%s\"", store->name,
                 names[i]);
        put_times(out, &meter->times[i], labels[i]);
    }
    buf_add(out, S("# HELP " FAILURES " What it was asked in vain, of all that the histogram "
                   "counts.\n# TYPE " FAILURES " counter\n"));
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        buf_addf(out, FAILURES "{%s} %" PRId64 "\n", labels[i],
                 (int64_t)atomic_load(&meter->times[i].failures));
    buf_addf(out,
             "# HELP " UP " Whether it answered when it was last asked.\n# TYPE " UP " gauge\n" UP
             "{store=\"%s\"} %d\n",
             store->name, !vector_meter_failing_ms(store, NULL));
}
