/* app_int.h - what the files that put the program together share: its parts, and who opens which.
 *
 * app.c opens them in the order they need each other, app_stop.c ends them. What they keep of the
 * settings and of the folder lives in the program's arena. A part that fails to open leaves what is
 * open to app_stop(). */
#pragma once

#include "cli/app.h"
#include "cli/app_news.h"
#include "cli/app_restart.h"
#include "cli/app_retention.h"
#include "cli/doctor.h"
#include "encode/encode_queue.h"
#include "encode/encode_rerank.h"
#include "fields/run.h"
#include "models/server_facts.h"
#include "net/forwarded.h"
#include "net/sentry.h"
#include "net/tls_server.h"
#include "tasks/drawn.h"

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
    RetentionPlan retention;
};

/* app_database.c; a server waits for a database that is away; a command says so. */
MUST_CHECK bool app_open_database(App *app, Str folder, bool waits, Error *err);

/* app_library.c; without a model search is by words only. */
MUST_CHECK bool app_open_encoder(App *app, Str folder, bool is_quiet, Error *err);
MUST_CHECK bool app_open_reranker(App *app, Str folder, Error *err);
/* None where vectors lie in the indexes. */
MUST_CHECK bool app_open_vectors(App *app, Error *err);
MUST_CHECK bool app_open_library(App *app, Str folder, Error *err);

/* app_features.c */
MUST_CHECK bool app_open_notifier(App *app, Error *err);
MUST_CHECK bool app_open_features(App *app, Error *err);

/* app_jobs.c */
MUST_CHECK bool app_start_jobs(App *app, Str folder, Error *err);

/* app_server.c */
void app_open_conversions(App *app);
MUST_CHECK bool app_start_server(App *app, bool listens, Error *err);
