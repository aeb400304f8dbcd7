/* app_log.c - see app_log.h. */
#include "cli/app_log.h"

#include "base/log.h"

void app_set_log(const Settings *settings, bool is_quiet)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    log_set_json(str_is(settings->log_format, "json"));
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(settings->log_level, names[i]))
            log_set_level(is_quiet ? MAX((LogLevel)i, LOG_WARN) : (LogLevel)i);
}

void app_switch_log(const Settings *settings)
{
    static bool logs_all;
    logs_all = !logs_all;
    app_set_log(settings, false);
    log_info("serve", "%s",
             logs_all ? "everything is logged; another SIGUSR1 ends it"
                      : "what is logged is what the settings say");
    if (logs_all)
        log_set_level(LOG_DEBUG);
}
