/* hand_over.h - a new process takes the place of the running server without refusing anybody.
 *
 *     old                                  new
 *     starts the program anew
 *     "sockets": lock, sockets -------->   reads its settings, brings the database up
 *     writes its indexes       <--------   "open"
 *     "held"                   -------->   opens the library, waits until its indexes are level
 *     accepts no more          <--------   "ready"
 *     "go"                     -------->   accepts, and has the files of the indexes
 *     serves who is connected, then ends
 *
 * In between both work on one database, as nodes do. The lock of the data folder belongs to both.
 * When the new process fails or ends before "ready", the old one goes on as if nothing had been.
 * Connections that come in the moment between "ready" and "go" wait in the sockets. */
#pragma once

#include "base/base.h"

/* --- In the new process --- */

typedef struct TakeOver {
    int socket; /* to the old process */
    int lock;   /* -1 once it is somebody else's, as the sockets, or where there is none */
    int local, tcp, redirect;
    char listen[256], listen_redirect[256]; /* what the last two listen on, as its settings said */
} TakeOver;

/* *take_r is NULL when this process was not started for it. */
MUST_CHECK bool take_over_begin(Arena *arena, TakeOver **take_r, Error *err);
/* Asks to open the library; returns when the old process leaves its files alone. */
MUST_CHECK bool take_over_open(TakeOver *take, Error *err);
/* Everything is open; returns when the old process accepts no more. */
MUST_CHECK bool take_over_ready(TakeOver *take, Error *err);
/* Says why it could not be done. */
void take_over_failed(TakeOver *take, const Error *why);
/* Waits until the old process has ended, or for take_over_end() of another thread. */
void take_over_wait(const TakeOver *take);
void take_over_end(TakeOver *take);

/* --- In the old process --- */

typedef struct HandOver HandOver;

typedef struct HandOverOptions {
    const char *program; /* its path when this process began: another may be there now */
    const char *listen, *listen_redirect; /* what these listen on */
    int lock, local, tcp, redirect;       /* -1: none */
    /* Called on a thread of its own, in this order. */
    bool (*hold)(void *argument, bool is_held, Error *err); /* the files of the indexes */
    void (*leave)(void *argument, int new_process);
    void *argument;
} HandOverOptions;

HandOver *hand_over_new(const HandOverOptions *options);
/* Whoever runs it stops soon, and ends the new process unless it has our place. */
void hand_over_cancel(HandOver *over);
/* The same, and waits for it. NULL is fine. */
void hand_over_free(HandOver *over);
/* Start the program and wait until it is in our place, whose number is *process_r then. On failure
 * this process goes on. Any thread; ERROR_CONFLICT while one has begun. */
MUST_CHECK bool hand_over_run(HandOver *over, int *process_r, Error *err);
bool hand_over_is_done(const HandOver *over);
