/* app.c - see app.h. */
#include "cli/app_int.h"

#include "api/idempotency.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/app_blobs.h"
#include "cli/app_fallback.h"
#include "cli/app_folder.h"
#include "cli/app_log.h"
#include "cli/app_telemetry.h"
#include "cli/app_watch.h"
#include "store/access.h"

/* It may come later: until then what needs it says so. */
static void look_at_blobs(App *app)
{
    Error err = { 0 };
    if (!blob_probe(app->blobs, &err))
        log_warn("serve", "%s", err.message);
}

static bool start_watch(App *app, const AppOptions *options, Str folder)
{
    if (options->listens) /* a command that opens the folder itself is no node */
        app->watch = app_watch_start(app->arena, &app->api, app->settings, folder);
    return true;
}

/* What requests know of the settings. */
static void set_api(App *app)
{
    app->api.upload_folder = str_c(app->arena, str(blob_incoming(app->blobs)));
    app->api.upload_max = app->settings->upload_max;
    app->api.redirect_s = app->settings->s3_redirect;
    app->api.form_max = app->settings->form_max;
    app_open_conversions(app);
    app->api.public_url = str_c(app->arena, app->settings->public_url);
    app->api.app_name = app->settings->app_name;
    app->api.cors_origins = app->settings->cors_origins;
    app->api.is_strict = settings_are_strict(app->settings);
    app->api.shows_docs = str_is(app->settings->docs, "on") ||
                          (str_is(app->settings->docs, "auto") && !app->api.is_strict);
    app->api.is_secure = str_starts(app->settings->public_url, S("https:")) ||
                         app->settings->tls_certificate.length > 0;
    app->api.started_ms = now_ms();
    app->api.restart = restart_run;
    app->api.restarter = &app->restart;
    app->doctor = (DoctorParts){ .api = &app->api,
                                 .settings = app->settings,
                                 .blobs = app->blobs,
                                 .second_blobs = app->second_blobs,
                                 .backup_to = app->backup_to };
    app->api.examine = doctor_examine;
    app->api.examiner = &app->doctor;
}

static bool start_parts(App *app, const AppOptions *options, Error *err)
{
    Str folder;
    app->api.proxy = (Proxy){ .url = str_c(app->arena, app->settings->proxy),
                              .except = str_c(app->arena, app->settings->no_proxy) };
    if (!app_data_folder(app->arena, app->settings, &folder, err))
        return false;
    app->restart = (AppRestart){ .take = options->take_over,
                                 .api = &app->api,
                                 .program = options->program,
                                 .listen = str_c(app->arena, app->settings->listen),
                                 .listen_redirect = str_c(app->arena, app->settings->tls_redirect),
                                 .socket = options->socket ? options->socket : -1,
                                 .folder = folder };
    if (!restart_lock(&app->restart, &app->lock_fd, err) ||
        !app_open_traces(app->settings, &app->api.proxy, &app->api.otlp, err) ||
        !app_open_reports(app->settings, &app->api.proxy, &app->sentry, err))
        return false;
    app_tell_crash(app->arena, folder);
    app->socket = app_socket(app->arena, folder);
    app->api.all = &app->api;
    app->api.events = event_hub_new();
    app->news = (AppNews){ .api = &app->api, .pool = pool_new("news", 1, 1024) };
    if (!app_open_master_key(app->arena, app_master_key_path(app->arena, app->settings, folder),
                             err) ||
        (options->listens && !app_fall_back(app, &folder, err)) ||
        !app_open_database(app, folder, options->listens, err) ||
        !event_feed_open(app->api.db, app->api.events, &app->news.feed, err) ||
        !db_listen(app->api.db, ACCESS_CHANNEL, event_hub_shut_out, app->api.events, err) ||
        !app_open_blobs(app->arena, app->settings, folder, &app->blobs, err) ||
        !app_open_second_blobs(app->arena, app->settings, folder, &app->second_blobs, err) ||
        !app_open_backup_place(app->arena, app->settings, app->settings->backup_to, &app->backup_to,
                               err))
        return false;
    look_at_blobs(app);
    SandboxOptions sandbox = { .ready_service = "extract", .ready_count = 1 };
    app->sandbox = sandbox_new(&sandbox);
    if (!app_open_encoder(app, folder, options->is_quiet, err) ||
        !app_open_reranker(app, folder, err))
        return false;
    set_api(app);
    return app_open_vectors(app, err) && app_open_library(app, folder, err) &&
           app_open_notifier(app, err) && app_open_features(app, err) &&
           app_start_jobs(app, folder, err) &&
           idempotency_open(app->api.db, app->settings->idempotency_hours, &app->api.idempotency,
                            err) &&
           app_start_server(app, options->listens, err) &&
           restart_take_place(&app->restart, app->lock_fd, err) &&
           start_watch(app, options, folder);
}

bool app_start(const AppOptions *options, App **app_r, Error *err)
{
    app_set_log(options->settings, options->is_quiet);
    App *app = heap_alloc(sizeof *app);
    app->arena = arena_new(MB(64));
    app->settings = options->settings;
    app->lock_fd = -1;
    if (!start_parts(app, options, err)) {
        app_stop(app);
        return false;
    }
    *app_r = app;
    return true;
}

bool app_reload_tls(App *app, Error *err) { return !app->tls || tls_files_read(app->tls, err); }

bool app_restart(App *app, Error *err)
{
    int process;
    return restart_run(&app->restart, &process, err);
}

Api *app_api(App *app) { return &app->api; }
