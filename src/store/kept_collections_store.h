/* kept_collections_store.h - collections that keep their documents for a number of days, and which
 * of them go next.
 *
 * The days count from the last change of a document: that it came, was moved here, renamed, tagged,
 * given a new version or brought back from the trash. What has a list of its own who sees it stays:
 * it is not the collection's. Nothing goes within a day of the days being set, so that a mistake
 * can be undone; what goes, goes to the trash. Any thread. */
#pragma once

#include "store/collections_store.h"
#include "store/documents_store.h"

#define KEEP_DAYS_MAX 36500

typedef struct DueDocument {
    Str workspace, id, name;
    int64_t goes_at_ms;
} DueDocument;

typedef struct DueDocumentList {
    DueDocument *at;
    size_t count;
} DueDocumentList;

/* Those of a collection that go before this time, the first ones first, and how many there are. */
MUST_CHECK bool kept_collection_due(DbTx *tx, const Scope *scope, Arena *arena,
                                    const Collection *collection, int64_t before_ms, int64_t limit,
                                    DueDocumentList *list_r, int64_t *count_r, Error *err);
typedef struct KeptCollection {
    Str workspace, id, name;
    int64_t keep_days;
} KeptCollection;

typedef struct KeptCollectionList {
    KeptCollection *at;
    size_t count;
} KeptCollectionList;

/* Those that keep their documents for a time, of all workspaces, behind the one called `after`; at
 * most 100. System scope. */
MUST_CHECK bool kept_collections_list(DbTx *tx, const Scope *scope, Arena *arena, Str after,
                                      KeptCollectionList *list_r, Error *err);

typedef struct DueShare {
    Str user;       /* whose documents; empty: nobody's */
    int64_t day_ms; /* on which they go: its beginning, UTC */
    int64_t count;
} DueShare;

typedef struct DueShareList {
    DueShare *at;
    size_t count;
} DueShareList;

/* How many of a collection's documents go before this time, by who brought them and by day; the
 * first days first, at most KEPT_SHARES_MAX. */
#define KEPT_SHARES_MAX 10000
MUST_CHECK bool kept_collection_shares(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                                       int64_t before_ms, DueShareList *list_r, Error *err);
/* Of all workspaces, whose time is over: at most `limit`, of one collection. System scope. */
MUST_CHECK bool kept_collections_over(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                      int64_t limit, DueDocumentList *list_r, Error *err);
/* Puts it into the trash if its time is still over, in the transaction that says so; *gone_r:
 * whether it was. */
MUST_CHECK bool kept_collection_let_go(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                                       int64_t now_ms, bool *gone_r, Error *err);
