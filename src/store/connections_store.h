/* connections_store.h - the `connections` table: places outside that documents come from, and how
 * far the round over each is.
 *
 *     idle --connection_begin()--> listing --connection_page()--> taking --connection_end()--> idle
 *
 * Whatever is written while a round goes on names it: after a change of the settings, which begins
 * a new one, what the old one still writes fails with ERROR_CONFLICT. Secrets come sealed and stay
 * so. */
#pragma once

#include "store/connection_items_store.h"

#define CONNECTIONS_MAX 200 /* of one workspace */

typedef struct Connection {
    Str workspace; /* set where connections of several are listed */
    Str id, kind, name;
    Str settings;   /* JSON object, without its secrets; passwords of addresses: text_open() */
    Str whole;      /* of the settings (sealed_texts.h) */
    Str sealed;     /* JSON object of those; empty: none */
    Str collection; /* id; empty: none */
    Str gone;       /* what becomes of documents that are gone there: "keep", "trash" */
    bool allows_private, is_on;
    int64_t every_minutes; /* 0: only when somebody asks */
    Str phase;             /* "idle", "listing", "taking" */
    int64_t round;         /* of its syncs; 0: there was none */
    bool is_whole;         /* what this round has not seen is gone */
    Str cursor;            /* the connector's own: where its listing goes on */
    int64_t next_at_ms;    /* 0: never by itself */
    int64_t started_at_ms, done_at_ms;
    int64_t failures; /* rounds that failed, in a row */
    Str error_code, error;
    Str created_by;
    int64_t created_at_ms, updated_at_ms;
} Connection;

typedef struct ConnectionList {
    Connection *at;
    size_t count;
    int64_t total;
    Str next; /* see slice.h */
} ConnectionList;

/* Adds it with a new id, set in *connection. ERROR_CONFLICT: there are
 * CONNECTIONS_MAX. */
MUST_CHECK bool connection_add(DbTx *tx, const Scope *scope, Arena *arena, Connection *connection,
                               Error *err);
MUST_CHECK bool connection_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                Connection *connection_r, Error *err);
/* By name. */
MUST_CHECK bool connection_list(DbTx *tx, const Scope *scope, Arena *arena, const Slice *slice,
                                ConnectionList *list_r, Error *err);
/* Name, settings, secrets, collection, gone, every_minutes, allows_private, is_on. `is_elsewhere`:
 * other settings, so what was going on is void. */
MUST_CHECK bool connection_update(DbTx *tx, const Scope *scope, Arena *arena,
                                  const Connection *connection, bool is_elsewhere, Error *err);
/* Its secrets alone, in the place of what they were: ERROR_CONFLICT when somebody was faster. */
MUST_CHECK bool connection_reseal(DbTx *tx, const Scope *scope, Str id, Str was, Str sealed,
                                  Error *err);
/* With its items; documents stay. */
MUST_CHECK bool connection_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* Those that are due, of all workspaces, at most 200. Needs a system scope. */
MUST_CHECK bool connection_list_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                    ConnectionList *list_r, Error *err);
/* When it is to be looked at next; 0: never by itself. */
MUST_CHECK bool connection_plan(DbTx *tx, const Scope *scope, Str id, int64_t next_at_ms,
                                Error *err);

/* --- A round --- */

/* A new round; connection->round and phase are set. What failed in the last one waits again. */
MUST_CHECK bool connection_begin(DbTx *tx, const Scope *scope, Connection *connection, Error *err);
/* A part of the listing is stored: where it goes on, and whether there is more. */
MUST_CHECK bool connection_page(DbTx *tx, const Scope *scope, Connection *connection, Str cursor,
                                bool is_last, bool is_whole, Error *err);
/* The round is over; why->code ERROR_NONE: it went well, and the message is what people should know
 * of it all the same. One that failed goes on where it was. */
MUST_CHECK bool connection_end(DbTx *tx, const Scope *scope, const Connection *connection,
                               const Error *why, int64_t next_at_ms, Error *err);
