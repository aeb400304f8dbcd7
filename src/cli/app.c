/* app.c - see app.h. */
#include "cli/app.h"
#include "cli/app_blobs.h"
#include "cli/app_news.h"
#include "cli/app_replicas.h"
#include "cli/app_restart.h"
#include "cli/app_retention.h"
#include "cli/app_wait.h"
#include "cli/app_watch.h"
#include "encode/encode_rerank.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account/account_links.h"
#include "account/erasure.h"
#include "account/throttle.h"
#include "account/token.h"
#include "answer/answer.h"
#include "api/ai_tasks.h"
#include "api/conversions.h"
#include "api/document_json.h"
#include "api/door.h"
#include "api/here.h"
#include "api/idempotency.h"
#include "api/schedule_types.h"
#include "api/work_json.h"
#include "approval/approval.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/seal.h"
#include "batch/batches.h"
#include "classify/labels.h"
#include "cli/account_options.h"
#include "cli/app_telemetry.h"
#include "cli/doctor.h"
#include "cli/model_folder.h"
#include "cli/service_manager.h"
#include "connect/connect.h"
#include "db/db_servers.h"
#include "export/export.h"
#include "feedback/feedback.h"
#include "fields/run.h"
#include "index/weaviate_store.h"
#include "jobs/job_runner.h"
#include "jobs/job_wishes.h"
#include "library/backup_job.h"
#include "library/extraction.h"
#include "library/file_uploads.h"
#include "library/integrity.h"
#include "library/pgvector_store.h"
#include "library/workspace_removal.h"
#include "mcp/mcp_client.h"
#include "meetings/meetings.h"
#include "models/models.h"
#include "models/prompt_bench.h"
#include "models/server_facts.h"
#include "net/forwarded.h"
#include "net/http_server.h"
#include "net/tls_server.h"
#include "notify/event_feed.h"
#include "notify/notify.h"
#include "search/lab.h"
#include "store/access.h"
#include "store/migrate.h"
#include "store/server_key.h"
#include "study/make.h"
#include "study/next_questions.h"
#include "summary/digest.h"
#include "summary/kept.h"
#include "summary/told_searches.h"
#include "tasks/drawn.h"
#include "tasks/tasks.h"
#include "webhook/incoming.h"
#include "workflow/workflow.h"

#define STOP_GRACE_MS 10000 /* of jobs, or stop_grace where that is less */
#define STOP_GRACE_MIN_MS 1000
#define STOP_LAST_MS 5000 /* of requests whose time is over */

struct App {
    Arena *arena; /* what lives as long as the program */
    Api api;
    TaskDrawer task_drawer;
    FieldReader field_reader;
    const Settings *settings;
    int lock_fd;
    BlobStore *blobs, *second_blobs; /* second: NULL: there is none */
    FilePlace *backup_to;            /* NULL: nowhere */
    VectorStore *vectors;            /* NULL: they lie in the indexes */
    Sandbox *sandbox;
    EncodeQueue *encoder;
    Reranker *reranker; /* NULL: none */
    AppNews news;
    Sentry *sentry; /* NULL: none */
    NodeWatch *watch;
    char *socket;
    AppRestart restart;
    TlsFiles *tls; /* NULL: plain HTTP */
    TrustedProxies *trusted;
    DoctorParts doctor;
    bool logs_all;
    RetentionPlan retention;
};

/* --- Folders --- */

bool app_data_path(Arena *arena, const Settings *settings, Str *path_r, Error *err)
{
    const char *home = getenv("HOME");
    if (!settings->data.length && !home)
        return fail_field(err, "data", "HOME is not set; say where the library is with --data");
    *path_r = settings->data.length ? settings->data
                                    : str(path_join(arena, str(home), S(".local/share/lectern")));
    return true;
}

bool app_data_folder(Arena *arena, const Settings *settings, Str *folder_r, Error *err)
{
    Str folder;
    if (!app_data_path(arena, settings, &folder, err))
        return false;
    if (!folder_make(str_c(arena, folder), 0700, err))
        return fail_in(err, "the data folder");
    char *absolute = realpath(str_c(arena, folder), NULL);
    if (!absolute)
        return fail_errno(err, "the data folder " STR_FMT, STR_ARG(folder));
    *folder_r = str_copy(arena, str(absolute));
    free(absolute);
    return true;
}

