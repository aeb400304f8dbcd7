/* reactor.c - see reactor.h. */
#include "net/reactor.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

typedef struct Call {
    ReactorCall *run;
    void *argument;
} Call;

typedef struct Calls {
    Call *at;
    size_t count, capacity;
} Calls;

struct Reactor {
    char name[16];
    int epoll;
    ReactorWatch wake; /* an eventfd */
    pthread_t thread;
    atomic_bool is_started; /* is asked on other threads */
    bool is_stopping;
    ReactorDeferred *deferred, **deferred_end; /* in the order deferred */
    ReactorTimer **timers;                     /* a binary heap from index 1 */
    size_t timer_count, timer_capacity;
    pthread_mutex_t lock; /* of posted and is_awake */
    Calls posted, running;
    bool is_awake; /* the eventfd is written already */
};

static void on_wake(ReactorWatch *watch, uint32_t events)
{
    uint64_t count;
    (void)events;
    (void)!read(watch->fd, &count, sizeof count);
}

bool reactor_new(const char *name, Reactor **reactor_r, Error *err)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (epoll < 0 || wake < 0) {
        fail_errno(err, "starting an event loop");
        fd_auto(&epoll), fd_auto(&wake);
        return false;
    }
    Reactor *reactor = heap_alloc(sizeof *reactor);
    snprintf(reactor->name, sizeof reactor->name, "%s", name);
    reactor->epoll = epoll;
    reactor->deferred_end = &reactor->deferred;
    reactor->wake = (ReactorWatch){ .fd = wake, .ready = on_wake };
    pthread_mutex_init(&reactor->lock, NULL);
    if (!reactor_watch(reactor, &reactor->wake, EPOLLIN, err)) {
        reactor_free(reactor);
        return false;
    }
    *reactor_r = reactor;
    return true;
}

/* --- Watches and timers --- */

bool reactor_watch(Reactor *reactor, ReactorWatch *watch, uint32_t events, Error *err)
{
    struct epoll_event event = { .events = events, .data.ptr = watch };
    if (epoll_ctl(reactor->epoll, EPOLL_CTL_ADD, watch->fd, &event) != 0)
        return fail_errno(err, "watching a descriptor");
    return true;
}

