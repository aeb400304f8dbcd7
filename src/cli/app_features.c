/* app_features.c - opens what the program does with its library: accounts, models, answers,
 * workflows. */
#include "cli/app_int.h"

#include "account/throttle.h"
#include "api/here.h"
#include "approval/approval.h"
#include "base/log.h"
#include "batch/batches.h"
#include "cli/account_options.h"
#include "cli/app_telemetry.h"
#include "connect/connect.h"
#include "export/export.h"
#include "mcp/mcp_client.h"
#include "meetings/meetings.h"
#include "study/make.h"
#include "study/next_questions.h"
#include "webhook/incoming.h"
#include "workflow/workflow.h"

/* What is running goes on as it was when the file is wrong. */
static void on_reload(void *api, const Error *failure)
{
    (void)api;
    if (failure)
        log_error("gateway", "the file is not used: %s", failure->message);
    else
        log_info("gateway", "services and routes are read again");
}

bool app_open_notifier(App *app, Error *err)
{
    const Settings *settings = app->settings;
    NotifierOptions options = { .db = app->api.db,
                                .smtp = { .url = settings->smtp_url },
                                .mail_from = settings->smtp_from,
                                .public_url = settings->public_url };
    if (settings->smtp_ca.length)
        options.smtp.ca_file = str_c(app->arena, settings->smtp_ca);
    WebhooksOptions webhooks = { .db = app->api.db,
                                 .proxy = &app->api.proxy,
                                 .held = notify_webhook_held,
                                 .public_url = settings->public_url };
    if (!notifier_open(&options, &app->api.notifier, err))
        return false;
    app->api.webhooks = webhooks_new(&webhooks);
    app->api.approvals = approvals_new(app->api.db, settings->public_url, settings->approval_days);
    notifier_set_more(app->api.notifier, approvals_write_links, app->api.approvals);
    app->api.link_throttle = throttle_new();
    return throttle_share(app->api.link_throttle, app->api.db, "throttle_links", err);
}

static void open_connect(App *app)
{
    const Settings *settings = app->settings;
    ConnectOptions options = { .db = app->api.db,
                               .library = app->api.library,
                               .folders = settings->connect_folders,
                               .public_url = settings->public_url,
                               .file_max = settings->upload_max,
                               .proxy = &app->api.proxy };
    if (settings->connect_ca.length)
        options.ca_file = str_c(app->arena, settings->connect_ca);
    app->api.connect = connect_new(&options);
}

static void open_batches(App *app)
{
    BatchesOptions options = { .db = app->api.db,
                               .library = app->api.library,
                               .models = app->api.models,
                               .file_max = app->settings->files_max,
                               .files_sum_max = app->settings->files_sum_max };
    app->api.batches = batches_new(&options);
    app->api.exports =
        exports_new(&(ExportsOptions){ .db = app->api.db,
                                       .library = app->api.library,
                                       .disk_reserve = app->settings->disk_reserve });
}

static bool on_hook(DbTx *tx, void *argument, const Scope *scope, Arena *arena, const Hook *hook,
                    const HookReceipt *receipt, Str body, Error *err)
{
    (void)argument;
    return workflow_hook_called(tx, scope, arena, hook->id, receipt->id, body, err);
}

static void open_workflows(App *app)
{
    WorkflowsOptions options = { .db = app->api.db,
                                 .library = app->api.library,
                                 .searcher = app->api.searcher,
                                 .labels = app->api.labels,
                                 .models = app->api.models,
                                 .summaries = app->api.summaries,
                                 .field_reader = app->api.field_reader,
                                 .proxy = &app->api.proxy };
    app->api.workflows = workflows_new(&options);
    approvals_set_listener(app->api.approvals, workflow_approval_ended, NULL);
    incoming_set_listener(app->api.webhooks, on_hook, NULL);
    labels_set_listener(workflow_classified);
}

static bool open_models(App *app, Error *err)
{
    const Settings *settings = app->settings;
    ModelsOptions models = { .db = app->api.db,
                             .provider_url = settings->provider_url,
                             .provider_model = settings->provider_model,
                             .provider_key = settings->provider_key,
                             .file = settings->gateway,
                             .on_reload = on_reload,
                             .reply_tokens_max = settings->reply_tokens_max,
                             .calls_days = settings->calls_days,
                             .prompt_days = settings->prompt_days,
                             .response_days = settings->response_days,
                             .kept_answers_mb = settings->kept_answers_mb,
                             .telemetry = app_telemetry_options(settings, &app->api.proxy),
                             .proxy = &app->api.proxy,
                             .encoder = app->encoder,
                             .files = { .folder = settings->model_files,
                                        .program = settings->llama_server,
                                        .arguments = settings->llama_arguments,
                                        .warm = settings->model_files_warm,
                                        .at_once = settings->model_files_at_once,
                                        .idle_ms = settings->model_files_idle * 60000,
                                        .memory_bytes = settings->model_files_memory },
                             .load_caller = api_load_caller,
                             .load_file = api_load_file,
                             .prepare_media = api_prepare_media,
                             .load_app = &app->api,
                             .answer_here = api_answer_here,
                             .version_here = api_version_here,
                             .models_here = api_models_here,
                             .here_threads = (int)settings->request_threads,
                             .user_rate = settings->user_rate,
                             .unpriced_is_free = str_is(settings->unpriced_models, "free") };
    return models_open(&models, &app->api.models, err);
}

static void open_searcher(App *app)
{
    app->api.searcher = searcher_new(app->api.db, app->api.library);
    searcher_set_models(app->api.searcher, app->api.models);
    searcher_set_encoder(app->api.searcher, app->encoder);
    searcher_set_reranker(app->api.searcher, app->reranker);
    searcher_set_fresh_days(app->api.searcher, (double)app->settings->fresh_days);
}

static void open_meetings(App *app)
{
    const Settings *settings = app->settings;
    MeetingsOptions meetings = { .db = app->api.db,
                                 .library = app->api.library,
                                 .models = app->api.models,
                                 .summaries = app->api.summaries,
                                 .proxy = &app->api.proxy,
                                 .public_url = app->api.public_url,
                                 .jitsi_hosts = settings->jitsi_hosts,
                                 .recording_max = settings->recording_max };
    app->api.meetings = meetings_new(&meetings);
}

bool app_open_features(App *app, Error *err)
{
    AccountOptions account = account_options(app->arena, app->settings, &app->api.proxy);
    if (!account_open(app->api.db, &account, &app->api.account, err) || !open_models(app, err))
        return false;
    open_batches(app);
    open_connect(app);
    app->api.mcp_servers = mcp_servers_new(app->api.db, &app->api.proxy);
    open_searcher(app);
    app->api.answers =
        answers_new(app->api.db, app->api.searcher, app->api.library, app->api.models);
    answers_set_asker(app->api.answers, study_next_questions);
    app->api.maker = arena_new_one(app->arena, StudyMaker);
    *app->api.maker =
        (StudyMaker){ app->api.db, app->api.library, app->api.searcher, app->api.models };
    app->api.summaries = summaries_new(app->api.db, app->api.searcher, app->api.models);
    open_meetings(app);
    app->api.labels = labels_new(app->api.db, app->api.library, app->api.models);
    app->task_drawer = (TaskDrawer){ app->api.library, app->api.models };
    app->api.task_drawer = &app->task_drawer;
    app->field_reader = (FieldReader){ app->api.library, app->api.models };
    app->api.field_reader = &app->field_reader;
    open_workflows(app);
    return true;
}
