/* hints_test.c - every way in which services ask to wait, and what they tell of their limits. */
#include <criterion/criterion.h>

#include "gateway/hints.h"

#define NOW 784111777000 /* Sun, 06 Nov 1994 08:49:37 GMT */

typedef struct WaitCase {
    const char *name, *value;
    int64_t wait_ms;
} WaitCase;

static const WaitCase waits[] = {
    { "Retry-After", "5", 5000 },
    { "retry-after", "0.25", 250 },
    { "Retry-After", "0", HINT_NONE },
    { "Retry-After", "-1", HINT_NONE }, /* Azure */
    { "Retry-After", "soon", HINT_NONE },
    { "Retry-After", "", HINT_NONE },
    { "Retry-After", "nan", HINT_NONE },
    { "Retry-After", "inf", HINT_MAX_MS },
    { "Retry-After", "99999999", HINT_MAX_MS },
    { "Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT", 30000 },
    { "Retry-After", "Sunday, 06-Nov-94 08:50:07 GMT", 30000 },
    { "Retry-After", "Sun Nov  6 08:50:07 1994", 30000 },
    { "Retry-After", "Sun, 06 Nov 1994 08:49:00 GMT", HINT_NONE },
    { "Retry-After", "1994-11-06T08:49:39.500Z", 2500 },
    { "retry-after-ms", "1234", 1234 },
    { "Retry-After-Ms", "0.5", 1 },
    { "x-ms-retry-after-ms", "700", 700 },
    { "x-ms-retry-after-ms", "-1", HINT_NONE },
    { "x-ratelimit-reset-requests", "6m0s", HINT_NONE }, /* nobody says that it is used up */
    { "X-Retry-After", "5", HINT_NONE },
};

Test(gateway, each_form_of_asking_to_wait_is_understood)
{
    for (size_t i = 0; i < COUNT(waits); i++) {
        HttpPair pair = { str(waits[i].name), str(waits[i].value) };
        Hints hints = hints_of_headers((HttpPairs){ &pair, 1 }, NOW);
        cr_assert_eq(hints.wait_ms, waits[i].wait_ms, "%s: %s gave %" PRId64, waits[i].name,
                     waits[i].value, hints.wait_ms);
    }
}

static const WaitCase durations[] = {
    { "", "6m0s", 360000 },
    { "", "12ms", 12 },
    { "", "1h2m3s", 3723000 },
    { "", "2m59.56s", 179560 },
    { "", "5.289s", 5289 },
    { "", "250\xC2\xB5s", 1 },
    { "", "7 seconds", 7000 },
    { "", "1 minute", 60000 },
    { "", "52", 52000 },
    { "", "1d", 86400000 },
    { "", "0s", 0 },
    { "", "s", 0 },
    { "", "-5s", 0 },
    { "", "", 0 },
    { "", "1.5.2s", 1500 },
    { "", "5.", 5000 },
    { "", "9999999h", HINT_MAX_MS },
};

Test(gateway, durations_are_read_as_go_and_people_write_them)
{
    for (size_t i = 0; i < COUNT(durations); i++) {
        int64_t ms = 0;
        bool good = hint_parse_duration(str(durations[i].value), &ms);
        cr_assert_eq(good ? ms : 0, durations[i].wait_ms, "%s gave %" PRId64, durations[i].value,
                     ms);
    }
}

static const WaitCase bodies[] = {
    { "", "{\"error\":{\"message\":\"Rate limit reached. Please try again in 5.289s. Visit\"}}",
      5289 },
    { "", "Please try again in 1m2s.", 62000 },
    { "", "Try again in 20ms", 20 },
    { "", "Please retry after 13 seconds.", 13000 },
    { "",
      "{\"error\":{\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
      "\"retryDelay\":\"52s\"}]}}",
      52000 },
    { "", "{\"retryDelay\": \"1.5s\", \"message\":\"Please retry in 900ms\"}", 1500 },
    { "", "{\"error\":{\"message\":\"slow down\",\"retry_after\": 0.7}}", 700 },
    { "", "try again in a moment", HINT_NONE },
    { "", "try again in", HINT_NONE },
    { "", "", HINT_NONE },
};

Test(gateway, a_wait_is_found_in_a_failures_body)
{
    for (size_t i = 0; i < COUNT(bodies); i++)
        cr_assert_eq(hint_of_body(str(bodies[i].value)), bodies[i].wait_ms, "%s", bodies[i].value);
}

Test(gateway, the_largest_wait_wins_and_a_limit_that_is_left_asks_for_none)
{
    const HttpPair pairs[] = {
        { S("retry-after"), S("2") },
        { S("retry-after-ms"), S("1500") },
        { S("x-ratelimit-limit-requests"), S("60") },
        { S("x-ratelimit-remaining-requests"), S("0") },
        { S("x-ratelimit-reset-requests"), S("3.5s") },
        { S("x-ratelimit-limit-tokens"), S("150000") },
        { S("x-ratelimit-remaining-tokens"), S("149984") },
        { S("x-ratelimit-reset-tokens"), S("6m0s") },
    };
    Hints hints = hints_of_headers((HttpPairs){ pairs, COUNT(pairs) }, NOW);
    cr_assert_eq(hints.wait_ms, 3500);
    cr_assert(hints.tells_limits);
    cr_assert_eq(hints.limits[LIMIT_REQUESTS].limit, 60);
    cr_assert_eq(hints.limits[LIMIT_TOKENS].remaining, 149984);
    cr_assert_eq(hints.limits[LIMIT_TOKENS].reset_ms, 360000);
    cr_assert_eq(hints.limits[LIMIT_PLAIN].limit, -1);
}

Test(gateway, limits_are_read_in_the_words_of_anthropic_and_openrouter)
{
    const HttpPair pairs[] = {
        { S("Date"), S("Sun, 06 Nov 1994 08:49:47 GMT") }, /* ten seconds ahead of us */
        { S("anthropic-ratelimit-input-tokens-limit"), S("40000") },
        { S("anthropic-ratelimit-input-tokens-remaining"), S("0") },
        { S("anthropic-ratelimit-input-tokens-reset"), S("1994-11-06T08:50:07Z") },
        { S("X-RateLimit-Limit"), S("20") },
        { S("X-RateLimit-Remaining"), S("19") },
        { S("X-RateLimit-Reset"), S("784111790000") },
        { S("x-ratelimit-remaining-bananas"), S("0") },
        { S("x-ratelimit-limiter"), S("9") },
    };
    Hints hints = hints_of_headers((HttpPairs){ pairs, COUNT(pairs) }, NOW);
    cr_assert_eq(hints.limits[LIMIT_INPUT_TOKENS].limit, 40000);
    cr_assert_eq(hints.wait_ms, 20000);
    cr_assert_eq(hints.limits[LIMIT_PLAIN].limit, 20);
    cr_assert_eq(hints.limits[LIMIT_PLAIN].reset_ms, 3000);
}
