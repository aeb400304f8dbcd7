/* connection_items_store.h - the `connection_items` table: what was found in a place outside, and
 * what became of it. The states are a list: connection_item_states.def. */
#pragma once

#include "base/json.h"
#include "store/scope.h"
#include "store/slice.h"

struct Connection;

#define CONNECTION_ITEMS_MAX 200000 /* of one connection */

typedef enum ItemState {
#define ITEM_STATE(name) ITEM_##name,
#include "store/connection_item_states.def"
#undef ITEM_STATE
    ITEM_STATE_COUNT,
} ItemState;

const char *item_state_name(ItemState state);
ItemState item_state_named(Str name); /* ITEM_STATE_COUNT when there is none */

typedef struct ConnectionItem {
    Str key;    /* hex SHA-256 of `remote` */
    Str remote; /* what the place calls it; empty: its document was erased */
    Str name;
    int64_t depth; /* how far from where the round began; the nearest are taken first */
    ItemState state;
    Str listed;   /* its newest version; empty: the place does not say */
    Str version;  /* the one that `state` is about */
    Str document; /* id; empty: none */
    int64_t tries;
    Str error_code, error;
    int64_t updated_at_ms;
} ConnectionItem;

typedef struct ConnectionItemList {
    ConnectionItem *at;
    size_t count;
    Str next; /* see slice.h */
} ConnectionItemList;

/* Found by the connection's round: remote, name, depth and listed of each. What is new, has another
 * version or has failed waits to be taken; what this round has seen before is left alone, and what
 * was written there is never taken, only seen to be edited. Those beyond `most` in one round are
 * left out. */
MUST_CHECK bool connection_items_found(DbTx *tx, const Scope *scope, Arena *arena,
                                       const struct Connection *connection,
                                       const ConnectionItem *items, size_t count, int64_t most,
                                       Error *err);
/* The round has seen them (`remote` of each), and they stay as they are. */
MUST_CHECK bool connection_items_busy(DbTx *tx, const Scope *scope, Arena *arena,
                                      const struct Connection *connection,
                                      const ConnectionItem *items, size_t count, Error *err);
/* All that were taken, skipped or failed are seen, and wait to be looked at again. */
MUST_CHECK bool connection_items_again(DbTx *tx, const Scope *scope,
                                       const struct Connection *connection, Error *err);
/* How many the round has seen. */
MUST_CHECK bool connection_items_seen(DbTx *tx, const Scope *scope,
                                      const struct Connection *connection, int64_t *count_r,
                                      Error *err);
/* Those that wait, the nearest first, at most `limit`. */
MUST_CHECK bool connection_items_waiting(DbTx *tx, const Scope *scope, Arena *arena, Str connection,
                                         int64_t limit, ConnectionItemList *list_r, Error *err);
/* State, version, name, document, error and tries of item->key. */
MUST_CHECK bool connection_item_save(DbTx *tx, const Scope *scope, Str connection,
                                     const ConnectionItem *item, Error *err);
MUST_CHECK bool connection_item_find(DbTx *tx, const Scope *scope, Arena *arena, Str connection,
                                     Str key, ConnectionItem *item_r, Error *err);
/* By key; `state` ITEM_STATE_COUNT: any. */
MUST_CHECK bool connection_item_list(DbTx *tx, const Scope *scope, Arena *arena, Str connection,
                                     ItemState state, const Slice *slice,
                                     ConnectionItemList *list_r, Error *err);
/* Those not gone that the round has not seen, at most 100; what is ignored is left out. */
MUST_CHECK bool connection_items_unseen(DbTx *tx, const Scope *scope, Arena *arena,
                                        const struct Connection *connection,
                                        ConnectionItemList *list_r, Error *err);
/* How many items there are in each state. */
MUST_CHECK bool connection_item_counts(DbTx *tx, const Scope *scope, Str connection,
                                       int64_t counts_r[ITEM_STATE_COUNT], Error *err);
/* How many items, of any connection, brought this document and are not gone. */
MUST_CHECK bool connection_items_of(DbTx *tx, const Scope *scope, Str document, int64_t *count_r,
                                    Error *err);
/* What the document was last written to there (sent or edited). ERROR_NOT_FOUND: nothing. */
MUST_CHECK bool connection_item_sent(DbTx *tx, const Scope *scope, Arena *arena, Str connection,
                                     Str document, ConnectionItem *item_r, Error *err);
/* The document is `item` there, and what it was before is ignored: remote, name, state, version,
 * error. */
MUST_CHECK bool connection_item_send(DbTx *tx, const Scope *scope, Arena *arena, Str connection,
                                     const ConnectionItem *item, Error *err);
/* The document is erased: nothing of what it was called stays, and while it is there it is not
 * taken again. */
MUST_CHECK bool connection_items_forget(DbTx *tx, const Scope *scope, Str document, Error *err);
