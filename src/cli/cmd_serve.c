/* cmd_serve.c - the server. */
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "cli/app.h"
#include "cli/command.h"
#include "models/models.h"
#include "net/http_server.h"

/* Every connection needs a descriptor, and the limit that a program begins with is that of the days
 * of select(). */
static void allow_many_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536) {
        limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)65536);
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void reload(App *app)
{
    Error err;
    if (models_reload(app_api(app)->models, &err))
        log_info("serve", "services and routes are read again");
    else
        log_error("serve", "the gateway's file is not used: %s", err.message);
}

static bool run(CommandLine *line, Error *err)
{
    AppOptions options = { .settings = &line->settings, .listens = true };
    int64_t start = monotonic_us();
    App *app;
    sigset_t signals;
    int number;

    /* The blocks of a large document go back to the system when it is done: without this glibc
     * keeps ever larger ones for the next, 17 MB more after three PDFs of 1,600 pages. */
    (void)mallopt(M_MMAP_THRESHOLD, KB(512));
    /* What a search took stays with its thread for the next one: to give it back each time and take
     * it anew, page by page, is a twentieth of the search. */
    (void)mallopt(M_TRIM_THRESHOLD, MB(2));
    crash_report();
    allow_many_files();
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread starts */
    if (!app_start(&options, &app, err))
        return false;
    for (size_t i = 0; i < line->settings.notices.count; i++)
        log_info("settings", STR_FMT, STR_ARG(line->settings.notices.at[i]));
    Str listen = line->settings.listen;
    ptrdiff_t colon = str_find_last_char(listen, ':');
    log_info("serve", "listening on http://" STR_FMT ":%d after %.3f s",
             STR_ARG(str_slice(listen, 0, (size_t)MAX(colon, 0))),
             http_server_port(app_api(app)->server), (double)(monotonic_us() - start) / 1e6);
    while (sigwait(&signals, &number) == 0 && number == SIGHUP)
        reload(app);
    log_info("serve", "stopping");
    app_stop(app);
    return true;
}

const Command command_serve = {
    .name = "serve",
    .arguments = "",
    .summary = "Run the server",
    .reads_env = true,
    .run = run,
};
