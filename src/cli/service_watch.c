/* service_watch.c - tells systemd again and again that the service is well; see service_manager.h.
 */
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/service_manager.h"

#define BEATS 4 /* within what systemd waits for: one that is missed ends nobody */

struct ServiceWatch {
    ServiceBeats *beats;
    void *argument;
    int64_t every_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_ending;
};

/* False: it is to end. */
static bool rest(ServiceWatch *watch)
{
    int64_t until_ms = monotonic_ms() + watch->every_ms;
    pthread_mutex_lock(&watch->lock);
    while (!watch->is_ending && cond_wait_until(&watch->wake, &watch->lock, until_ms))
        ;
    bool goes_on = !watch->is_ending;
    pthread_mutex_unlock(&watch->lock);
    return goes_on;
}

static void *run(void *argument)
{
    ServiceWatch *watch = argument;
    bool was_well = true;
    do {
        bool is_well = watch->beats(watch->argument);
        if (is_well)
            service_manager_tell("WATCHDOG=1");
        else if (was_well)
            log_error("serve", "an event loop has not gone round for %" PRId64 " ms",
                      watch->every_ms);
        was_well = is_well;
    } while (rest(watch));
    return NULL;
}

/* The variable is of nobody that we start but of the process that takes our place, which has it
 * from the environment that this one began with (hand_over.c). */
static bool is_wanted(int64_t *within_us)
{
    int64_t pid;
    const char *told = getenv("WATCHDOG_USEC"), *whose = getenv("WATCHDOG_PID");
    return told && str_to_int(str(told), BEATS, INT64_MAX, within_us) &&
           (!whose || (str_to_int(str(whose), 1, INT32_MAX, &pid) && pid == getpid()));
}

ServiceWatch *service_watch_start(ServiceBeats *beats, void *argument)
{
    int64_t within_us;
    if (!is_wanted(&within_us))
        return NULL;
    ServiceWatch *watch = heap_alloc(sizeof *watch);
    watch->beats = beats;
    watch->argument = argument;
    watch->every_ms = within_us / 1000 / BEATS;
    pthread_mutex_init(&watch->lock, NULL);
    pthread_cond_init(&watch->wake, NULL);
    if (pthread_create(&watch->thread, NULL, run, watch) != 0) {
        log_warn("serve", "no thread can be started to tell systemd that the server is well");
        watch->is_ending = true;
    }
    return watch;
}

void service_watch_stop(ServiceWatch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    bool runs = !watch->is_ending;
    watch->is_ending = true;
    pthread_cond_signal(&watch->wake);
    pthread_mutex_unlock(&watch->lock);
    if (runs)
        pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->wake);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}
