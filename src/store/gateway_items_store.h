/* gateway_items_store.h - the `gateway_items` table: model services, models and routes of a
 * workspace, each a JSON document by kind and name.
 *
 * A change is told on GATEWAY_CHANNEL with the workspace's id, once it is committed. */
#pragma once

#include "store/scope.h"

#define GATEWAY_CHANNEL "gateway"
#define GATEWAY_ITEMS_MAX 1000  /* of one kind */
#define GATEWAY_BYTES_MAX MB(4) /* of all documents: they are read together, into one arena */

typedef struct GatewayItem {
    Str kind, name; /* "service", "model" or "route" */
    Str document;   /* of a service without the values of its headers, before text_open() */
    Str whole;      /* of the document (sealed_texts.h) */
    Str sealed;     /* of a service: its keys; "" */
    int64_t updated_at_ms;
} GatewayItem;

typedef struct GatewayItemList {
    GatewayItem *at;
    size_t count;
} GatewayItemList;

#define GATEWAY_HIDDEN "***" /* instead of the value of a header, which may be a key */
/* The document of a service without the values of its headers; the same text when it has none. */
Str gateway_document_shown(Arena *arena, Str document);

/* Adds or replaces. ERROR_CONFLICT: there are GATEWAY_ITEMS_MAX of this kind. ERROR_TOO_LARGE: all
 * documents together have more than GATEWAY_BYTES_MAX. */
MUST_CHECK bool gateway_item_set(DbTx *tx, const Scope *scope, const GatewayItem *item, Error *err);
/* All of the workspace, by kind and name. */
MUST_CHECK bool gateway_item_list(DbTx *tx, const Scope *scope, Arena *arena,
                                  GatewayItemList *list_r, Error *err);
MUST_CHECK bool gateway_item_remove(DbTx *tx, const Scope *scope, Str kind, Str name, Error *err);
/* Something else that the gateway's picture of this workspace is made from has changed. */
MUST_CHECK bool gateway_tell_change(DbTx *tx, const Scope *scope, Error *err);
