/* model_names.h - the models that a caller can ask for by name. */
#pragma once

#include "api/api.h"

typedef struct ListedModel {
    Str id, owner;      /* "gpt-5", "openai" */
    int64_t context;    /* tokens; 0: unknown */
    unsigned abilities; /* bits of ModelAbility; 0: unknown */
    bool is_embedding;  /* and nothing else */
} ListedModel;

typedef struct ListedModels {
    const ListedModel *at;
    size_t count;
} ListedModels;

/* What this server answers itself and what the workspace's services have. A service that does not
 * answer now has no models now. */
ListedModels list_models(ApiRequest *request);
/* NULL when there is none of this name. */
const ListedModel *find_model(ListedModels models, Str id);
/* The embedding model's name without its version; the usual one's until it is loaded. */
Str own_embedding_model(const Api *api, Arena *arena);
struct ModelReply;
/* Vectors of texts, by our own encoder or the service that has the model; "" becomes the name of
 * our own. */
MUST_CHECK bool api_embed_texts(ApiRequest *request, StrList texts, Str *model,
                                struct ModelReply *reply_r, Error *err);
