/* app_restart.c - see app_restart.h. */
#include "cli/app_restart.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/app_folder.h"
#include "cli/service_manager.h"
#include "jobs/job_runner.h"
#include "library/library.h"
#include "store/upgrade.h"

#define HOLD_MS 60000
/* An index that is built anew; then it is told that not all is found yet. */
#define LEVEL_MS (10 * 60 * 1000)

/* --- In the place of another --- */

static bool is_lock_of(Str folder, int fd)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    struct stat ours, given;
    return stat(path_join(arena, folder, S("lock")), &ours) == 0 && fstat(fd, &given) == 0 &&
           ours.st_ino == given.st_ino && ours.st_dev == given.st_dev;
}

bool restart_lock(AppRestart *restart, int *lock_fd_r, Error *err)
{
    TakeOver *take = restart->take;
    if (!take)
        return app_lock_folder(restart->folder, lock_fd_r, err);
    if (take->lock < 0 || !is_lock_of(restart->folder, take->lock))
        return fail_field(err, "data",
                          "the running server has another data folder than " STR_FMT
                          "; stop it, and start it again",
                          STR_ARG(restart->folder));
    *lock_fd_r = take->lock;
    take->lock = -1;
    return true;
}

bool restart_open(AppRestart *restart, Error *err)
{
    return !restart->take || take_over_open(restart->take, err);
}

void restart_wait_level(const AppRestart *restart)
{
    if (restart->take && !library_wait_indexed(restart->api->library, LEVEL_MS))
        log_warn("serve", "the index is still being built; until then not all is found");
}

void restart_sockets(AppRestart *restart, HttpServerOptions *options)
{
    TakeOver *take = restart->take;
    restart->sockets = (HttpSockets){ .tcp = -1, .local = -1, .redirect = -1 };
    if (take) {
        restart->sockets.local = take->local;
        take->local = -1;
        if (options->listen && strcmp(options->listen, take->listen) == 0) {
            restart->sockets.tcp = take->tcp;
            take->tcp = -1;
        }
        if (options->listen_redirect &&
            strcmp(options->listen_redirect, take->listen_redirect) == 0) {
            restart->sockets.redirect = take->redirect;
            take->redirect = -1;
        }
    } else if (options->listen) {
        restart->sockets.tcp = restart->socket;
    }
    options->given = &restart->sockets;
    options->is_held = take != NULL;
}

/* News of the database reaches one process alone where it is SQLite: what the other has done in its
 * last seconds is looked for. And nobody is left who reads what an upgrade leaves for the end. */
static void *wait_for_end(void *argument)
{
    AppRestart *restart = argument;
    Db *db = restart->api->db;
    Error err;
    take_over_wait(restart->take);
    db_missed_news(db);
    if (!restart->is_ending && db_kind(db) == DB_SQLITE && !upgrade_end(db, &err))
        log_warn("serve",
                 "the upgrade of the database is finished at the next start (secrets inside "
                 "addresses are "
                 "sealed, collections restricted by one row): %s",
                 err.message);
    return NULL;
}

static bool hold_index(void *argument, bool is_held, Error *err)
{
    const AppRestart *restart = argument;
    return library_hold_index(restart->api->library, is_held, HOLD_MS) ||
           fail(err, ERROR_TIMEOUT, "the index could not be %s within a minute",
                is_held ? "written" : "used again");
}

static void leave(void *argument, int process)
{
    AppRestart *restart = argument;
    char told[64];
    snprintf(told, sizeof told, "MAINPID=%d\n", process);
    http_server_hand_over(restart->api->server);
    jobs_retire(restart->api->jobs);
    service_manager_tell(told);
}

static void prepare_for_next(AppRestart *restart, int lock_fd)
{
    HttpSockets sockets = http_server_sockets(restart->api->server);
    HandOverOptions options = { .program = restart->program,
                                .listen = restart->listen,
                                .lock = lock_fd,
                                .local = sockets.local,
                                .tcp = sockets.tcp,
                                .redirect = sockets.redirect,
                                .listen_redirect = restart->listen_redirect,
                                .hold = hold_index,
                                .leave = leave,
                                .argument = restart };
    if (restart->program)
        restart->over = hand_over_new(&options);
}

static bool keep_node_name(const AppRestart *restart, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    return file_write(path_join(arena, restart->folder, S("node")), restart->node, 0600, err);
}

bool restart_take_place(AppRestart *restart, int lock_fd, Error *err)
{
    Error ignored;
    prepare_for_next(restart, lock_fd);
    if (!restart->take)
        return true;
    if (!take_over_ready(restart->take, err))
        return false;
    http_server_accept(restart->api->server);
    if (!hold_index(restart, false, &ignored))
        log_warn("serve", "%s", ignored.message);
    if (!keep_node_name(restart, &ignored)) /* then its jobs wait for their leases after a crash */
        log_warn("serve", "%s", ignored.message);
    restart->has_waiting = pthread_create(&restart->waiting, NULL, wait_for_end, restart) == 0;
    return true;
}

/* --- Another in our place --- */

bool restart_run(void *argument, int *process_r, Error *err)
{
    AppRestart *restart = argument;
    if (!restart->over)
        return fail(err, ERROR_UNSUPPORTED,
                    "this is no server that listens: there is nothing to start anew");
    service_manager_tell_reloading();
    if (!hand_over_run(restart->over, process_r, err)) {
        service_manager_tell("READY=1");
        log_error("serve", "the server could not be started anew and goes on as it was: %s",
                  err->message);
        return false;
    }
    log_info("serve", "process %d has the place of this one", *process_r);
    (void)kill(getpid(), SIGTERM); /* whoever waits for it ends this process */
    return true;
}

void restart_cancel(AppRestart *restart)
{
    if (restart->over)
        hand_over_cancel(restart->over);
}

void restart_end(AppRestart *restart)
{
    hand_over_free(restart->over);
    if (restart->has_waiting) {
        restart->is_ending = true;
        take_over_end(restart->take);
        (void)pthread_join(restart->waiting, NULL);
    }
}
