/* models_int.h - what the files of src/models share. */
#pragma once

#include <pthread.h>

#include "base/pool.h"
#include "gateway/gateway.h"
#include "gateway/providers.h"
#include "models/models.h"

#define FOUND_NAME_MAX 304
#define KNOWN_MAX 16

/* The first model a service lists, remembered for a while; "" when it could not be asked. */
typedef struct KnownModel {
    uint64_t service;
    int64_t asked_ms;
    char name[FOUND_NAME_MAX];
} KnownModel;

struct Models {
    Arena *arena; /* of the options */
    ModelsOptions options;
    HttpClient *http;
    Pool *pool; /* looks for local services */
    Gateway *gateway;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t has_looked;
    bool is_looking;
    int64_t looked_ms;               /* monotonic; 0: never */
    const GatewayProvider *found;    /* NULL: none */
    char found_name[FOUND_NAME_MAX]; /* its first model */
    KnownModel known[KNOWN_MAX];
    size_t known_next;
};

/* A service and where its settings come from. */
typedef struct Service {
    ServiceAddress target; /* without key and pinned address until service_reach() */
    Str first_model;       /* it listed when it was set; for showing */
    Str model;             /* empty: its first */
    Str sealed;            /* the workspace's own key */
    bool has_key, was_found;
    bool is_own;         /* set by the workspace, so its address is checked at every call */
    bool allows_private; /* an owner has set it */
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
/* A caller whose one service this is, whatever model it asks for. */
MUST_CHECK bool service_caller(const Scope *scope, const Service *service, GatewayCaller **caller_r,
                               Error *err);
/* JournalWrite: rows of the table usage. */
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
#define PROVIDER_SECRET S("provider-key")
#define SEAL_KEY S("provider-keys")
