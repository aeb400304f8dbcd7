/* summaries_store.h - the tables `summaries` and `digest_plans`: what took long to sum up, and
 * which collections are summed up again and again. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

#define SUMMARY_KIND "summary"
#define DIGEST_KIND "digest"
#define SUMMARIES_KEPT 1000 /* of a workspace and kind; the oldest go */

typedef struct KeptSummary {
    Str id, kind;
    Str subject;      /* id of a document or collection; "": several documents */
    Str request, key; /* JSON of what was asked for; what tells it from others */
    Str result;       /* JSON object; "": not there yet */
    Str job;          /* id of who makes it; "": nobody has to */
    int64_t created_at_ms, updated_at_ms;
} KeptSummary;

typedef struct KeptSummaryList {
    KeptSummary *at;
    size_t count;
} KeptSummaryList;

/* Adds it with a new id, or instead of the one with the same kind and key. */
MUST_CHECK bool summary_set(DbTx *tx, const Scope *scope, Arena *arena, KeptSummary *kept,
                            Error *err);
MUST_CHECK bool summary_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                             KeptSummary *kept_r, Error *err);
/* ERROR_NOT_FOUND when nobody has asked for it. */
MUST_CHECK bool summary_find_by_key(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str key,
                                    KeptSummary *kept_r, Error *err);
/* Newest first, at most 100. */
MUST_CHECK bool summary_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str subject,
                             KeptSummaryList *list_r, Error *err);
MUST_CHECK bool summary_set_result(DbTx *tx, const Scope *scope, Str id, Str result, Error *err);
MUST_CHECK bool summary_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

typedef struct DigestPlan {
    Str workspace, collection, created_by;
    int64_t every_days, last_at_ms;
} DigestPlan;
typedef struct DigestPlanList {
    DigestPlan *at;
    size_t count;
} DigestPlanList;

/* Sets every_days; the time of the last digest of a new one is now. */
MUST_CHECK bool digest_plan_set(DbTx *tx, const Scope *scope, Str collection, int64_t every_days,
                                Error *err);
/* ERROR_NOT_FOUND: there is none. */
MUST_CHECK bool digest_plan_find(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                                 DigestPlan *plan_r, Error *err);
/* True also when there was none. */
MUST_CHECK bool digest_plan_remove(DbTx *tx, const Scope *scope, Str collection, Error *err);
/* A digest up to then was made. */
MUST_CHECK bool digest_plan_done(DbTx *tx, const Scope *scope, Str collection, int64_t time_ms,
                                 Error *err);
/* Those that are due, of all workspaces, at most 200. Needs a system scope. */
MUST_CHECK bool digest_plan_list_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                     DigestPlanList *list_r, Error *err);
