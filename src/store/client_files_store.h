/* client_files_store.h - the `client_files` table: files that programs keep here for their calls of
 * models (OpenAI's /v1/files). Their bytes are originals in the blob store, which documents may
 * share. A file past its time counts as absent. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

/* What somebody said in a conversation: nobody else sees it, and no list has it. */
#define FILE_PURPOSE_VOICE "voice"
/* Everything of the workspace in one file: only its owners see it, and no list of files has it. It
 * does not count among what the files may have together. */
#define FILE_PURPOSE_EXPORT "export"

typedef struct ClientFile {
    Str id; /* "file-" and a UUIDv7: sorts by time */
    Str user, name, media_type, purpose, blob;
    int64_t size, created_at_ms, expires_at_ms; /* expires: 0: never */
} ClientFile;

typedef struct ClientFileList {
    ClientFile *at;
    size_t count;
    bool has_more;
} ClientFileList;

/* Adds it; id and creation time are set in *file. ERROR_FULL when all files of the workspace would
 * have more than `sum_max` bytes. */
MUST_CHECK bool client_file_add(DbTx *tx, const Scope *scope, Arena *arena, int64_t sum_max,
                                ClientFile *file, Error *err);
MUST_CHECK bool client_file_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                 ClientFile *file_r, Error *err);

typedef struct ClientFileAsk {
    Str purpose, after; /* empty: any; from the beginning */
    int64_t limit;
    bool is_ascending;
} ClientFileAsk;
MUST_CHECK bool client_file_list(DbTx *tx, const Scope *scope, Arena *arena,
                                 const ClientFileAsk *ask, ClientFileList *list_r, Error *err);
MUST_CHECK bool client_file_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* A recording of the scope's user; ERROR_NOT_FOUND also for others'. */
MUST_CHECK bool voice_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, ClientFile *file_r,
                           Error *err);
/* It has been sent: it stays as long as its conversation. */
MUST_CHECK bool voice_keep(DbTx *tx, const Scope *scope, Str id, Error *err);

/* Exports, for owners: ERROR_DENIED for others. */
MUST_CHECK bool export_file_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                 ClientFile *file_r, Error *err);
/* Newest first, at most 100. */
MUST_CHECK bool export_file_list(DbTx *tx, const Scope *scope, Arena *arena, ClientFileList *list_r,
                                 Error *err);

typedef struct ExpiredFile {
    Str workspace, id, blob;
} ExpiredFile;
typedef struct ExpiredFileList {
    ExpiredFile *at;
    size_t count;
} ExpiredFileList;
/* Of all workspaces. System scope. */
MUST_CHECK bool client_file_list_expired(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                         int64_t limit, ExpiredFileList *list_r, Error *err);
/* The blobs of the workspace's files, to compare with what is stored. */
MUST_CHECK bool client_file_blobs(DbTx *tx, const Scope *scope, Arena *arena, StrList *list_r,
                                  Error *err);
