/* calls_store.h - the tables `call_pages` and `call_sums`: every call of a model, what it took and
 * what it cost; one by one for as long as calls_days says, summed for longer.
 *
 * Money is pico-dollars (1e-12 dollars). Calls are added in batches; adding a batch twice is
 * harmless, because it is known by the id of its first call. */
#pragma once

#include "store/call_sums.h"
#include "store/scope.h"
#include "store/slice.h"

/* Calls of one workspace, made ready to be written without a transaction. */
typedef struct CallBatch CallBatch;

/* `scratch` is emptied after each page. */
CallBatch *calls_batch_new(Arena *arena, Arena *scratch, Str workspace);
/* A page more, of 1 to CALL_PAGE rows; of them only the texts must live on. */
void calls_batch_page(CallBatch *batch, const CallRow *rows, size_t count);
/* A system scope adds to any workspace; another to its own, whatever the batch says. */
MUST_CHECK bool calls_add(DbTx *tx, const Scope *scope, Arena *arena, CallBatch *batch, Error *err);

/* "": any. */
typedef struct CallFilter {
    Str model, service, key, user, feature, task, status; /* status "error": any but ok */
    int64_t from_ms, to_ms;                               /* when it started; 0: no bound */
} CallFilter;

typedef struct CallList {
    CallRow *at;
    size_t count;
    Str next;
} CallList;

/* Those that ended last first, nearly: a page of calls lies where the last of them ended. A part
 * may hold fewer than were asked for, even none, and still have a next: so many were looked at. */
MUST_CHECK bool calls_list(DbTx *tx, const Scope *scope, Arena *arena, const CallFilter *filter,
                           const Slice *slice, CallList *list_r, Error *err);

typedef enum CallGroup {
#define CALL_GROUP(name, word, span, sql, what) CALL_GROUP_##name,
#include "store/call_groups.def"
#undef CALL_GROUP
    CALL_GROUP_COUNT
} CallGroup;
/* False when there is none of this name. */
bool call_group_named(Str word, CallGroup *group_r);

typedef struct CallSumRow {
    Str name; /* "2026-11-21", "2026-11-21T10:00Z", the model, the person's id, ... */
    int64_t errors;
    CallTotals totals;
} CallSumRow;

typedef struct CallSumList {
    CallSumRow *at;
    size_t count;
} CallSumList;

/* Sums by name. Times are those of whole hours, or whole days where hours are forgotten. */
MUST_CHECK bool calls_sum(DbTx *tx, const Scope *scope, Arena *arena, CallGroup group,
                          const CallFilter *filter, CallSumList *list_r, Error *err);

/* Hours and minutes are forgotten after so many days; days stay. */
#define CALL_HOUR_DAYS 400
#define CALL_MINUTE_DAYS 3
/* Forget calls that started before, and sums as above. System scope. */
MUST_CHECK bool calls_remove_old(DbTx *tx, const Scope *scope, int64_t before_ms, Error *err);
/* Puts the pseudonym in the place of a person in the calls of at most `limit` pages behind *after
 * (empty: from the first), and moves that to the last of them; empty: there was none any more. */
MUST_CHECK bool calls_unname(DbTx *tx, const Scope *scope, Arena *arena, Str user, Str pseudonym,
                             int64_t limit, Str *after, int64_t *calls_r, Error *err);
