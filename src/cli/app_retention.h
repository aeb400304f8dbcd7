/* app_retention.h - how long things are kept, by the settings. */
#pragma once

#include "cli/settings.h"
#include "jobs/retention_job.h"

RetentionPlan app_retention(const Settings *settings);