/* A local socket's path has at most 107 bytes, so a long folder gets a short name of its own. */
char *app_socket(Arena *arena, Str folder)
{
    if (folder.length < 90)
        return path_join(arena, folder, S("lectern.sock"));
    return str_c(arena, str_format(arena, "/tmp/lectern-%u-%016" PRIx64 ".sock", (unsigned)getuid(),
                                   str_hash(folder)));
}

bool app_lock_folder(Str folder, int *fd_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *path = path_join(arena, folder, S("lock"));
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "the data folder cannot be used: %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return fail(err, ERROR_CONFLICT,
                        "the data folder " STR_FMT
                        " is in use by another Lectern; stop it, or use another folder with --data",
                        STR_ARG(folder));
        return fail_errno(err, "locking %s", path);
    }
    *fd_r = fd;
    fd = -1;
    return true;
}

/* --- Parts, in the order they need each other --- */

/* An older database is brought up only beside a copy of what it was. */
static bool bring_up(App *app, Str path, Error *err)
{
    MigrateStatus status;
    if (!migrate_status(app->api.db, &status, err))
        return false;
    bool is_old = status.applied > 0 && status.applied < status.newest;
    if (is_old && db_kind(app->api.db) == DB_SQLITE) {
        char *copy = str_c(
            app->arena, str_format(app->arena, STR_FMT ".before-%d", STR_ARG(path), status.newest));
        if (!file_exists(copy) && !db_copy(app->api.db, copy, err))
            return fail_in(err, "copying the database before its tables change");
        log_info("serve", "the database is brought from migration %d to %d; a copy of it is %s",
                 status.applied, status.newest, copy);
    }
    return migrate_up(app->api.db, err);
}

/* Made at the first start; whoever reads it opens the passwords and keys that are stored. */
static bool open_master_key(App *app, Str folder, Error *err)
{
    Str path = app->settings->master_key, key;
    if (!path.length)
        path = str(path_join(app->arena, folder, S("master.key")));
    if (!file_exists(str_c(app->arena, path)) &&
        !file_write(str_c(app->arena, path), seal_new_key(app->arena), 0600, err))
        return false;
    if (!file_read(app->arena, str_c(app->arena, path), SEAL_KEY_BYTES, &key, err))
        return fail_in(err, "the master key");
    if (key.length != SEAL_KEY_BYTES)
        return fail(err, ERROR_DAMAGED, STR_FMT " is no master key: it must have %d bytes",
                    STR_ARG(path), SEAL_KEY_BYTES);
    server_key_set_master(key);
    return true;
}

/* A folder with a SQLite inside is used by one program: without its old key only secrets are lost,
 * and those can be given again. */
static bool check_master_key(App *app, Error *err)
{
    bool is_new;
    if (!server_key_check(app->api.db, db_kind(app->api.db) == DB_SQLITE, &is_new, err))
        return false;
    if (is_new)
        log_warn("serve", "the master key is another one than before: passwords of files and keys "
                          "of services that were sealed with it have to be given again");
    return true;
}

/* A server waits for a database that is away; a command says so. */
static bool open_database(App *app, Str folder, bool waits, Error *err)
{
    DbOptions options = { .connection_max = (int)app->settings->database_connections };
    Str path = app->settings->database.length ? app->settings->database
                                              : str(path_join(app->arena, folder, S("lectern.db")));
    const char *url = str_c(app->arena, path);
    bool has_told = false;
    for (;;) {
        if (db_open(url, &options, &app->api.db, err) &&
            db_remember(app->api.db, path_join(app->arena, folder, S("timeline")), err) &&
            bring_up(app, path, err) && check_master_key(app, err)) {
            app_use_replicas(app->arena, app->settings, app->api.db);
            return true;
        }
        db_close(app->api.db);
        app->api.db = NULL;
        if (!waits || !app_wait_for_database(url, &has_told, err))
            return false;
    }
}

bool app_encoder_options(Arena *arena, const Settings *settings, Str data,
                         EncoderOptions *options_r, Error *err)
{
    *options_r = (EncoderOptions){ .cache = path_join(arena, data, S("cache")) };
    if (!kernel_set_find(settings->encoder_kernels, &options_r->set, err))
        return fail_in(err, "encoder_kernels");
    return precision_find(settings->encoder_precision, &options_r->precision, err) ||
           fail_in(err, "encoder_precision");
}

