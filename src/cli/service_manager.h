/* service_manager.h - what systemd is told of the server, and the sockets that it has opened for it
 * (sd_notify(3) and sd_listen_fds(3); spoken here without its library). Any thread. */
#pragma once

#include "base/base.h"

/* "READY=1", "STOPPING=1", ... Nothing happens where nobody listens. */
void service_manager_tell(const char *state);
/* The first socket that systemd listens with for us; -1: none. Once: it is the caller's. */
int service_manager_socket(void);
