#include "index/vector_meter.h"

#include <criterion/criterion.h>

#include "base/clock.h"

/* A store that fails as it is told. */
typedef struct Told {
    VectorStore store;
    ErrorCode fails; /* ERROR_NONE: nothing does */
    bool is_there;
} Told;

static bool count_all(VectorStore *store, const VectorSpace *space, int64_t *count_r, Error *err)
{
    const Told *told = (const Told *)store;
    (void)space;
    sleep_ms(2);
    *count_r = 7;
    return told->fails == ERROR_NONE || fail(err, told->fails, "as told");
}

static bool answers(VectorStore *store, Error *err)
{
    const Told *told = (const Told *)store;
    return told->is_there || fail(err, ERROR_UPSTREAM, "away");
}

static bool ask(VectorStore *meter)
{
    const VectorSpace space = { S("w"), S("m"), 4 };
    int64_t count = 0;
    Error err = { 0 };
    return meter->count(meter, &space, &count, &err) && count == 7;
}

static bool says(Arena *arena, VectorStore *meter, const char *line)
{
    Buf out = buf_new(arena, MB(1));
    vector_meter_put(meter, &out);
    return str_find(buf_str(&out), str(line)) >= 0;
}

Test(vector_meter, counts_calls_failures_and_times_by_operation)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Told told = { .store = { .name = "told", .count = count_all } };
    VectorStore *meter = vector_meter_new(&told.store);
    cr_expect(ask(meter) && ask(meter));
    told.fails = ERROR_INVALID;
    cr_expect(!ask(meter));
#define COUNTED "{store=\"told\",operation=\"count\"}"
    cr_expect(says(arena, meter, "request_duration_seconds_count" COUNTED " 3\n"));
    cr_expect(says(arena, meter, "failures_total" COUNTED " 1\n"));
    cr_expect(says(arena, meter,
                   "request_duration_seconds_bucket{store=\"told\",operation=\"count\",le=\"0.001"
                   "\"} 0\n"));
    cr_expect(says(arena, meter, "failures_total{store=\"told\",operation=\"search\"} 0\n"));
    cr_expect_eq(vector_meter_failing_ms(meter, NULL), 0,
                 "what was asked was wrong, not the store");
    cr_expect(says(arena, meter, "lectern_vector_store_up{store=\"told\"} 1\n"));
    cr_expect(!meter->forget && !meter->answers, "what the store lacks");
    meter->free(meter);
}

Test(vector_meter, a_store_is_away_from_its_first_failure_until_it_has_done_something)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Told told = { .store = { .name = "told", .count = count_all, .answers = answers },
                  .is_there = true,
                  .fails = ERROR_UPSTREAM };
    VectorStore *meter = vector_meter_new(&told.store);
    Error err;
    cr_expect(!ask(meter));
    sleep_ms(30);
    cr_expect(!ask(meter) && vector_meter_failing_ms(meter, NULL) >= 30);
    cr_expect(meter->answers(meter, &err) && vector_meter_failing_ms(meter, NULL),
              "one that is there may refuse all else");
    cr_expect(says(arena, meter, "lectern_vector_store_up{store=\"told\"} 0\n"));
    told.fails = ERROR_NONE;
    cr_expect(ask(meter) && !vector_meter_failing_ms(meter, NULL));
    told.is_there = false;
    cr_expect(!meter->answers(meter, &err) && vector_meter_failing_ms(meter, NULL));
    told.is_there = true;
    cr_expect(meter->answers(meter, &err) && !vector_meter_failing_ms(meter, NULL));
    meter->free(meter);
}
