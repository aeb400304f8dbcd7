/* app_wait.c - a server that starts before its database waits for it; see app_wait.h. */
#include "cli/app_wait.h"

#include <signal.h>
#include <time.h>

#include "base/log.h"

#define PAUSE_MS 500

bool app_wait_for_database(const char *url, bool *has_told, Error *err)
{
    const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
    sigset_t ends;
    /* One that was waited for may answer between the failure and this look. */
    if (err->code != ERROR_BUSY || (!db_is_away(url) && !*has_told))
        return false;
    if (!*has_told)
        log_warn("serve", "%s; the server starts as soon as it answers", err->message);
    *has_told = true;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    return sigtimedwait(&ends, NULL, &pause) < 0 ||
           fail(err, ERROR_CANCELLED, "stopped while it waited for the database");
}
