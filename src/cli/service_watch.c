/* service_watch.c - tells systemd again and again that the service is well; see service_manager.h.
 */
#include <unistd.h>

#include "base/log.h"
#include "base/ticker.h"
#include "cli/service_manager.h"

#define BEATS 4 /* within what systemd waits for: one that is missed ends nobody */

struct ServiceWatch {
    ServiceBeats *beats;
    void *argument;
    int64_t every_ms;
    bool was_well;
    Ticker *ticker;
};

static void beat(void *argument)
{
    ServiceWatch *watch = argument;
    bool is_well = watch->beats(watch->argument);
    if (is_well)
        service_manager_tell("WATCHDOG=1");
    else if (watch->was_well)
        log_error("serve", "an event loop has not gone round for %" PRId64 " ms", watch->every_ms);
    watch->was_well = is_well;
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
    *watch = (ServiceWatch){
        .beats = beats, .argument = argument, .every_ms = within_us / 1000 / BEATS, .was_well = true
    };
    watch->ticker = ticker_start(&(TickerOptions){
        .name = "systemd", .every_ms = watch->every_ms, .tick = beat, .argument = watch });
    if (!watch->ticker)
        log_warn("serve", "no thread can be started to tell systemd that the server is well");
    return watch;
}

void service_watch_stop(ServiceWatch *watch)
{
    if (!watch)
        return;
    ticker_stop(watch->ticker);
    free(watch);
}
