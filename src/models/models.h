/* models.h - which model service writes fluent answers, and asking it.
 *
 * A service is any address in OpenAI's dialect: given by the settings of the workspace, by the
 * server's settings, or found by itself when Ollama or llama.cpp listens on this machine. Keys are
 * sealed in the database. Every call is kept, and summed (store/calls_store.h).
 *
 * Threads: any. */
#pragma once

#include <stdatomic.h>

#include "base/json.h"
#include "gateway/gateway.h"
#include "jobs/job_queue.h"
#include "models/model_files.h"
#include "store/budgets_store.h"

typedef struct Models Models;

/* What the program answers itself. The first is asked when a call names no model. */
typedef struct HereModel {
    Str name;
    unsigned tasks; /* bits of ModelTask */
} HereModel;
typedef struct HereModels {
    const HereModel *at;
    size_t count;
} HereModels;

typedef struct ModelsOptions {
    Db *db;
    Str provider_url;   /* of the server's settings; "off": none; empty: look for one */
    Str provider_model; /* empty: the first that the service lists */
    Str provider_key;
    Str file; /* JSON with services, models and routes of the server; "": none */
    /* The file has changed and was read again, or could not be. With load_app, on a thread of the
     * models' own. */
    void (*on_reload)(void *load_app, const Error *failure);
    int64_t reply_tokens_max; /* of a reply that the program asks for itself; 0: any number */
    int64_t calls_days;       /* that calls are kept one by one */
    int64_t prompt_days;      /* that prompts are, where they are logged */
    int64_t response_days;    /* that answers are, for going on from */
    TelemetryOptions telemetry;
    const Proxy *proxy;          /* of every call to a service; borrowed; NULL: none */
    struct EncodeQueue *encoder; /* for answers kept by likeness; NULL: there are none */
    int64_t kept_answers_mb;     /* memory for them; 0: the gateway\'s default */
    /* Who sends a request to the gateway (GatewayPorts). */
    bool (*load_caller)(void *load_app, HttpRequest *http, Str secret, GatewayCaller **caller_r,
                        Error *err);
    /* A file that a message names (GatewayPorts); may be NULL. */
    bool (*load_file)(void *load_app, Arena *arena, Str workspace, Str id, size_t bytes_max,
                      GatewayFile *file_r, Error *err);
    /* A picture or sound as a service takes it (GatewayPorts); may be NULL. */
    bool (*prepare_media)(void *load_app, Arena *arena, const MediaWish *wish,
                          PreparedMedia *prepared_r, Error *err);
    void *load_app;
    /* What the program answers itself (GatewayPorts), and the names of its models; with load_app.
     * NULL: nothing. */
    bool (*answer_here)(void *load_app, HereCall *call, Error *err);
    uint64_t (*version_here)(void *load_app, Str workspace);
    HereModels (*models_here)(void *load_app, Arena *arena);
    int here_threads;        /* that answer at the same time */
    ModelFilesOptions files; /* on this machine, served by llama.cpp */
    int64_t user_rate; /* calls a minute of a person, or of a key that is nobody's; 0: any number */
    bool unpriced_is_free; /* else who has a budget of money may not use a model without a price */
} ModelsOptions;

MUST_CHECK bool models_open(const ModelsOptions *options, Models **models_r, Error *err);
void models_close(Models *models);

typedef struct Provider {
    Str name;     /* "ollama", "llama.cpp", "openai-compatible" */
    Str base_url; /* "http://127.0.0.1:11434/v1" */
    Str model;
    bool has_key, was_found; /* was_found: by itself */
} Provider;

/* The service of this workspace; ERROR_NOT_FOUND when there is none. Local services are looked for
 * at most once a minute, and never for longer than 0.3 s. */
MUST_CHECK bool models_provider(Models *models, const Scope *scope, Arena *arena,
                                Provider *provider_r, Error *err);
/* Save the workspace's own; an empty key keeps the one that is there. Checks the address against
 * url_safety (a local address is allowed to owners only) and that the service answers. */
MUST_CHECK bool models_set_provider(Models *models, const Scope *scope, Str base_url, Str model,
                                    Str key, Error *err);
MUST_CHECK bool models_remove_provider(Models *models, const Scope *scope, Error *err);
/* The names the service lists. */
MUST_CHECK bool models_list(Models *models, const Scope *scope, Arena *arena, StrList *names_r,
                            Error *err);

typedef struct ChatMessage {
    Str role, text;
    const ModelPart *parts; /* pictures and sound behind the text */
    size_t part_count;
} ChatMessage;

typedef struct ChatRequest {
    const ChatMessage *messages;
    size_t count;
    Str model;   /* empty: the service's */
    Str feature; /* for the usage table: "ask", "chat" */
    Str persona; /* for routes that depend on who answers; empty: nobody in particular */
    bool may_keep, is_personal, never_here, is_within; /* as in GatewayAsk */
    int64_t output_max;
    double temperature;
    /* The service's filters are turned down as far as a call can, where the policy allows it. */
    bool is_unfiltered;
    Str schema, schema_name; /* JSON of the shape of the answer; "" for any (structured.h) */
    bool is_strict;          /* the schema is closed */
    /* Pieces as they come; may be NULL. False: stop. */
    bool (*delta)(void *self, Str text);
    void *self;
} ChatRequest;