static bool open_encoder(App *app, Str folder, bool is_quiet, Error *err)
{
    Str model = settings_model_folder(app->arena, app->settings, folder);
    if (!model.length) {
        if (!is_quiet)
            log_warn("serve", "no embedding model: search is by words only; add one with `lectern "
                              "models add FOLDER`");
        return true;
    }
    EncodeQueueOptions options = { .folder = str_c(app->arena, model),
                                   .thread_max = (int)app->settings->encoder_threads };
    if (!app_encoder_options(app->arena, app->settings, folder, &options.encoder, err))
        return false;
    app->encoder = encode_queue_new(&options);
    EncodeStatus status;
    encode_queue_status(app->encoder, &status);
    if (status.state == ENCODE_BROKEN && !is_quiet)
        log_error("serve", "search is by words only: %s", status.reason);
    return true;
}

static bool open_reranker(App *app, Str folder, Error *err)
{
    EncoderOptions options = { 0 };
    if (!app->settings->rerank_model.length)
        return true;
    if (!app_encoder_options(app->arena, app->settings, folder, &options, err))
        return false;
    app->reranker = reranker_new(str_c(app->arena, app->settings->rerank_model), &options);
    return true;
}

static bool hear(void *argument, const Scope *scope, Arena *arena, Str sound, Speech *speech_r,
                 Error *err)
{
    App *app = argument;
    GatewayAnswer answer;
    if (!models_hear(app->api.models, scope, arena, app->settings->speech_model, sound, &answer,
                     err))
        return false;
    size_t count = answer.reply->segments.count;
    SpeechSegment *segments = arena_new_array(arena, SpeechSegment, count);
    for (size_t i = 0; i < count; i++) {
        const ModelSegment *from = &answer.reply->segments.at[i];
        segments[i] = (SpeechSegment){ from->start_s, from->end_s, from->text, from->speaker };
    }
    *speech_r = (Speech){ answer.model, answer.text, segments, count };
    return true;
}

static bool describe(void *argument, const Scope *scope, Arena *arena, Str picture,
                     Caption *caption_r, Error *err)
{
    App *app = argument;
    GatewayAnswer answer;
    if (!models_describe(app->api.models, scope, arena, app->settings->caption_model, picture,
                         &answer, err))
        return false;
    *caption_r = (Caption){ answer.model, answer.text };
    return true;
}

static bool on_document_ready(DbTx *tx, const Scope *scope, Arena *arena, const Document *document,
                              Error *err)
{
    return labels_document_ready(tx, scope, arena, document, err) &&
           workflow_document_ready(tx, scope, arena, document, err);
}

/* None where vectors lie in the indexes. */
static bool open_vectors(App *app, Error *err)
{
    const Settings *settings = app->settings;
    WeaviateOptions weaviate = { .url = settings->weaviate_url, .key = settings->weaviate_key };
    switch (vector_store_named(settings->vector_store_type)) {
    case VECTOR_STORE_PGVECTOR: return pgvector_store_open(app->api.db, &app->vectors, err);
    case VECTOR_STORE_WEAVIATE: return weaviate_store_open(&weaviate, &app->vectors, err);
    case VECTOR_STORE_EMBEDDED:
    case VECTOR_STORE_FAISS:
    case VECTOR_STORE_COUNT: break;
    }
    return true;
}

static bool open_library(App *app, Str folder, Error *err)
{
    const Settings *settings = app->settings;
    LibraryOptions options = { .models = { .thread_max = (int)settings->encoder_threads },
                               .models_folder = path_join(app->arena, folder, S("models")),
                               .model_is_fixed = settings->model.length > 0,
                               .db = app->api.db,
                               .blobs = app->blobs,
                               .sandbox = app->sandbox,
                               .encoder = app->encoder,
                               .index_folder = path_join(app->arena, folder, S("index")),
                               .vectors = app->vectors,
                               .holds_index = app->restart.take != NULL,
                               .chunk_size = settings->chunk_size,
                               .vectors_per_chunk = settings->vectors_per_chunk,
                               .vector_exact = settings->vector_exact,
                               .chunk_overlap = settings->chunk_overlap,
                               .extract_timeout_s = settings->extract_timeout,
                               .page_workers = settings->page_workers,
                               .languages = settings->languages,
                               .allowed_types = settings->allowed_types,
                               .trash_days = settings->trash_days,
                               .upload_max = settings->upload_max,
                               .upload_hours = settings->upload_hours,
                               .disk_reserve = settings->disk_reserve,
                               .integrity_rate = settings->integrity_rate,
                               .integrity_days = settings->integrity_days,
                               .second_blobs = app->second_blobs,
                               .backup_to = app->backup_to,
                               .backup_hours = settings->backup_hours,
                               .backup_keep = settings->backup_keep,
                               .storage = { .workspace_bytes = settings->workspace_bytes,
                                            .person_bytes = settings->person_bytes,
                                            .open_max = settings->uploads_open },
                               .clamd = { .address = settings->clamd },
                               .clamd_may_lack = str_is(settings->clamd_away, "accept"),
                               .hear = settings->speech_model.length ? hear : NULL,
                               .describe = settings->caption_model.length ? describe : NULL,
                               .model_argument = app,
                               .on_ready = on_document_ready,
                               .listener = app_news_of_library,
                               .listener_argument = &app->news };
    return restart_open(&app->restart, err) &&
           app_encoder_options(app->arena, settings, folder, &options.models.encoder, err) &&
           library_open(&options, &app->api.library, err);
}

