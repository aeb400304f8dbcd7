/* app_stop.c - ends the program: what it does is finished or given back, then its parts go. */
#include "cli/app_int.h"

#include <unistd.h>

#include "account/throttle.h"
#include "api/conversions.h"
#include "api/door.h"
#include "api/idempotency.h"
#include "approval/approval.h"
#include "base/clock.h"
#include "base/log.h"
#include "batch/batches.h"
#include "cli/service_manager.h"
#include "connect/connect.h"
#include "export/export.h"
#include "mcp/mcp_client.h"
#include "meetings/meetings.h"
#include "net/otlp.h"
#include "store/access.h"
#include "workflow/workflow.h"

#define STOP_GRACE_MS 10000 /* of jobs, or stop_grace where that is less */
#define STOP_GRACE_MIN_MS 1000
#define STOP_LAST_MS 5000 /* of requests whose time is over */

static atomic_bool work_is_left;

void app_end_with(int status)
{
    if (!work_is_left)
        return;
    (void)fflush(stdout);
    _exit(status);
}

/* Whether all of it ended in time. */
static bool finish_work(App *app)
{
    restart_cancel(&app->restart);
    if (app->api.server)
        http_server_leave(app->api.server); /* /ready says no before nobody can connect any more */
    if (app->api.server && !hand_over_is_done(app->restart.over)) {
        service_manager_tell("STOPPING=1\nSTATUS=Ending what is under way");
        sleep_ms(app->settings->stop_delay * 1000);
    }
    http_server_drain(app->api.server, app->settings->stop_grace * 1000);
    conversions_stop(app->api.conversions);
    node_watch_stop(app->watch);
    bool idle = http_server_stop(app->api.server, STOP_LAST_MS);
    return jobs_stop(app->api.jobs, MAX(MIN(STOP_GRACE_MS, app->settings->stop_grace * 1000),
                                        STOP_GRACE_MIN_MS)) &&
           idle;
}

/* Who uses another part goes before it. */
static void close_features(App *app)
{
    conversions_free(app->api.conversions);
    door_free(app->api.door);
    idempotency_close(app->api.idempotency);
    pool_free(app->news.pool);
    models_close(app->api.models); /* its calls may still be answered by the library */
    workflows_free(app->api.workflows);
    meetings_free(app->api.meetings);
    summaries_free(app->api.summaries);
    labels_free(app->api.labels);
    answers_free(app->api.answers);
    searcher_free(app->api.searcher);
    batches_free(app->api.batches);
    exports_free(app->api.exports);
    connect_free(app->api.connect);
    library_close(app->api.library);
    account_close(app->api.account);
    notifier_close(app->api.notifier);
    webhooks_free(app->api.webhooks);
    approvals_free(app->api.approvals);
    throttle_free(app->api.link_throttle);
    mcp_servers_free(app->api.mcp_servers);
    event_feed_close(app->news.feed);
    if (app->api.db)
        db_unlisten(app->api.db, ACCESS_CHANNEL, event_hub_shut_out, app->api.events);
    event_hub_free(app->api.events);
}

static void close_parts(App *app)
{
    encode_queue_free(app->encoder);
    reranker_free(app->reranker);
    sandbox_free(app->sandbox);
    blob_store_free(app->blobs);
    blob_store_free(app->second_blobs);
    file_place_free(app->backup_to);
    if (app->vectors && app->vectors->free)
        app->vectors->free(app->vectors);
    db_close(app->api.db);
    otlp_close(app->api.otlp);
    sentry_close(app->sentry);
    tls_files_free(app->tls);
    trusted_proxies_free(app->trusted);
    if (app->lock_fd >= 0)
        close(app->lock_fd);
    arena_free(app->arena);
    free(app);
}

void app_stop(App *app)
{
    if (!app)
        return;
    if (!finish_work(app)) {
        /* Work that does not end still uses its parts. Everything acknowledged is durable. */
        log_warn("serve", "some work did not end in time; it begins again at the next start");
        work_is_left = true;
        return;
    }
    restart_end(&app->restart);
    close_features(app);
    close_parts(app);
}