typedef struct ChatResult {
    Str text, model;
    int64_t input_tokens, output_tokens;
    int64_t cost;    /* pico-dollars; 0: unknown */
    Str finish;      /* "stop", "length", "content_filter" */
    bool is_refused; /* the text is why the model declines */
} ChatResult;

/* What a call holds. */
typedef struct ModelRoom {
    Str model;                    /* empty: what is asked when nobody names one */
    size_t bytes;                 /* of texts that stand in it anyhow */
    int64_t output;               /* tokens, of the answer */
    size_t least, standard, most; /* standard: of a model whose context is unknown */
} ModelRoom;
/* Bytes of further text that a call holds, by the context of the models that may answer it: as
 * they are set up, else as the catalogue has them. From `least` to `most`. */
size_t models_room(Models *models, const Scope *scope, Arena *arena, const ModelRoom *room);

/* A cut stream is a failure, never a short answer. */
MUST_CHECK bool models_chat(Models *models, const Scope *scope, Arena *arena,
                            const ChatRequest *request, ChatResult *result_r, Error *err);

/* What a picture (PNG) shows, in a few sentences. */
MUST_CHECK bool models_describe(Models *models, const Scope *scope, Arena *arena, Str model,
                                Str picture, GatewayAnswer *answer_r, Error *err);
/* What is said in a recording, with segments when the service tells their times. */
MUST_CHECK bool models_hear(Models *models, const Scope *scope, Arena *arena, Str model, Str sound,
                            GatewayAnswer *answer_r, Error *err);

/* --- Limits and budgets ---------------------------------------------------------------- */

/* What a key, a person or a workspace may do; 0 and an empty list: anything. */
typedef struct ModelLimits {
    StrList models; /* patterns: "gpt-5*" */
    int64_t requests_per_minute, tokens_per_minute, concurrent;
    BudgetRowList budgets; /* to change them: period, counts_calls and amount of each */
} ModelLimits;
/* ERROR_NOT_FOUND when the workspace has no such key or person. */
MUST_CHECK bool models_limits(Models *models, const Scope *scope, Arena *arena,
                              const Subject *subject, ModelLimits *limits_r, Error *err);
typedef struct LimitedSubject {
    Subject subject;
    Str name; /* of the key or the person */
    ModelLimits limits;
} LimitedSubject;
typedef struct LimitedSubjectList {
    LimitedSubject *at;
    size_t count;
} LimitedSubjectList;
/* Everybody who has a limit: the workspace, people, keys. */
MUST_CHECK bool models_limited(Models *models, const Scope *scope, Arena *arena,
                               LimitedSubjectList *list_r, Error *err);
/* Replaces all of them; what was spent stays spent. Takes effect at once, on other nodes too. */
MUST_CHECK bool models_set_limits(Models *models, const Scope *scope, Arena *arena,
                                  const Subject *subject, const ModelLimits *limits, Error *err);
/* Every budget of the workspace. */
MUST_CHECK bool models_budgets(Models *models, const Scope *scope, Arena *arena,
                               BudgetRowList *list_r, Error *err);
/* Gives back what nodes that died had borrowed of a budget and are not known to have spent. Calls
 * of theirs that were never written may have cost some of it, so only a person decides this. */
MUST_CHECK bool models_reclaim(Models *models, const Scope *scope, Str budget, int64_t *amount_r,
                               Error *err);

/* NULL when there is no folder of them. */
ModelFiles *models_files(Models *models);

/* The gateway itself, for requests that clients send to it. */
Gateway *models_gateway(Models *models);
/* Read the server's file again now. */
MUST_CHECK bool models_reload(Models *models, Error *err);
/* What a text for that file says wrong. */
MUST_CHECK bool models_check_file(Str text, Error *err);
/* Who this is to the gateway: his workspace's services. */
MUST_CHECK bool models_caller(Models *models, const Scope *scope, GatewayCaller **caller_r,
                              Error *err);
/* What is asked when nobody names a model: the standard route, or the first model of the service.
 */
MUST_CHECK bool models_standard(Models *models, const Scope *scope, Arena *arena,
                                const GatewayConfig *config, Str *model_r, Error *err);
/* How many tokens a message in Anthropic's dialect has (counting.h). */
MUST_CHECK bool models_count_tokens(Models *models, Arena *arena, const GatewayCaller *caller,
                                    const ModelRequest *request, Str body, int64_t *count_r,
                                    Error *err);

JobHandler models_calls_job;  /* forgets old calls; recurring */
JobHandler models_alerts_job; /* judges how calls went; recurring (models_alerts.h) */

/* What a workspace has decided about its calls: kept answers, masks, logs of prompts. */
MUST_CHECK bool models_policy(Models *models, const Scope *scope, GatewayPolicy *policy_r,
                              Arena *arena, Error *err);
/* Days that prompts are kept, where they are logged. */
int64_t models_prompt_days(const Models *models);
int64_t models_response_days(const Models *models);
/* Save it; its calls follow it at once, and what was kept is forgotten. */
MUST_CHECK bool models_set_policy(Models *models, const Scope *scope, Arena *arena,
                                  const json_t *json, Error *err);
/* Its members, into an object that is open. */
void policy_put(JsonWriter *json, Arena *arena, const GatewayPolicy *policy);
