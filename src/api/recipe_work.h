/* recipe_work.h - what personas, prompts and workflows have in common over HTTP: versions, taking
 * one back, removing, and who may do so. */
#pragma once

#include "api/api.h"
#include "store/recipes_store.h"

typedef struct RecipeWork {
    ApiRequest *request;
    const char *kind;
    Recipe recipe;
    RecipeList list;
    RecipeVersionList versions;
    int64_t number;
    void *self; /* the caller's */
} RecipeWork;

/* params[0]: an id or a name. */
MUST_CHECK bool recipe_work_find(DbTx *tx, RecipeWork *work, Error *err);
/* The same for whoever made it, and administrators. */
MUST_CHECK bool recipe_work_own(DbTx *tx, RecipeWork *work, Error *err);
/* Whole answers. */
MUST_CHECK bool recipe_answer_versions(ApiRequest *request, HttpResponse *response,
                                       const char *kind, Error *err);
MUST_CHECK bool recipe_answer_removed(ApiRequest *request, HttpResponse *response, const char *kind,
                                      Error *err);
/* The body of version `version` (of the request's body) becomes a new one; it is in work->recipe.
 */
MUST_CHECK bool recipe_work_restore(RecipeWork *work, Error *err);
