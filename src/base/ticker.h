/* ticker.h - a thread that does one thing again and again, with a rest between, until it is
 * stopped.
 *
 * Threads: `tick` runs on the ticker's own; ticker_stop() is for who started it. */
#pragma once

#include "base/base.h"

typedef struct Ticker Ticker;
typedef void Tick(void *argument);

typedef struct TickerOptions {
    const char *name; /* of the thread, 15 characters at most; kept by the caller */
    int64_t every_ms; /* from the end of one to the begin of the next */
    bool rests_first;
    Tick *tick;
    void *argument;
} TickerOptions;

/* NULL: no thread can be started, which the caller tells. */
Ticker *ticker_start(const TickerOptions *options);
/* Waits for the tick that runs. NULL is fine. */
void ticker_stop(Ticker *ticker);
