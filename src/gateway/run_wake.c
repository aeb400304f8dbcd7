/* run_wake.c - see run_wake.h. */
#include "gateway/run_wake.h"

#include "base/clock.h"
#include "gateway/gateway_int.h"

#define QUIET_MS 2000 /* that a stream's client hears nothing at first */

typedef struct WakeWork {
    GatewayWaker waker;
    atomic_int holders; /* the attempt, and who wakes */
    Reactor *reactor;
    ReactorTimer quiet;
    int port;
    bool is_good;
    Error err;

    pthread_mutex_t lock;
    RunTry *try; /* NULL: nobody waits any more. Written on the reactor only */
} WakeWork;

static void release(WakeWork *work)
{
    if (atomic_fetch_sub(&work->holders, 1) > 1)
        return;
    pthread_mutex_destroy(&work->lock);
    free(work);
}

void wake_stop(RunTry *try)
{
    WakeWork *work = try->waking;
    if (!work)
        return;
    try->waking = NULL;
    reactor_clear_timer(work->reactor, &work->quiet);
    pthread_mutex_lock(&work->lock);
    work->try = NULL;
    pthread_mutex_unlock(&work->lock);
    release(work);
}

static void on_awake(void *argument)
{
    WakeWork *work = argument;
    RunTry *try = work->try;
    if (try) {
        wake_stop(try);
        try_awake(try, work->port, work->is_good ? NULL : &work->err);
    }
    release(work);
}

/* After the attempt has let go nothing is posted: its reactor may be gone. */
static void done(GatewayWaker *waker, int port, const Error *failure)
{
    WakeWork *work = (WakeWork *)waker;
    work->port = port;
    work->is_good = !failure;
    if (failure)
        work->err = *failure;
    pthread_mutex_lock(&work->lock);
    bool is_wanted = work->try != NULL;
    if (is_wanted)
        reactor_post(work->reactor, on_awake, work);
    pthread_mutex_unlock(&work->lock);
    if (!is_wanted)
        release(work);
}

static void on_quiet(ReactorTimer *timer)
{
    RunTry *try = timer->owner;
    answer_wait(try->run);
}

void wake_begin(RunTry *try)
{
    Run *run = try->run;
    const GatewayPorts *ports = &run->loop->gateway->ports;
    WakeWork *work = heap_alloc(sizeof *work);
    work->waker.done = done;
    work->holders = 2;
    work->reactor = run->loop->reactor;
    work->try = try;
    pthread_mutex_init(&work->lock, NULL);
    try->waking = work;
    if (run->request.is_stream && !run->ask) {
        work->quiet = (ReactorTimer){ .fire = on_quiet, .owner = try };
        reactor_set_timer(work->reactor, &work->quiet, monotonic_ms() + QUIET_MS);
    }
    ports->wake(ports->app, try->target->model, &work->waker);
}
