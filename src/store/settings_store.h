/* settings_store.h - the `settings` table: JSON values by name, for each workspace; a system scope
 * with an empty workspace keeps those of the whole server. */
#pragma once

#include "store/scope.h"

typedef struct Setting {
    Str name, value; /* JSON */
    int64_t updated_at_ms;
} Setting;

typedef struct SettingList {
    Setting *at;
    size_t count;
} SettingList;

/* Adds or replaces. */
MUST_CHECK bool setting_set(DbTx *tx, const Scope *scope, Str name, Str value, Error *err);
/* Instead of the value `was` (empty: none); ERROR_CONFLICT when somebody has changed it since. */
MUST_CHECK bool setting_replace(DbTx *tx, const Scope *scope, Str name, Str was, Str value,
                                Error *err);
/* ERROR_NOT_FOUND when it was never set. */
MUST_CHECK bool setting_find(DbTx *tx, const Scope *scope, Arena *arena, Str name, Str *value_r,
                             Error *err);
MUST_CHECK bool setting_list(DbTx *tx, const Scope *scope, Arena *arena, SettingList *list_r,
                             Error *err);
/* True also when there was none. */
MUST_CHECK bool setting_remove(DbTx *tx, const Scope *scope, Str name, Error *err);