/* What is running goes on as it was when the file is wrong. */
static void on_reload(void *api, const Error *failure)
{
    (void)api;
    if (failure)
        log_error("gateway", "the file is not used: %s", failure->message);
    else
        log_info("gateway", "services and routes are read again");
}

static bool open_notifier(App *app, Error *err)
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
                                 .held = notify_webhook_held };
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

static bool open_features(App *app, Error *err)
{
    const Settings *settings = app->settings;
    AccountOptions account = account_options(app->arena, settings, &app->api.proxy);
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
    if (!account_open(app->api.db, &account, &app->api.account, err) ||
        !models_open(&models, &app->api.models, err))
        return false;
    open_batches(app);
    open_connect(app);
    app->api.mcp_servers = mcp_servers_new(app->api.db, &app->api.proxy);
    app->api.searcher = searcher_new(app->api.db, app->api.library);
    searcher_set_models(app->api.searcher, app->api.models);
    searcher_set_encoder(app->api.searcher, app->encoder);
    searcher_set_reranker(app->api.searcher, app->reranker);
    searcher_set_fresh_days(app->api.searcher, (double)settings->fresh_days);
    app->api.answers =
        answers_new(app->api.db, app->api.searcher, app->api.library, app->api.models);
    answers_set_asker(app->api.answers, study_next_questions);
    app->api.maker = arena_new_one(app->arena, StudyMaker);
    *app->api.maker =
        (StudyMaker){ app->api.db, app->api.library, app->api.searcher, app->api.models };
    app->api.summaries = summaries_new(app->api.db, app->api.searcher, app->api.models);
    MeetingsOptions meetings = { .db = app->api.db,
                                 .library = app->api.library,
                                 .models = app->api.models,
                                 .summaries = app->api.summaries,
                                 .proxy = &app->api.proxy,
                                 .public_url = app->api.public_url,
                                 .jitsi_hosts = settings->jitsi_hosts,
                                 .recording_max = settings->recording_max };
    app->api.meetings = meetings_new(&meetings);
    app->api.labels = labels_new(app->api.db, app->api.library, app->api.models);
    app->task_drawer = (TaskDrawer){ app->api.library, app->api.models };
    app->api.task_drawer = &app->task_drawer;
    app->field_reader = (FieldReader){ app->api.library, app->api.models };
    app->api.field_reader = &app->field_reader;
    open_workflows(app);
    return true;
}

/* The name of this data folder among all that share a database: who has the folder's lock may use
 * it. The first start makes it. */
static bool node_name(App *app, Str folder, Str *name_r, Error *err)
{
    char *path = path_join(app->arena, folder, S("node"));
    Error none;
    if (!app->restart.take && file_read(app->arena, path, 64, name_r, &none) &&
        id_is_valid(*name_r))
        return true;
    *name_r = app->restart.node = str_copy(app->arena, id_new(app->arena));
    /* The process before has its name until this one is in its place. */
    return app->restart.take || file_write(path, *name_r, 0600, err);
}

