/* pace.c - see pace.h. */
#include "gateway/pace.h"

#include "gateway/shares.h"

#define MINUTE_SLOT_MS 1000
#define DAY_SLOT_MS (24 * 60 * 1000)

void pace_begin(Pace *pace)
{
    pace->minute_requests.slot_ms = pace->minute_tokens.slot_ms = MINUTE_SLOT_MS;
    pace->day_requests.slot_ms = pace->day_tokens.slot_ms = DAY_SLOT_MS;
}

void pace_rows(Pace *pace, int64_t tokens, PaceRow rows[PACE_ROWS])
{
    const GatewayLimits *limits = &pace->limits;
    rows[0] = (PaceRow){ &pace->minute_requests, limits->requests_per_minute, 1 };
    rows[1] = (PaceRow){ &pace->minute_tokens, limits->tokens_per_minute, tokens };
    rows[2] = (PaceRow){ &pace->day_requests, limits->requests_per_day, 1 };
    rows[3] = (PaceRow){ &pace->day_tokens, limits->tokens_per_day, tokens };
}

/* One that is larger than the whole limit goes when nothing else has been asked: it would wait for
 * ever. */
int64_t pace_wait_ms(Pace *pace, int64_t now_ms, int64_t tokens, bool is_patient)
{
    PaceRow rows[PACE_ROWS];
    int64_t wait_ms = 0;
    pace_rows(pace, tokens, rows);
    for (int i = 0; i < PACE_ROWS; i++)
        if (rows[i].limit) {
            int64_t most = rows[i].limit - SHARE_SPARE(rows[i].limit, is_patient);
            wait_ms = MAX(wait_ms, window_wait_ms(rows[i].window, now_ms,
                                                  MAX(most - rows[i].need, (int64_t)0)));
        }
    return wait_ms;
}

void pace_take(Pace *pace, int64_t now_ms, int64_t tokens)
{
    PaceRow rows[PACE_ROWS];
    pace_rows(pace, tokens, rows);
    for (int i = 0; i < PACE_ROWS; i++)
        window_add(rows[i].window, now_ms, rows[i].need);
}

void pace_correct(Pace *pace, int64_t now_ms, const TargetPlace *place, int64_t tokens)
{
    Window *const windows[] = { &pace->minute_tokens, &pace->day_tokens };
    for (size_t i = 0; i < COUNT(windows); i++)
        if (tokens > place->tokens)
            window_add(windows[i], now_ms, tokens - place->tokens);
        else
            window_take_back(windows[i], now_ms, place->at_ms, place->tokens - tokens);
}
