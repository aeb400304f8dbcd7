/* models_int.h - what the files of src/models share. */
#pragma once

#include <pthread.h>

#include "base/pool.h"
#include "base/ticker.h"
#include "gateway/gateway.h"
#include "gateway/providers.h"
#include "models/gateway_setup.h"

#define FOUND_NAME_MAX 304
#define KNOWN_MAX 16

/* The first model a service lists, remembered for a while; "" when it could not be asked. */
typedef struct KnownModel {
    uint64_t service;
    int64_t asked_ms;
    char name[FOUND_NAME_MAX];
} KnownModel;

#define PICTURES 1024

/* A workspace's services and routes as they were made then. */
typedef struct Picture {
    const GatewayConfig *config; /* NULL: free */
    int64_t made_ms;
} Picture;

/* What tells one state of a file from another. */
typedef struct FileMark {
    uint64_t inode;
    int64_t size, changed_ns;
} FileMark;
typedef struct ModelBudgets ModelBudgets;
typedef struct ModelRecords ModelRecords;

struct Models {
    Arena *arena; /* of the options */
    ModelsOptions options;
    HttpClient *http;
    Pool *pool; /* looks for local services */
    Gateway *gateway;
    ModelBudgets *budgets;
    ModelRecords *records; /* of the journal's thread */
    ModelFiles *files;     /* NULL: none */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t has_looked;
    bool is_looking;
    int64_t looked_ms;               /* monotonic; 0: never */
    const GatewayProvider *found;    /* NULL: none */
    char found_name[FOUND_NAME_MAX]; /* its first model */
    KnownModel known[KNOWN_MAX];
    size_t known_next;
    Picture pictures[PICTURES];
    uint64_t changes; /* counted */
    char *file_text;  /* heap; NULL: there is no file */

    const char *file_path; /* of the setting gateway; NULL: none */
    FileMark file_mark;    /* as it was last seen */
    Ticker *watcher;
};

/* A service and where its settings come from. */
typedef struct Service {
    ServiceAddress target; /* without key and pinned address until service_reach() */
    Str first_model;       /* it listed when it was set; for showing */
    Str model;             /* empty: its first */
    SetupService from;
    bool has_key, was_found;
    bool is_own; /* the one that the workspace has set in the simple way */
} Service;

/* Which service this workspace has; ERROR_NOT_FOUND when there is none. */
MUST_CHECK bool service_find(Models *models, const Scope *scope, Arena *arena, Service *service_r,
                             Error *err);
/* Make it ready for a call: key, checked address. */
MUST_CHECK bool service_reach(Models *models, Arena *arena, Service *service, Error *err);
/* Its model when no name is set: the first it lists. `is_patient`: wait for it, else what is
 * remembered or comes within 0.3 s. */
MUST_CHECK bool service_model(Models *models, Arena *arena, Service *service, bool is_patient,
                              Error *err);
/* The keys of a service, unsealed. */
MUST_CHECK bool setup_keys(Models *models, Arena *arena, const SetupService *service,
                           StrList *keys_r, Error *err);
/* models_config.c: its picture, which has the arena; what cannot be used is left out. */
GatewayConfig *config_make(Models *models, TargetStates *states, Arena *arena, const Setup *setup);
/* One of this service alone, whose keys are plain; its name may be asked for any model. */
GatewayConfig *config_alone(Models *models, Str workspace, const SetupService *service);
/* models_pictures.c: the same, remembered. */
MUST_CHECK bool pictures_open(Models *models, Error *err);
void pictures_close(Models *models);
/* Of a workspace, or with "" of all. */
void pictures_forget(Models *models, Str workspace);
/* A write of what they are made of: who calls when it has returned sees it on this node. */
MUST_CHECK bool pictures_write(Models *models, const Scope *scope, DbWork *work, void *argument,
                               Error *err);
/* models_file.c: the server's file. */
MUST_CHECK bool file_open(Models *models, Error *err);
void file_close(Models *models);
Str models_file_text(Models *models, Arena *arena); /* "" when there is none */
/* models_settings.c: one word from a service that is not kept yet, or is to be tried. */
MUST_CHECK bool service_try(Models *models, const Scope *scope, Arena *arena,
                            const SetupService *service, Str model, Error *err);
/* The same of what the program answers itself. */
MUST_CHECK bool service_try_itself(Models *models, const Scope *scope, Arena *arena,
                                   const SetupService *service, Str model, Error *err);
bool is_same_place(Arena *arena, Str a, Str b);

ModelRecords *records_new(void);
void records_free(ModelRecords *desk);
/* JournalWrite: pages and sums of calls. */
bool models_write_records(void *models, const CallRecord *const *records, size_t count, Error *err);
/* The first name that seems to be a model for chat. */
Str first_chat_model(StrList names);

#define LOOK_MS 300
/* The local service that was found last; NULL when there is none. Looks again in the background
 * when that is a minute ago. *name_r is its first model, in the arena. */
const GatewayProvider *find_local(Models *models, Arena *arena, Str *name_r);
/* It did not answer: look again at the next call. */
void forget_local(Models *models);

#define PROVIDER_SETTING S("provider")
#define POLICY_SETTING S("gateway-policy")
#define PROVIDER_SECRET S("provider-key")
#define SEAL_KEY S("provider-keys")

/* models_policy.c. What a workspace has decided about its calls, from its document. */
MUST_CHECK bool policy_parse(Arena *arena, Str text, GatewayPolicy *policy_r, Error *err);

/* models_prompts.c: GatewayPorts. */
MUST_CHECK bool models_write_prompt(void *models, Arena *arena, const PromptRecord *record,
                                    Error *err);
/* models_responses.c: ports of answers that are gone on from. */
MUST_CHECK bool models_write_responses(void *models, const KeptAnswer *answers, size_t count,
                                       Error *err);
MUST_CHECK bool models_find_response(void *models, Arena *arena, const KeptName *name,
                                     KeptAnswer *answer_r, Error *err);
MUST_CHECK bool models_touch_response(void *models, const KeptName *name, Error *err);
MUST_CHECK bool models_cancel_response(void *models, const KeptName *name, Error *err);
MUST_CHECK bool models_remove_response(void *models, const KeptName *name, Error *err);

/* models_likeness.c: GatewayPorts. */
bool models_likeness(void *models, Str a, Str b, double *likeness_r);
