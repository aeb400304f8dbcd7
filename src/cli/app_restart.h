/* app_restart.h - the running program's part in hand_over.h: what it takes from the process before
 * it, and what it gives to the one after it. */
#pragma once

#include <pthread.h>

#include "api/api.h"
#include "cli/hand_over.h"
#include "net/http_server.h"

typedef struct AppRestart {
    TakeOver *take;      /* of the process before; NULL: there is none */
    HandOver *over;      /* to the one after */
    Api *api;            /* borrowed */
    const char *program; /* its path; NULL: it cannot be started anew */
    const char *listen, *listen_redirect;
    int socket;          /* that systemd listens with for us; -1: none */
    Str folder;          /* of the data */
    Str node;            /* its name, once it is in its place */
    HttpSockets sockets; /* that the server begins with */
    pthread_t waiting;   /* for the process before to end */
    bool has_waiting;
    _Atomic bool is_ending; /* the wait is over because this process ends */
} AppRestart;

/* The lock of the data folder, also from the process before. */
MUST_CHECK bool restart_lock(AppRestart *restart, int *lock_fd_r, Error *err);
/* Before the library is opened: nobody else writes its files then. */
MUST_CHECK bool restart_open(AppRestart *restart, Error *err);
/* Waits until what the process before can find is found here. */
void restart_wait_level(const AppRestart *restart);
/* With which sockets the server starts, and whether it accepts at once. */
void restart_sockets(AppRestart *restart, HttpServerOptions *options);
/* All is open: in the place of the process before, if there is one. From now on this one can be
 * restarted itself. */
MUST_CHECK bool restart_take_place(AppRestart *restart, int lock_fd, Error *err);
/* Another process takes this one's place: its number. */
MUST_CHECK bool restart_run(void *restart, int *process_r, Error *err);
/* This process stops: no other is started. */
void restart_cancel(AppRestart *restart);
void restart_end(AppRestart *restart);