static bool start_jobs(App *app, Str folder, Error *err)
{
    app->retention = app_retention(app->settings);
    app->api.retention = &app->retention;
    JobType types[] = {
#define JOB_TYPE(type, handler, attempts, lease, at_once_max, ahead_max, every, works_on,          \
                 is_shown, said, seen_at, ends)                                                    \
    { .name = type,                                                                                \
      .run = handler,                                                                              \
      .attempts_max = attempts,                                                                    \
      .lease_s = lease,                                                                            \
      .at_once = at_once_max,                                                                      \
      .ahead = ahead_max,                                                                          \
      .every_ms = every,                                                                           \
      .argument = app->api.works_on,                                                               \
      .shown = SHOWN_##is_shown,                                                                   \
      .title = said,                                                                               \
      .page = seen_at,                                                                             \
      .cancel = ends },
#include "cli/job_types.def"
#undef JOB_TYPE
    };
    int workers = (int)app->settings->extract_workers;
    Str node;
    restart_wait_level(&app->restart);
    if (!node_name(app, folder, &node, err))
        return false;
    for (size_t i = 0; i < COUNT(types); i++)
        if (types[i].at_once == 0)
            types[i].at_once = workers ? workers : (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (!job_wishes_rates(app->settings->job_rates, types, COUNT(types), err) ||
        !job_wishes_days(app->settings->job_days, types, COUNT(types), err))
        return false;
    JobRunnerOptions options = { .db = app->api.db,
                                 .owner = node,
                                 .types = types,
                                 .type_count = COUNT(types),
                                 .usual = schedules_usual,
                                 .usual_count = schedule_type_count,
                                 .dead_days = (int)app->settings->job_dead_days,
                                 .listener = app_news_of_job,
                                 .listener_argument = &app->news };
    return jobs_start(&options, &app->api.jobs, err);
}

static bool is_loopback(Str listen)
{
    return str_starts(listen, S("127.")) || str_starts(listen, S("localhost")) ||
           str_starts(listen, S("[::1]"));
}

static bool start_server(App *app, bool listens, Error *err)
{
    const Settings *settings = app->settings;
    HttpServerOptions options = { .listen = listens ? str_c(app->arena, settings->listen) : NULL,
                                  .local_path = app->socket,
                                  .reactor_count = listens ? (int)settings->reactors : 1,
                                  .connection_max = (size_t)settings->connections,
                                  .connection_max_per_address =
                                      (size_t)settings->connections_per_address,
                                  .thread_count = (int)settings->request_threads,
                                  .disk_reserve = (uint64_t)settings->disk_reserve };
    bool needed = false;
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

static void open_conversions(App *app)
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
    if (!open_master_key(app, folder, err) || !open_database(app, folder, options->listens, err) ||
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
    if (!open_encoder(app, folder, options->is_quiet, err) || !open_reranker(app, folder, err))
        return false;
    app->api.upload_folder = str_c(app->arena, str(blob_incoming(app->blobs)));
    app->api.upload_max = app->settings->upload_max;
    app->api.redirect_s = app->settings->s3_redirect;
    app->api.form_max = app->settings->form_max;
    open_conversions(app);
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
    return open_vectors(app, err) && open_library(app, folder, err) && open_notifier(app, err) &&
           open_features(app, err) && start_jobs(app, folder, err) &&
           idempotency_open(app->api.db, app->settings->idempotency_hours, &app->api.idempotency,
                            err) &&
           start_server(app, options->listens, err) &&
           restart_take_place(&app->restart, app->lock_fd, err) &&
           start_watch(app, options, folder);
}

static void set_log(const Settings *settings, bool is_quiet)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    log_set_json(str_is(settings->log_format, "json"));
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(settings->log_level, names[i]))
            log_set_level(is_quiet ? MAX((LogLevel)i, LOG_WARN) : (LogLevel)i);
}

void app_switch_log(App *app)
{
    app->logs_all = !app->logs_all;
    set_log(app->settings, false);
    log_info("serve", "%s",
             app->logs_all ? "everything is logged; another SIGUSR1 ends it"
                           : "what is logged is what the settings say");
    if (app->logs_all)
        log_set_level(LOG_DEBUG);
}

bool app_start(const AppOptions *options, App **app_r, Error *err)
{
    set_log(options->settings, options->is_quiet);
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

static atomic_bool work_is_left;

void app_end_with(int status)
{
    if (!work_is_left)
        return;
    (void)fflush(stdout);
    _exit(status);
}

void app_stop(App *app)
{
    if (!app)
        return;
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
    idle &= jobs_stop(app->api.jobs,
                      MAX(MIN(STOP_GRACE_MS, app->settings->stop_grace * 1000), STOP_GRACE_MIN_MS));
    if (!idle) {
        /* Work that does not end still uses its parts. Everything acknowledged is durable. */
        log_warn("serve", "some work did not end in time; it begins again at the next start");
        work_is_left = true;
        return;
    }
    restart_end(&app->restart);
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

bool app_reload_tls(App *app, Error *err) { return !app->tls || tls_files_read(app->tls, err); }

bool app_restart(App *app, Error *err)
{
    int process;
    return restart_run(&app->restart, &process, err);
}

Api *app_api(App *app) { return &app->api; }
