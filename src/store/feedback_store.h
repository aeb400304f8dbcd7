/* feedback_store.h - the tables `feedback` and `feedback_reports`. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

typedef struct Feedback {
    Str id, user;
    Str kind, item; /* "answer", "card", ...; its id */
    int rating;     /* +1, -1; 0 takes it back */
    Str reason;
    Str collection, persona, model; /* of the item; empty: none, or not known */
    int64_t created_at_ms, updated_at_ms;
} Feedback;

typedef struct FeedbackList {
    Feedback *at;
    size_t count;
    Str next;
} FeedbackList;

/* The scope's user's opinion of an item, instead of the one before; its id is set in *feedback. */
MUST_CHECK bool feedback_set(DbTx *tx, const Scope *scope, Arena *arena, Feedback *feedback,
                             Error *err);
/* Of everybody, the last first. */
MUST_CHECK bool feedback_list(DbTx *tx, const Scope *scope, Arena *arena, const Slice *slice,
                              FeedbackList *list_r, Error *err);

typedef enum FeedbackBy {
#define FEEDBACK_BY(name) FEEDBACK_BY_##name,
#include "store/feedback_by.def"
#undef FEEDBACK_BY
    FEEDBACK_BY_COUNT
} FeedbackBy;
const char *feedback_by_name(FeedbackBy by);

typedef struct FeedbackSum {
    Str value;
    int64_t good, bad;
} FeedbackSum;
typedef struct FeedbackSumList {
    FeedbackSum *at;
    size_t count;
} FeedbackSumList;
/* For each value of what it is summed by, those with most bad ratings first, at most 200. */
MUST_CHECK bool feedback_sums(DbTx *tx, const Scope *scope, Arena *arena, FeedbackBy by,
                              FeedbackSumList *list_r, Error *err);
/* What people said of what they thought bad, letter case aside; `good` is 0. At most `limit`. */
MUST_CHECK bool feedback_reasons(DbTx *tx, const Scope *scope, Arena *arena, int64_t limit,
                                 FeedbackSumList *list_r, Error *err);

/* What was learned, as JSON; ERROR_NOT_FOUND: nothing yet. */
MUST_CHECK bool feedback_report_find(DbTx *tx, const Scope *scope, Arena *arena, Str *report_r,
                                     Error *err);
MUST_CHECK bool feedback_report_set(DbTx *tx, const Scope *scope, Str report, int64_t made_at_ms,
                                    Error *err);
typedef struct WorkspaceIds {
    Str *at;
    size_t count;
} WorkspaceIds;
/* Workspaces with feedback that is newer than their report. Needs a system scope. */
MUST_CHECK bool feedback_unlearned(DbTx *tx, const Scope *scope, Arena *arena, WorkspaceIds *list_r,
                                   Error *err);
