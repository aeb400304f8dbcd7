/* app_log.h - what the program logs. */
#pragma once

#include "cli/settings.h"

/* As the settings say; quiet: only warnings. */
void app_set_log(const Settings *settings, bool is_quiet);
/* Everything is logged from now on, every request too; or, the next time, what the settings say. */
void app_switch_log(const Settings *settings);
