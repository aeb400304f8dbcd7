/* api.h - what every handler of the HTTP API sees.
 *
 * To add a route: a line in routes.def and a handler in the file of its resource. The OpenAPI
 * description, /docs and the role check follow from the line.
 *
 *     request -> route and limits (reactor) -> who is asking (pool) -> body -> handler -> response
 *
 * Handlers contain no SQL and parse no files; they read the request, call one feature, and write
 * JSON. A handler that fails writes nothing: the error becomes the response, in the shape that
 * clients of its path expect. */
#pragma once

#include <stdatomic.h>

#include "account/account.h"
#include "base/json.h"
#include "base/stop.h"
#include "net/http.h"
#include "net/proxy.h"
#include "store/slice.h"

struct Answers;
struct Approvals;
struct AuditList;
struct Batches;
struct Connect;
struct DoctorFindings;
struct DoctorWish;
struct Door;
struct GatewayCaller;
struct GatewayFile;
struct Idempotency;
struct Conversions;
struct EventHub;
struct FieldReader;
struct HttpServer;
struct JobRunner;
struct Labels;
struct Library;
struct McpServers;
struct Meetings;
struct Models;
struct Notifier;
struct Otlp;
struct Searcher;
struct StudyMaker;
struct Summaries;
struct TaskDrawer;
struct Webhooks;
struct Throttle;
struct Workflows;

/* The parts of the running program. Owned by whoever started it (src/cli/app.c). */
typedef struct Api {
    struct Api *all; /* this, for jobs that answer as the API does (ai_tasks.h) */
    Db *db;
    Account *account;
    struct Library *library;
    struct Searcher *searcher;
    struct Answers *answers;
    struct StudyMaker *maker;
    struct Summaries *summaries;
    struct Labels *labels;
    struct TaskDrawer *task_drawer;
    struct FieldReader *field_reader;
    struct Workflows *workflows;
    struct Models *models;
    struct Batches *batches;
    struct Exports *exports;
    struct RetentionPlan *retention;
    struct Connect *connect;
    struct JobRunner *jobs;
    struct EventHub *events;
    struct Notifier *notifier;
    struct Webhooks *webhooks;
    struct Approvals *approvals;
    struct Throttle *link_throttle; /* of links in mails that are tried */
    struct McpServers *mcp_servers;
    struct Meetings *meetings;
    struct Conversions *conversions;
    struct Door *door;
    int64_t wait_ms; /* of a request for the database (DbPatience) */
    /* As /ready found it; monotonic, 0: it answers. */
    atomic_int_fast64_t database_failing_since_ms;
    struct Idempotency *idempotency; /* NULL: keys of requests mean nothing */
    struct HttpServer *server;       /* set once it listens */
    struct Otlp *otlp;               /* NULL: no spans are sent */
    char *upload_folder;             /* on the file system of the originals */
    int64_t upload_max;
    int64_t redirect_s; /* how long an address of an original works; 0: none is given */
    int64_t form_max;   /* of a model's call */
    char *setup_token;  /* needed for the first account; NULL: not needed */
    bool is_secure;     /* people reach us by https */
    bool converts_without_key;
    char *public_url;   /* may be empty */
    Str app_name;       /* what it calls itself */
    Str cors_origins;   /* sites whose pages may call with a key, with commas between */
    bool is_fallback;   /* over a library of its own: the database was away at the start */
    bool is_strict;     /* the production profile: failures inside are told without details */
    bool shows_docs;    /* /docs and /openapi.json */
    Proxy proxy;        /* of calls to other servers */
    Str metrics_token;  /* that /metrics is shown for; "": none */
    bool shows_metrics; /* to anybody */
    int64_t started_ms;
    /* Another process takes this one's place: its number. */
    bool (*restart)(void *restarter, int *process_r, Error *err);
    void *restarter;
    /* Looks at the server and what it rests on (doctor.h). */
    void (*examine)(void *examiner, const Scope *scope, const struct DoctorWish *wish,
                    struct DoctorFindings *findings);
    void *examiner;
} Api;

