/* app.h - the running program put together: database, originals, index, workers, jobs, HTTP.
 *
 *     app_start() --> folder locked, database migrated, local socket open, listening
 *     app_stop()  --> requests finished, jobs given back, indexes written
 *
 * `lectern serve` listens on an address; every other command uses the server that runs on the
 * folder, or starts the program for itself without an address. One folder has one program. */
#pragma once

#include "api/api.h"
#include "cli/settings.h"

typedef struct App App;

typedef struct AppOptions {
    const Settings *settings;
    bool listens;  /* on settings->listen, beside the local socket */
    bool is_quiet; /* log only warnings: a command of one's own */
    /* The process whose place it takes (hand_over.h); NULL: none. */
    struct TakeOver *take_over;
    const char *program; /* its path, to be started anew; NULL: it is not */
    int socket;          /* that listens on settings->listen already; 0: none */
} AppOptions;

/* Fails with one clear sentence: folder unreadable or in use, port in use, a database that needs
 * a newer program. */
MUST_CHECK bool app_start(const AppOptions *options, App **app_r, Error *err);
/* NULL is fine. Work that does not end within its grace goes on, and its parts stay as they are. */
void app_stop(App *app);
/* When such work is left: ends the program at once, with what it has printed; else it does nothing.
 */
void app_end_with(int status);
/* Reads the certificate again; connections go on. True where there is none. */
MUST_CHECK bool app_reload_tls(App *app, Error *err);
/* Starts the program anew, in the place of this one, which then gets SIGTERM. On failure this one
 * goes on. */
MUST_CHECK bool app_restart(App *app, Error *err);
Api *app_api(App *app);
