/* ticker.c - see ticker.h. */
#include "base/ticker.h"

#include <pthread.h>

#include "base/clock.h"

struct Ticker {
    TickerOptions options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stops;
    bool is_stopping;
};

/* False: it is to end. */
static bool rest(Ticker *ticker)
{
    int64_t until_ms = monotonic_ms() + ticker->options.every_ms;
    pthread_mutex_lock(&ticker->lock);
    while (!ticker->is_stopping && cond_wait_until(&ticker->stops, &ticker->lock, until_ms))
        ;
    bool goes_on = !ticker->is_stopping;
    pthread_mutex_unlock(&ticker->lock);
    return goes_on;
}

static void *run(void *argument)
{
    Ticker *ticker = argument;
    const TickerOptions *options = &ticker->options;
    if (options->rests_first && !rest(ticker))
        return NULL;
    do
        options->tick(options->argument);
    while (rest(ticker));
    return NULL;
}

static void free_ticker(Ticker *ticker)
{
    pthread_cond_destroy(&ticker->stops);
    pthread_mutex_destroy(&ticker->lock);
    free(ticker);
}

Ticker *ticker_start(const TickerOptions *options)
{
    Ticker *ticker = heap_alloc(sizeof *ticker);
    ticker->options = *options;
    pthread_mutex_init(&ticker->lock, NULL);
    pthread_cond_init(&ticker->stops, NULL);
    if (pthread_create(&ticker->thread, NULL, run, ticker) != 0) {
        free_ticker(ticker);
        return NULL;
    }
    pthread_setname_np(ticker->thread, options->name);
    return ticker;
}

void ticker_stop(Ticker *ticker)
{
    if (!ticker)
        return;
    pthread_mutex_lock(&ticker->lock);
    ticker->is_stopping = true;
    pthread_cond_signal(&ticker->stops);
    pthread_mutex_unlock(&ticker->lock);
    pthread_join(ticker->thread, NULL);
    free_ticker(ticker);
}
