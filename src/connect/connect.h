/* connect.h - places outside that documents come from, and stay in step with.
 *
 *     connection (settings, sealed secrets, collection, how often)
 *        | due, or asked for
 *     job "connect_sync", one at a time for each connection
 *        list:  parts of what is there -> connection_items, with where the listing goes on
 *        take:  each item that waits -> bytes -> library_add() -> its document
 *        end:   what is gone there is kept or goes to the trash here
 *
 * A place that tells of news by itself (IMAP IDLE) is watched by a job "connect_watch" between the
 * rounds, on one node: it asks for a round as soon as there is news. The rounds that are due go on
 * all the same.
 *
 * Every step is one transaction that holds the job, so a round that is interrupted goes on where it
 * was, and taking an item twice gives one document: the library knows the same bytes. A changed
 * item is a new document; the one it was goes to the trash. One that was removed here and changes
 * there is a conflict for a person to decide. What fails for now is tried in the next round; a
 * place that cannot be reached at all is asked less and less often, up to once a day.
 *
 * Addresses that people name must be public; those of owners may be private (url_safety.h).
 *
 * Threads: any. */
#pragma once

#include "base/json.h"
#include "jobs/job_queue.h"
#include "library/library.h"
#include "net/http_client.h"
#include "store/connections_store.h"

typedef struct Connect Connect;

typedef struct ConnectOptions {
    Db *db;
    Library *library;
    Str folders;         /* that may be watched, with colons between; empty: none */
    int64_t file_max;    /* the largest file that is taken */
    Str public_url;      /* where services lead people back to; empty: nowhere */
    const Proxy *proxy;  /* borrowed; NULL: none */
    const char *ca_file; /* NULL: the system's */
} ConnectOptions;

Connect *connect_new(const ConnectOptions *options);
void connect_free(Connect *connect); /* NULL is fine */

/* --- Kinds --- */

typedef struct ConnectorKind {
    const char *name, *source, *title; /* see connectors.def */
    bool takes_grants;
    const char *const *schema;         /* of its settings, JSON Schema */
    const struct Connector *connector; /* connector.h */
} ConnectorKind;

extern const ConnectorKind connector_kinds[];
extern const size_t connector_count;
/* ERROR_NOT_FOUND names those there are. */
MUST_CHECK bool connector_named(Str name, const ConnectorKind **kind_r, Error *err);
/* Whether a document with this source came by a connection. */
bool connect_is_source(Str source);

/* --- Connections: ROLE_ADMIN --- */

#define CONNECT_SETTINGS_MAX KB(32)
#define CONNECT_MINUTES_MAX (60 * 24 * 30)

/* What a person says of one. */
typedef struct ConnectWish {
    Str kind, name, collection, gone;
    const json_t *settings; /* with secrets; NULL: as they are */
    int64_t every_minutes;
    bool is_on;
} ConnectWish;

/* Nobody is asked yet: the first round, which begins at once, says whether it works. */
MUST_CHECK bool connect_add(Connect *connect, const Scope *scope, Arena *arena,
                            const ConnectWish *wish, Connection *connection_r, Error *err);
/* All but the kind. A secret that is left out of the settings stays as it is. */
MUST_CHECK bool connect_change(Connect *connect, const Scope *scope, Arena *arena, Str id,
                               const ConnectWish *wish, Connection *connection_r, Error *err);
/* Its documents stay. */
MUST_CHECK bool connect_remove(Connect *connect, const Scope *scope, Arena *arena, Str id,
                               Error *err);
/* Asks the place, with settings that need not be kept; of connection `id`, or of none (empty).
 * *says_r: what was found. */
MUST_CHECK bool connect_test(Connect *connect, const Scope *scope, Arena *arena, Str id,
                             const ConnectWish *wish, Str *says_r, Error *err);
/* The names of the secrets that it has. */
MUST_CHECK bool connect_secrets(Connect *connect, Arena *arena, const Connection *connection,
                                StrList *names_r, Error *err);

/* A round begins now; *job_r is its job. `is_asked`: one that goes on already is followed by
 * another. */
MUST_CHECK bool connect_sync(DbTx *tx, const Scope *scope, Arena *arena,
                             const Connection *connection, bool is_asked, Str *job_r, Error *err);
/* A conflict, or something that failed or was ignored, is taken in this round or not at all. */
MUST_CHECK bool connect_decide(DbTx *tx, const Scope *scope, Arena *arena, Str connection, Str key,
                               bool is_wanted, Error *err);

/* How a document is sent. */
typedef struct ConnectSending {
    Str document;
    Str below;          /* see ConnectNote; needed the first time */
    json_t *properties; /* NULL: none */
    bool replaces;
    Str remote; /* set: what it is called there */
    bool is_new;
} ConnectSending;
/* A document's text, written to the place: as something new the first time, then over what it was
 * written as. ERROR_CONFLICT: that was edited there since, and stays as it is. ERROR_UNSUPPORTED:
 * the kind only gives. */
MUST_CHECK bool connect_send(Connect *connect, const Scope *scope, Arena *arena, Str id,
                             ConnectSending *sending, Error *err);
bool connect_can_send(const ConnectorKind *kind);

/* Job handlers; their argument is a Connect. */
JobHandler connect_sync_job, connect_due_job, connect_watch_job;
