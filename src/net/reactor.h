/* reactor.h - one event loop on one thread: descriptors, timers, calls from other threads.
 *
 * Watches, timers and what is deferred are members of their owner's struct, so the loop allocates
 * nothing for them.
 *
 * Threads: reactor_post() and reactor_is_here() from any thread; everything else on the loop's own
 * thread, or before reactor_start(). */
#pragma once

#include "base/base.h"

typedef struct Reactor Reactor;

typedef struct ReactorWatch {
    int fd;
    void (*ready)(struct ReactorWatch *watch, uint32_t events); /* EPOLLIN, EPOLLHUP, ... */
    void *owner;
} ReactorWatch;

typedef struct ReactorTimer {
    int64_t at_ms; /* monotonic */
    size_t slot;   /* position in the heap, from 1; 0: not set */
    void (*fire)(struct ReactorTimer *timer);
    void *owner;
} ReactorTimer;

/* Work that is put off until the callback that runs now has returned, so that it is done once for
 * all that the callback brings about. */
typedef struct ReactorDeferred {
    void (*run)(struct ReactorDeferred *deferred);
    void *owner;
    struct ReactorDeferred *next;
    bool is_waiting;
} ReactorDeferred;

typedef void ReactorCall(void *argument);

/* A loop that is not running yet. */
MUST_CHECK bool reactor_new(const char *name, Reactor **reactor_r, Error *err);
MUST_CHECK bool reactor_start(Reactor *reactor, Error *err);
/* Ends the loop after the calls posted so far, waits for its thread, runs what they have posted on
 * the caller's, and frees it. NULL is fine. */
void reactor_free(Reactor *reactor);

/* Run call(argument) on the loop's thread, soon, in the order posted. */
void reactor_post(Reactor *reactor, ReactorCall *call, void *argument);
bool reactor_is_here(const Reactor *reactor);
bool reactor_has_started(const Reactor *reactor);

/* Watch fd for epoll events (level-triggered unless EPOLLET or EPOLLONESHOT is given). */
MUST_CHECK bool reactor_watch(Reactor *reactor, ReactorWatch *watch, uint32_t events, Error *err);
/* Watch it for other events. */
void reactor_rewatch(Reactor *reactor, ReactorWatch *watch, uint32_t events);
void reactor_unwatch(Reactor *reactor, ReactorWatch *watch);
/* Set or move a timer; it fires once. */
void reactor_set_timer(Reactor *reactor, ReactorTimer *timer, int64_t at_ms);
void reactor_clear_timer(Reactor *reactor, ReactorTimer *timer);
/* From a callback of the loop. Once, however often it is called until then; must stay until it has
 * run. */
void reactor_defer(Reactor *reactor, ReactorDeferred *deferred);
