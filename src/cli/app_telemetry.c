/* app_telemetry.c - see app_telemetry.h. */
#include "cli/app_telemetry.h"

bool app_open_traces(const Settings *settings, const Proxy *proxy, Otlp **otlp_r, Error *err)
{
    OtlpOptions options = { .endpoint = settings->otlp_endpoint,
                            .headers = settings->otlp_headers,
                            .service_name = settings->otlp_service_name,
                            .proxy = proxy };
    *otlp_r = NULL;
    return !settings->otlp_endpoint.length ||
           (otlp_read_sampler(settings->traces_sampler, settings->traces_ratio, &options.trace,
                              err) &&
            otlp_open(&options, otlp_r, err));
}

TelemetryOptions app_telemetry_options(const Settings *settings, const Proxy *proxy)
{
    return (TelemetryOptions){ .otlp_endpoint = settings->otlp_endpoint,
                               .otlp_headers = settings->otlp_headers,
                               .service_name = settings->otlp_service_name,
                               .sentry_dsn = settings->sentry_dsn,
                               .proxy = proxy };
}