/* CONVERTER: a reader; anyone where the setting convert_without_key says so. OPERATOR: an owner of
 * the server's first workspace (account_check_operator): what is of the whole server.
 * With | AUDITED a route is open to auditors too: it only looks, and shows no contents of
 * documents, or it is about one's own account. With | LIMITED it is open to keys that are limited
 * to collections: all that it reads and writes is asked of document_access.h. With | KEEPS it only
 * keeps the files that it is sent and answers at once: a folder brings many in one moment, so they
 * let others pass (HttpPlan.is_patient). With | AT_ONCE its handler runs on the reactor before
 * anybody is known, so it answers while all request threads wait; it must not block. With | WATCH
 * it says how the server is on threads for that alone (HttpPlan.is_watch), with little patience
 * for the database: what that does not say in time is left out. */
typedef enum ApiNeeds {
    ANYONE,
    READER,
    EDITOR,
    ADMIN,
    OWNER,
    OPERATOR,
    CONVERTER,
    AUDITED = 8,
    LIMITED = 16,
    KEEPS = 32,
    AT_ONCE = 64,
    WATCH = 128
} ApiNeeds;
/* UPLOAD_BODY: a form with the fields of an upload; FORM_BODY: with any fields; FILE_BODY: one
 * file, as it is or in a form. Files are on disk when the handler runs. TEXT_BODY: any small body,
 * for the handler to read. CALL_BODY: a model's call,
 * whose handler runs on the reactor before anybody is known, and must not block. */
typedef enum ApiBody {
    NO_BODY,
    JSON_BODY,
    UPLOAD_BODY,
    FORM_BODY,
    FILE_BODY,
    TEXT_BODY,
    CALL_BODY
} ApiBody;

typedef struct ApiRequest {
    Api *api;
    HttpRequest *http;
    Arena *arena;
    const struct ApiRoute *route;
    const struct ApiRoute
        *similar;    /* without one: whose clients ask so, for how they are refused */
    Str params[2];   /* the parts of the path that the route calls :name, in order: at most 200
                      * letters, digits and -_.~:; a :model may have a %2F between; a mail address
                      * is decoded */
    Visitor visitor; /* role ROLE_NONE when nobody is signed in */
    const Scope *scope;
    int64_t wait_ms; /* of a request that comes too soon: when to come again */
    Str once; /* id of the job that answers so, empty for all others: what a handler adds by it is
               * there once, however often the job begins (ai_tasks.h) */
    struct IdempotencyHold *hold; /* its Idempotency-Key, where changes count; NULL: none */
    json_t *json;                 /* of a JSON_BODY; an empty object when there is none */
    TraceSpan *span;              /* NULL: nothing is recorded of it */
} ApiRequest;

/* Write a response, or fail. */
typedef bool ApiHandler(ApiRequest *request, HttpResponse *response, Error *err);

typedef struct ApiRoute {
    const char *method, *path;
    ApiNeeds needs;
    bool is_audited; /* auditors may too */
    bool is_limited; /* keys that are limited to collections may too */
    bool keeps;      /* a file, and nothing else */
    bool is_at_once; /* waits for no thread */
    bool is_watch;   /* waits for no thread of others */
    ApiBody body;
    size_t body_max;
    ApiHandler *handle;
    const char *tag, *summary;
} ApiRoute;

/* Of a stream of events when the server stops before its end. */
#define API_LAST_EVENT                                                                             \
    S("event: error\ndata: {\"error\":{\"code\":\"busy\",\"message\":\"the server is stopping; "   \
      "ask "                                                                                       \
      "again in a moment\"}}\n\n")

#define ROUTE(method, path, needs, body, body_max, handler, tag, summary) ApiHandler handler;
#include "api/routes.def"
#undef ROUTE

extern const ApiRoute api_routes[];
extern const size_t api_route_count;
extern const HttpDispatch api_dispatch; /* its app is an Api */

