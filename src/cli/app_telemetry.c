/* app_telemetry.c - see app_telemetry.h. */
#include "cli/app_telemetry.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/log.h"
#include "base/report.h"

bool app_open_traces(const Settings *settings, const Proxy *proxy, Otlp **otlp_r, Error *err)
{
    OtlpOptions options = { .endpoint = settings->otlp_endpoint,
                            .headers = settings->otlp_headers,
                            .service_name = settings->otlp_service_name,
                            .protocol = otlp_protocol(settings->otlp_protocol),
                            .proxy = proxy };
    *otlp_r = NULL;
    return !settings->otlp_endpoint.length ||
           (otlp_read_sampler(settings->traces_sampler, settings->traces_ratio, &options.trace,
                              err) &&
            otlp_open(&options, otlp_r, err));
}

bool app_open_reports(const Settings *settings, const Proxy *proxy, Sentry **sentry_r, Error *err)
{
    SentryOptions options = { .dsn = settings->sentry_dsn,
                              .environment = settings->profile,
                              .proxy = proxy };
    *sentry_r = NULL;
    return !settings->sentry_dsn.length || sentry_open(&options, sentry_r, err);
}

void app_tell_crash(Arena *arena, Str folder)
{
    char *path = path_join(arena, folder, S("crash"));
    Str words, first;
    Error ignored;
    if (file_read(arena, path, KB(64), &words, &ignored) && words.length) {
        Str rest = words;
        (void)str_next(&rest, '\n', &first);
        log_error("serve", "the program broke when it ran last: " STR_FMT, STR_ARG(first));
        Failure failure = { .area = "crash",
                            .where = S("serve"),
                            .what = S("signal"),
                            .message = first,
                            .detail = rest };
        report_failure(&failure);
    }
    crash_keep(path);
}

TelemetryOptions app_telemetry_options(const Settings *settings, const Proxy *proxy)
{
    return (TelemetryOptions){ .otlp_endpoint = settings->otlp_endpoint,
                               .otlp_headers = settings->otlp_headers,
                               .service_name = settings->otlp_service_name,
                               .otlp_protocol = otlp_protocol(settings->otlp_protocol),
                               .proxy = proxy };
}
