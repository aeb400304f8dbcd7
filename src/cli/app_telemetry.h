/* app_telemetry.h - what the program tells others of itself, as the settings say: spans, figures,
 * failures. */
#pragma once

#include "cli/settings.h"
#include "gateway/telemetry.h"
#include "net/otlp.h"
#include "net/sentry.h"

/* *otlp_r is NULL when no collector is named. */
MUST_CHECK bool app_open_traces(const Settings *settings, const Proxy *proxy, Otlp **otlp_r,
                                Error *err);
/* *sentry_r is NULL when no Sentry is named. */
MUST_CHECK bool app_open_reports(const Settings *settings, const Proxy *proxy, Sentry **sentry_r,
                                 Error *err);
/* How the last run in this data folder broke, if it did, is logged and reported; from now on this
 * one's last words are kept there. */
void app_tell_crash(Arena *arena, Str folder);
/* Of calls of models. */
TelemetryOptions app_telemetry_options(const Settings *settings, const Proxy *proxy);
