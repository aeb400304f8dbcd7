/* app_server.c - starts the HTTP server of the program. */
#include "cli/app_int.h"

#include "account/token.h"
#include "api/conversions.h"
#include "api/door.h"
#include "base/log.h"

static bool is_loopback(Str listen)
{
    return str_starts(listen, S("127.")) || str_starts(listen, S("localhost")) ||
           str_starts(listen, S("[::1]"));
}

bool app_start_server(App *app, bool listens, Error *err)
{
    const Settings *settings = app->settings;
    HttpServerOptions options = { .listen = listens ? str_c(app->arena, settings->listen) : NULL,
                                  .local_path = app->socket,
                                  .reactor_count = listens ? (int)settings->reactors : 1,
                                  .connection_max = (size_t)settings->connections,
                                  .connection_max_per_address =
                                      (size_t)settings->connections_per_address,
                                  .thread_count = (int)settings->request_threads,
                                  .wait_ms = settings->request_wait * 1000,
                                  .disk_reserve = (uint64_t)settings->disk_reserve };
    bool needed = false;
    app->api.wait_ms = settings->request_wait * 1000;
    if (listens && settings->tls_redirect.length)
        options.listen_redirect = str_c(app->arena, settings->tls_redirect);
    if (str_starts(settings->public_url, S("https://")))
        options.redirect_to = app->api.public_url;
    if (listens && settings->tls_certificate.length &&
        !tls_files_open(str_c(app->arena, settings->tls_certificate),
                        str_c(app->arena, settings->tls_key), &app->tls, err))
        return false;
    options.tls = app->tls;
    if (!trusted_proxies_read(settings->trusted_proxies, &app->trusted, err))
        return false;
    options.trusted = app->trusted;
    restart_sockets(&app->restart, &options);
    if (listens && !is_loopback(settings->listen) &&
        account_needs_setup(app->api.account, &needed, err) && needed) {
        app->api.setup_token = str_c(app->arena, token_new(app->arena, ""));
        /* The one secret that belongs in the log: it is how its reader proves to be the owner. */
        log_info("serve", "the set-up token for the first account is %s", app->api.setup_token);
    }
    return http_server_start(&options, &api_dispatch, &app->api, &app->api.server, err);
}

void app_open_conversions(App *app)
{
    const Settings *settings = app->settings;
    ConversionsOptions options = { .at_once = (int)settings->convert_at_once,
                                   .held_max = (int)MAX(settings->request_threads / 2, 1),
                                   .folder = app->api.upload_folder };
    app->api.conversions = conversions_new(&options);
    app->api.door = door_new(settings->address_rate, settings->user_rate);
    app->api.converts_without_key = settings->convert_without_key != 0;
    app->api.metrics_token = settings->metrics_token;
    app->api.shows_metrics = settings->metrics_open != 0;
}