void reactor_rewatch(Reactor *reactor, ReactorWatch *watch, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = watch };
    (void)epoll_ctl(reactor->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

void reactor_unwatch(Reactor *reactor, ReactorWatch *watch)
{
    (void)epoll_ctl(reactor->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
}

static void put_timer(Reactor *reactor, size_t slot, ReactorTimer *timer)
{
    reactor->timers[slot] = timer;
    timer->slot = slot;
}

/* Move the timer from `slot` up or down to where it belongs. */
static void sift(Reactor *reactor, size_t slot, ReactorTimer *timer)
{
    ReactorTimer **heap = reactor->timers;
    while (slot > 1 && heap[slot / 2]->at_ms > timer->at_ms) {
        put_timer(reactor, slot, heap[slot / 2]);
        slot /= 2;
    }
    for (size_t child; (child = slot * 2) <= reactor->timer_count; slot = child) {
        if (child < reactor->timer_count && heap[child + 1]->at_ms < heap[child]->at_ms)
            child++;
        if (heap[child]->at_ms >= timer->at_ms)
            break;
        put_timer(reactor, slot, heap[child]);
    }
    put_timer(reactor, slot, timer);
}

void reactor_set_timer(Reactor *reactor, ReactorTimer *timer, int64_t at_ms)
{
    timer->at_ms = at_ms;
    if (!timer->slot) {
        if (reactor->timer_count + 2 > reactor->timer_capacity) {
            reactor->timer_capacity = MAX(reactor->timer_capacity * 2, (size_t)16);
            reactor->timers =
                heap_grow(reactor->timers, reactor->timer_capacity * sizeof(ReactorTimer *));
        }
        timer->slot = ++reactor->timer_count;
        reactor->timers[timer->slot] = timer;
    }
    sift(reactor, timer->slot, timer);
}

void reactor_clear_timer(Reactor *reactor, ReactorTimer *timer)
{
    size_t slot = timer->slot;
    if (!slot)
        return;
    timer->slot = 0;
    ReactorTimer *last = reactor->timers[reactor->timer_count--];
    if (last != timer)
        sift(reactor, slot, last);
}

/* --- Deferred work --- */

void reactor_defer(Reactor *reactor, ReactorDeferred *deferred)
{
    if (deferred->is_waiting)
        return;
    deferred->is_waiting = true;
    deferred->next = NULL;
    *reactor->deferred_end = deferred;
    reactor->deferred_end = &deferred->next;
}

/* After each callback. */
static void run_deferred(Reactor *reactor)
{
    while (reactor->deferred) {
        ReactorDeferred *deferred = reactor->deferred;
        reactor->deferred = deferred->next;
        if (!reactor->deferred)
            reactor->deferred_end = &reactor->deferred;
        deferred->is_waiting = false;
        deferred->run(deferred);
    }
}

/* --- Calls from other threads --- */

void reactor_post(Reactor *reactor, ReactorCall *call, void *argument)
{
    pthread_mutex_lock(&reactor->lock);
    Calls *posted = &reactor->posted;
    if (posted->count == posted->capacity) {
        posted->capacity = MAX(posted->capacity * 2, (size_t)16);
        posted->at = heap_grow(posted->at, posted->capacity * sizeof(Call));
    }
    posted->at[posted->count++] = (Call){ call, argument };
    bool needs_wake = !reactor->is_awake;
    reactor->is_awake = true;
    pthread_mutex_unlock(&reactor->lock);
    if (needs_wake)
        (void)!write(reactor->wake.fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

bool reactor_is_here(const Reactor *reactor)
{
    return reactor->is_started && pthread_equal(reactor->thread, pthread_self());
}

bool reactor_has_started(const Reactor *reactor) { return reactor->is_started; }

static void run_posted(Reactor *reactor)
{
    pthread_mutex_lock(&reactor->lock);
    Calls calls = reactor->posted;
    reactor->posted = reactor->running;
    reactor->posted.count = 0;
    reactor->is_awake = false;
    pthread_mutex_unlock(&reactor->lock);

    for (size_t i = 0; i < calls.count; i++) {
        calls.at[i].run(calls.at[i].argument);
        run_deferred(reactor);
    }
    reactor->running = calls;
}

/* --- The loop --- */

static void run_timers(Reactor *reactor)
{
    int64_t now = monotonic_ms();
    while (reactor->timer_count && reactor->timers[1]->at_ms <= now) {
        ReactorTimer *due = reactor->timers[1];
        reactor_clear_timer(reactor, due);
        due->fire(due);
        run_deferred(reactor);
    }
}

/* Milliseconds until the next timer, -1 when there is none. */
static int64_t timer_wait(const Reactor *reactor)
{
    if (!reactor->timer_count)
        return -1;
    int64_t left = reactor->timers[1]->at_ms - monotonic_ms();
    return MAX(left, 0);
}

static void *run(void *argument)
{
    Reactor *reactor = argument;
    struct epoll_event events[64];

    while (!reactor->is_stopping) {
        run_timers(reactor);
        int64_t wait = MIN(timer_wait(reactor), (int64_t)60000);
        int count = epoll_wait(reactor->epoll, events, COUNT(events), (int)wait);
        for (int i = 0; i < count; i++) {
            ReactorWatch *watch = events[i].data.ptr;
            watch->ready(watch, events[i].events);
            run_deferred(reactor);
        }
        run_posted(reactor);
    }
    return NULL;
}

bool reactor_start(Reactor *reactor, Error *err)
{
    int failure = pthread_create(&reactor->thread, NULL, run, reactor);
    if (failure) {
        errno = failure;
        return fail_errno(err, "starting a thread");
    }
    pthread_setname_np(reactor->thread, reactor->name);
    reactor->is_started = true;
    return true;
}

static void stop(void *argument)
{
    Reactor *reactor = argument;
    reactor->is_stopping = true;
}

void reactor_free(Reactor *reactor)
{
    if (!reactor)
        return;
    if (reactor->is_started) {
        reactor_post(reactor, stop, reactor);
        pthread_join(reactor->thread, NULL);
    }
    while (reactor->posted.count) /* by the last calls; some of them free memory */
        run_posted(reactor);
    close(reactor->epoll);
    close(reactor->wake.fd);
    pthread_mutex_destroy(&reactor->lock);
    free(reactor->timers);
    free(reactor->posted.at);
    free(reactor->running.at);
    free(reactor);
}
