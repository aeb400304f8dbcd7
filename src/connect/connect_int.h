/* connect_int.h - what the files of src/connect share. Not for other folders. */
#pragma once

#include "connect/connector.h"

#define CONNECT_JOB S("connect_sync")
#define CONNECT_WATCH_JOB S("connect_watch")
#define CONNECT_MEMORY MB(256) /* of one part or item */

struct Connect {
    ConnectOptions options;
    HttpClient *http;
};

/* A run over a connection with these settings (borrowed). */
void connect_run_begin(ConnectRun *run, Connect *connect, const Scope *scope,
                       const ConnectorKind *kind, const Connection *connection, json_t *settings);
void connect_run_end(ConnectRun *run);
#define AUTO_CONNECT_RUN AUTO(connect_run_end)

/* The settings of a stored connection, with its secrets; release with AUTO_JSON. */
MUST_CHECK bool connect_settings(Connect *connect, Arena *arena, const Connection *connection,
                                 json_t **settings_r, Error *err);
/* *connection, as it was found, has its settings with the passwords of addresses; what cannot be
 * opened stays as it is shown, to be given again. */
void connect_open_settings(Connect *connect, Arena *arena, Connection *connection);
/* What was given over the secrets that are kept, checked; release with AUTO_JSON. ERROR_INVALID: a
 * kept secret would go to another server than the one it was given for. */
MUST_CHECK bool connect_merge(Connect *connect, Arena *arena, const ConnectorKind *kind,
                              const Connection *connection, const json_t *given,
                              json_t **settings_r, Error *err);
/* Into what may be shown and what is sealed, both of *connection. */
MUST_CHECK bool connect_split(Connect *connect, Arena *arena, const ConnectorKind *kind,
                              json_t *settings, Connection *connection, Error *err);
/* Which server settings lead to, to be compared: see Connector.place. */
Str connect_place(Arena *arena, const ConnectorKind *kind, const json_t *settings);
/* Seals these secrets. */
MUST_CHECK bool connect_seal(Connect *connect, Arena *arena, const json_t *secrets, Str *sealed_r,
                             Error *err);

/* What was sealed; an empty object when nothing was. Release with AUTO_JSON. */
MUST_CHECK bool connect_open(Connect *connect, Arena *arena, Str sealed, json_t **secrets_r,
                             Error *err);

/* --- connect_run.c: bytes on their way ------------------------------------------------ */

typedef struct ConnectBytes ConnectBytes;

/* What fetch() has given: a file of ours, and its digest. The file is removed with
 * connect_bytes_free() unless it was moved away. */
MUST_CHECK bool connect_bytes_end(ConnectFile *file, Arena *arena, const char **path_r,
                                  uint64_t *size_r, Str *sha256_r, Error *err);
void connect_bytes_free(ConnectFile *file);

/* --- connect_take.c ------------------------------------------------------------------------ */

/* Fetches one item and makes it what it is here. What concerns the item alone is written to it;
 * *is_failed_r: it may succeed another time. */
MUST_CHECK bool connect_take(ConnectRun *run, const ConnectionItem *item, bool *is_failed_r,
                             Error *err);
/* Everything that this round has not seen is gone. */
MUST_CHECK bool connect_take_away(ConnectRun *run, Error *err);

/* --- connect_sync.c ------------------------------------------------------------------------ */

/* In a transaction: fails when the job or the round is no longer ours. */
MUST_CHECK bool connect_hold(DbTx *tx, const ConnectRun *run, Error *err);
int64_t connect_items_max(const ConnectRun *run);
/* The connection that the job is about, in `arena`; settings_r (may be NULL) with its secrets, for
 * AUTO_JSON. ERROR_NOT_FOUND: it was removed meanwhile. */
MUST_CHECK bool connect_load(const Job *job, Arena *arena, Connection *connection_r,
                             const ConnectorKind **kind_r, json_t **settings_r, Error *err);
