/* service_manager.h - what systemd is told of the server, and the sockets that it has opened for it
 * (sd_notify(3) and sd_listen_fds(3); spoken here without its library). Any thread. */
#pragma once

#include "base/base.h"

/* "READY=1", "STOPPING=1", "STATUS=..." with line ends between. Nothing happens where nobody
 * listens. */
void service_manager_tell(const char *state);
/* READY=1 follows, whether it went well or not. */
void service_manager_tell_reloading(void);
/* The first socket that systemd listens with for us; -1: none. Once: it is the caller's. */
int service_manager_socket(void);

/* Whether the service is well; called a few times within what systemd waits for (WATCHDOG_USEC). */
typedef bool ServiceBeats(void *argument);
typedef struct ServiceWatch ServiceWatch;
/* Says WATCHDOG=1 on a thread of its own while `beats` says so, so that systemd ends a service that
 * hangs. NULL where systemd watches nobody, or another process. */
ServiceWatch *service_watch_start(ServiceBeats *beats, void *argument);
void service_watch_stop(ServiceWatch *watch); /* NULL is fine */
