/* bot_services_store.h - the `bot_services` table: services that send bots into meetings. Their
 * secrets come sealed and stay so. */
#pragma once

#include "store/scope.h"

#define BOT_SERVICES_MAX 20 /* of one workspace */

typedef struct BotServiceRow {
    Str id, kind, name;
    Str url;   /* its password only after text_open() */
    Str whole; /* of the address (sealed_texts.h) */
    Str sealed;
    bool allows_private, keeps_recordings;
    int64_t created_at_ms;
} BotServiceRow;

typedef struct BotServiceList {
    BotServiceRow *at;
    size_t count;
} BotServiceList;

/* Adds it with a new id, set in *service. ERROR_CONFLICT: BOT_SERVICES_MAX, or the name is taken.
 */
MUST_CHECK bool bot_service_add(DbTx *tx, const Scope *scope, Arena *arena, BotServiceRow *service,
                                Error *err);
MUST_CHECK bool bot_service_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                 BotServiceRow *service_r, Error *err);
/* The oldest first: it is asked when nobody names one. */
MUST_CHECK bool bot_service_list(DbTx *tx, const Scope *scope, Arena *arena, BotServiceList *list_r,
                                 Error *err);
/* Its secrets and whether recordings are kept. */
MUST_CHECK bool bot_service_change(DbTx *tx, const Scope *scope, const BotServiceRow *service,
                                   Error *err);
MUST_CHECK bool bot_service_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