/* GatewayPorts.load_caller: who is asking, as for every other route. */
bool api_load_caller(void *api, HttpRequest *http, Str secret, struct GatewayCaller **caller_r,
                     Error *err);
/* GatewayPorts.load_file: a file of /v1/files. */
bool api_load_file(void *api, Arena *arena, Str workspace, Str id, size_t bytes_max,
                   struct GatewayFile *file_r, Error *err);
/* GatewayPorts.prepare_media. */
struct MediaWish;
struct PreparedMedia;
bool api_prepare_media(void *api, Arena *arena, const struct MediaWish *wish,
                       struct PreparedMedia *prepared_r, Error *err);
/* What a request shows of who sends it; "" when it is a session or nothing. */
Str api_secret(const HttpRequest *http);
/* The password of a request that signs in by name and password; "" when it does not. */
Str api_password(const HttpRequest *http);
/* A browser sends this for a page of ours, or no browser does. */
MUST_CHECK bool api_check_site(const ApiRequest *request, Error *err);
/* --- Helpers of handlers ---------------------------------------------------------------- */

/* Read the JSON body by table; see json.h. */
#define api_fields(request, err, ...)                                                              \
    json_read((request)->json, (request)->arena, JSON_FIELDS(__VA_ARGS__), err)

/* ?limit= and ?after=, checked, of a list whose `next` is the id of its last row. */
MUST_CHECK bool api_slice(const ApiRequest *request, Slice *slice_r, Error *err);
/* The same where `next` is a text that the store reads and checks itself. */
MUST_CHECK bool api_slice_by_key(const ApiRequest *request, Slice *slice_r, Error *err);
/* A number of the query, `missing` when it is not there. */
MUST_CHECK bool api_query_int(const ApiRequest *request, const char *name, int64_t min, int64_t max,
                              int64_t missing, int64_t *number_r, Error *err);
/* The end of a list in the clients' shapes, its array and its object: where its page begins and
 * ends, "" for an empty one. */
void api_put_list_end(JsonWriter *json, Str first_id, Str last_id, bool has_more);
/* A time of the query, 0 when it is not there. */
MUST_CHECK bool api_query_time(const ApiRequest *request, const char *name, int64_t *time_ms_r,
                               Error *err);
/* For what is made while the client waits for a whole answer: it may stop once he has left. It
 * borrows the response; what has stopped fails with ERROR_CANCELLED, saves nothing and is one line
 * of the log for debugging. */
StopCheck api_client(HttpResponse *response);
/* A path of the server's file system, and what is of the whole server, is nobody's business but
 * that of whoever can open its local socket: fails for everybody else. */
MUST_CHECK bool api_is_local(const ApiRequest *request, Error *err);
/* No content. */
bool api_done(HttpResponse *response);
/* Writes what the handler has to say of its work; reads nothing but that. */
typedef bool ApiAnswer(const void *argument, HttpResponse *response);
/* A change that is one transaction, and its answer (NULL: no content). With an Idempotency-Key the
 * answer is kept in that transaction (idempotency.h), so it is written there, perhaps more than
 * once; response->status is set before. */
MUST_CHECK bool api_change(ApiRequest *request, HttpResponse *response, DbWork *work,
                           ApiAnswer *answer, void *argument, Error *err);
/* Opens {"items":[ ...; close with api_list_end(). total < 0: not said. */
JsonWriter api_list_begin(HttpResponse *response);
void api_list_end(JsonWriter *json, int64_t total, Str next);
/* Who did what, as the answer's list: entries of the audit log. */
void api_put_history(HttpResponse *response, const struct AuditList *history);
/* Server-sent events: by the body's "stream" or by the header Accept. */
bool api_wants_events(const ApiRequest *request, bool is_asked);
/* Nobody is known, and only converting is open to them. */
bool api_is_stranger(const ApiRequest *request);
/* Between the client and us, or a proxy before us. */
bool api_is_https(const Api *api, const HttpRequest *http);
/* "lectern_session" with the flags it needs; an empty token takes it away. */
void api_session_cookie(const ApiRequest *request, HttpResponse *response, Str token);
