/* cmd_serve.c - the server. */
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "cli/app.h"
#include "cli/app_log.h"
#include "cli/command.h"
#include "cli/hand_over.h"
#include "cli/service_manager.h"
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
    service_manager_tell_reloading();
    if (!app_reload_tls(app, &err))
        log_error("serve", "the certificate of before is used on: %s", err.message);
    if (models_reload(app_api(app)->models, &err))
        log_info("serve", "services and routes are read again");
    else
        log_error("serve", "the gateway's file is not used: %s", err.message);
    service_manager_tell("READY=1");
}

/* A ServiceBeats. */
static bool beats(void *server) { return http_server_beats(server); }

static void tell_ready(const char *scheme, Str host, int port)
{
    char told[400];
    snprintf(told, sizeof told, "READY=1\nSTATUS=Listening on %s://" STR_FMT ":%d", scheme,
             STR_ARG(str_slice(host, 0, 256)), port);
    service_manager_tell(told);
}

/* A new process must not wait for what the main thread waits for: signals. */
static void *restart(void *app)
{
    Error ignored; /* it is in the log */
    (void)!app_restart(app, &ignored);
    return NULL;
}

static void begin_restart(App *app)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, restart, app) == 0)
        pthread_detach(thread);
}

/* Until it is to stop. */
static void serve(App *app, const Settings *settings, const sigset_t *signals)
{
    int number;
    while (sigwait(signals, &number) == 0 &&
           (number == SIGHUP || number == SIGUSR1 || number == SIGUSR2)) {
        if (number == SIGHUP)
            reload(app);
        else if (number == SIGUSR1)
            app_switch_log(settings);
        else
            begin_restart(app);
    }
}

static void *hurry(void *signals)
{
    int number;
    while (sigwait(signals, &number) != 0 || (number != SIGTERM && number != SIGINT))
        ;
    log_warn("serve", "told twice to stop: what runs is cut off");
    _exit(0); /* everything acknowledged is durable */
}

/* Whoever asks a second time does not want to wait. */
static void stop(App *app, sigset_t *signals)
{
    pthread_t thread;
    log_info("serve", "stopping");
    if (pthread_create(&thread, NULL, hurry, signals) == 0)
        pthread_detach(thread);
    app_stop(app);
}

/* Where the program is, before another is put there. */
static const char *own_path(Arena *arena)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    return length > 0 && length < (ssize_t)sizeof path ? str_c(arena, (Str){ path, (size_t)length })
                                                       : NULL;
}

static bool run(CommandLine *line, Error *err)
{
    AppOptions options = { .settings = &line->settings,
                           .listens = true,
                           .program = own_path(line->arena) };
    int64_t start = monotonic_us();
    App *app;
    static sigset_t signals; /* a thread waits for them to the end of the process */

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
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread starts */
    int socket = service_manager_socket();
    options.socket = MAX(socket, 0);
    if (!take_over_begin(line->arena, &options.take_over, err))
        return false;
    if (!app_start(&options, &app, err)) {
        if (options.take_over)
            take_over_failed(options.take_over, err);
        return false;
    }
    for (size_t i = 0; i < line->settings.notices.count; i++)
        log_info("settings", STR_FMT, STR_ARG(line->settings.notices.at[i]));
    Str listen = line->settings.listen;
    ptrdiff_t colon = str_find_last_char(listen, ':');
    Str host = str_slice(listen, 0, (size_t)MAX(colon, 0));
    HttpServer *server = app_api(app)->server;
    const char *scheme = line->settings.tls_certificate.length ? "https" : "http";
    log_info("serve", "listening on %s://" STR_FMT ":%d after %.3f s", scheme, STR_ARG(host),
             http_server_port(server), (double)(monotonic_us() - start) / 1e6);
    tell_ready(scheme, host, http_server_port(server));
    ServiceWatch *watch = service_watch_start(beats, server);
    serve(app, &line->settings, &signals);
    service_watch_stop(watch);
    stop(app, &signals);
    return true;
}

const Command command_serve = {
    .name = "serve",
    .arguments = "",
    .summary = "Run the server",
    .reads_env = true,
    .run = run,
};
