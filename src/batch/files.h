/* files.h - files that programs keep here for their calls of models, as OpenAI's /v1/files has
 * them: input and results of batches, documents and pictures that messages name by file_id.
 *
 * They belong to the workspace. Their bytes lie with the originals of documents; the same bytes are
 * stored once.
 *
 * Threads: any. */
#pragma once

#include "library/library.h"
#include "models/models.h"
#include "store/client_files_store.h"

typedef struct Batches Batches;

typedef struct BatchesOptions {
    Db *db;
    Library *library;
    Models *models;
    int64_t file_max, files_sum_max; /* bytes: of one file, of all of a workspace */
} BatchesOptions;

Batches *batches_new(const BatchesOptions *options);
void batches_free(Batches *batches); /* NULL is fine */

#define FILE_EXPIRES_MIN_S 3600
#define FILE_EXPIRES_MAX_S 2592000

typedef struct NewClientFile {
    const char *path; /* in library_incoming(); it is moved */
    Str sha256, name, media_type, purpose;
    uint64_t size;
    int64_t expires_after_s; /* 0: never */
    bool is_voice;           /* FILE_PURPOSE_VOICE, whatever the purpose says */
} NewClientFile;

/* ERROR_INVALID names the field "purpose" or "expires_after" that is wrong. */
MUST_CHECK bool files_add(Batches *batches, const Scope *scope, Arena *arena,
                          const NewClientFile *file, ClientFile *file_r, Error *err);
MUST_CHECK bool files_find(Batches *batches, const Scope *scope, Arena *arena, Str id,
                           ClientFile *file_r, Error *err);
MUST_CHECK bool files_list(Batches *batches, const Scope *scope, Arena *arena,
                           const ClientFileAsk *ask, ClientFileList *list_r, Error *err);
/* The descriptor is the caller's. */
MUST_CHECK bool files_open(Batches *batches, const Scope *scope, Arena *arena, Str id,
                           ClientFile *file_r, int *fd_r, Error *err);
/* The same of a recording that the scope's user has made for a conversation. */
MUST_CHECK bool files_open_voice(Batches *batches, const Scope *scope, Arena *arena, Str id,
                                 ClientFile *file_r, int *fd_r, Error *err);
/* Of others: needs the role editor. */
MUST_CHECK bool files_remove(Batches *batches, const Scope *scope, Str id, Error *err);

/* GatewayPorts.load_file, for a caller of this workspace. */
MUST_CHECK bool files_load(Batches *batches, Arena *arena, Str workspace, Str id, size_t bytes_max,
                           GatewayFile *file_r, Error *err);
