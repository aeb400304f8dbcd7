#include "base/ticker.h"

#include <criterion/criterion.h>
#include <stdatomic.h>

#include "base/clock.h"

#define LONG_MS 600000

typedef struct Ticks {
    atomic_int count;
    int64_t takes_ms;
    atomic_bool is_in_one;
} Ticks;

static void tick(void *argument)
{
    Ticks *ticks = argument;
    ticks->is_in_one = true;
    sleep_ms(ticks->takes_ms);
    ticks->count++;
    ticks->is_in_one = false;
}

static Ticker *start(Ticks *ticks, int64_t every_ms, bool rests_first)
{
    Ticker *ticker = ticker_start(&(TickerOptions){ .name = "ticks",
                                                    .every_ms = every_ms,
                                                    .rests_first = rests_first,
                                                    .tick = tick,
                                                    .argument = ticks });
    cr_assert(ticker);
    return ticker;
}

Test(base, a_ticker_goes_on_until_it_is_stopped_and_not_after)
{
    Ticks ticks = { 0 };
    Ticker *ticker = start(&ticks, 1, false);
    int64_t until_ms = monotonic_ms() + 20000;
    while (ticks.count < 5 && monotonic_ms() < until_ms)
        sleep_ms(1);
    ticker_stop(ticker);
    int count = ticks.count;
    cr_expect_geq(count, 5);
    sleep_ms(20);
    cr_expect_eq(ticks.count, count);
}

Test(base, stopping_a_ticker_ends_its_rest_and_waits_for_its_tick)
{
    Ticks resting = { 0 }, busy = { .takes_ms = 50 };
    int64_t began_ms = monotonic_ms();
    ticker_stop(start(&resting, LONG_MS, true));
    cr_expect_eq(resting.count, 0, "it rests first");
    Ticker *ticker = start(&busy, LONG_MS, false);
    while (!busy.is_in_one)
        sleep_ms(1);
    ticker_stop(ticker);
    cr_expect_eq(busy.count, 1);
    cr_expect(!busy.is_in_one);
    cr_expect_lt(monotonic_ms() - began_ms, LONG_MS / 2);
    ticker_stop(NULL);
}
