/* app_telemetry.h - what the program tells others of itself, as the settings say: spans, figures,
 * failures. */
#pragma once

#include "cli/settings.h"
#include "gateway/telemetry.h"
#include "net/otlp.h"

/* *otlp_r is NULL when no collector is named. */
MUST_CHECK bool app_open_traces(const Settings *settings, const Proxy *proxy, Otlp **otlp_r,
                                Error *err);
/* Of calls of models. */
TelemetryOptions app_telemetry_options(const Settings *settings, const Proxy *proxy);
