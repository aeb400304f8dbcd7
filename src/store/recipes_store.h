/* recipes_store.h - the `recipes` tables: personas, prompts and workflows of classification, which
 * differ in what their body says.
 *
 * They belong to the workspace: everybody reads them. Each change of the body is a new version, and
 * none is ever changed, so an old one can come back. Who adds, changes or removes one stands in the
 * audit log. */
#pragma once

#include "store/scope.h"

#define RECIPE_PERSONA "persona"
#define RECIPE_PROMPT "prompt"
#define RECIPES_MAX 500 /* of a kind, in a workspace */
#define RECIPE_VERSIONS_MAX 1000

typedef struct Recipe {
    Str id, kind, user; /* user: who made it; empty: a key that is nobody's */
    Str name;
    Str body; /* JSON object, of the current version */
    int64_t version;
    Str shares; /* JSON array; empty: none */
    int64_t created_at_ms, updated_at_ms;
} Recipe;

typedef struct RecipeList {
    Recipe *at;
    size_t count;
} RecipeList;

typedef struct RecipeVersion {
    int64_t number; /* from 1 */
    Str user, body;
    int64_t created_at_ms;
} RecipeVersion;

typedef struct RecipeVersionList {
    RecipeVersion *at;
    size_t count;
} RecipeVersionList;

/* Adds it with a new id and version 1. ERROR_CONFLICT: the name is taken. */
MUST_CHECK bool recipe_add(DbTx *tx, const Scope *scope, Arena *arena, Recipe *recipe, Error *err);
MUST_CHECK bool recipe_find(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str id,
                            Recipe *recipe_r, Error *err);
/* Letter case does not matter. */
MUST_CHECK bool recipe_find_by_name(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str name,
                                    Recipe *recipe_r, Error *err);
/* An id, else a name. */
MUST_CHECK bool recipe_find_either(DbTx *tx, const Scope *scope, Arena *arena, Str kind,
                                   Str id_or_name, Recipe *recipe_r, Error *err);
/* By name; `user` empty: anybody's. */
MUST_CHECK bool recipe_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str user,
                            RecipeList *list_r, Error *err);
/* Saves name, shares and body; another body is a new version, set in *recipe. */
MUST_CHECK bool recipe_update(DbTx *tx, const Scope *scope, Arena *arena, Recipe *recipe,
                              Error *err);
/* Its versions and what it is the default of go with it. */
MUST_CHECK bool recipe_remove(DbTx *tx, const Scope *scope, Arena *arena, const Recipe *recipe,
                              Error *err);

MUST_CHECK bool recipe_version_find(DbTx *tx, const Scope *scope, Arena *arena, Str recipe,
                                    int64_t number, RecipeVersion *version_r, Error *err);
/* Newest first. */
MUST_CHECK bool recipe_version_list(DbTx *tx, const Scope *scope, Arena *arena, Str recipe,
                                    RecipeVersionList *list_r, Error *err);

/* The persona that answers where nobody chose one; `subject_kind` is "collection" or "key". */
MUST_CHECK bool recipe_set_default(DbTx *tx, const Scope *scope, Str subject_kind, Str subject,
                                   Str recipe, Error *err);
/* Empty: none. */
MUST_CHECK bool recipe_default(DbTx *tx, const Scope *scope, Arena *arena, Str subject_kind,
                               Str subject, Str *recipe_r, Error *err);

typedef struct RecipeDefault {
    Str subject_kind, subject, recipe;
} RecipeDefault;
typedef struct RecipeDefaultList {
    RecipeDefault *at;
    size_t count;
} RecipeDefaultList;
MUST_CHECK bool recipe_defaults(DbTx *tx, const Scope *scope, Arena *arena,
                                RecipeDefaultList *list_r, Error *err);
MUST_CHECK bool recipe_remove_default(DbTx *tx, const Scope *scope, Str subject_kind, Str subject,
                                      Error *err);
