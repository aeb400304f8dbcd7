/* alert_silences_store.h - the `alert_silences` table: alerts that are not told for a while. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

#define ALERT_SILENCES_MAX 100 /* of one workspace, that have not ended */

typedef struct AlertSilence {
    Str id, rule, subject; /* rule "": every rule; subject "": whatever it is about */
    Str reason;
    Str user; /* who wanted it; empty: a key, or the owner of the machine */
    int64_t created_at_ms, ends_at_ms;
} AlertSilence;

typedef struct AlertSilenceList {
    AlertSilence *at;
    size_t count;
} AlertSilenceList;

/* Adds it with a new id, set in *silence, as the scope's user. ERROR_CONFLICT: there are
 * ALERT_SILENCES_MAX. */
MUST_CHECK bool alert_silence_add(DbTx *tx, const Scope *scope, Arena *arena, AlertSilence *silence,
                                  Error *err);
/* Those that have not ended at `now_ms`, the first to end first. */
MUST_CHECK bool alert_silence_list(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                   AlertSilenceList *list_r, Error *err);
MUST_CHECK bool alert_silence_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
/* Removes what ended before. System scope. */
MUST_CHECK bool alert_silence_forget(DbTx *tx, const Scope *scope, int64_t before_ms, Error *err);
