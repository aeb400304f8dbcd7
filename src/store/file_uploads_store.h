/* file_uploads_store.h - the `file_uploads` and `file_upload_parts` tables: files that come in
 * parts, and what of them is there.
 *
 *     begun -> parts, in any order or each where the last ended -> a document
 *
 * The bytes of a part lie in the blob store by their SHA-256. An upload belongs to the person who
 * began it: for everybody else it does not exist. One that nobody goes on with expires; a finished
 * one has no parts and stays as long as its document. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

#define UPLOAD_SIZE_UNKNOWN (-1)

typedef struct FileUpload {
    Str id, user, name, media_type, collection;
    Str metadata;       /* as the client sent it, to be shown again; may be empty */
    int64_t size;       /* of the whole file; UPLOAD_SIZE_UNKNOWN: not yet told */
    int64_t chunk_size; /* parts come in any order, each of this size but the last; 0: in order */
    Str sha256;         /* that the whole must have; empty: any */
    Str joined;         /* "": a file; "partial": a piece of one; else the pieces it was made of */
    int64_t received;   /* bytes that are there */
    Str document;       /* id once it is finished; empty before */
    int64_t created_at_ms, expires_at_ms; /* expires: 0: never */
} FileUpload;

typedef struct FileUploadPart {
    int64_t start, size;
    Str blob; /* lower-case hex SHA-256 */
} FileUploadPart;

typedef struct FileUploadPartList {
    FileUploadPart *at;
    size_t count;
} FileUploadPartList;

/* What a workspace and a person may have; 0: any number. */
typedef struct StorageLimits {
    int64_t workspace_bytes, person_bytes; /* of documents and open uploads */
    int64_t open_max;                      /* uploads of one person that are not finished */
} StorageLimits;

/* ERROR_FULL, saying whose limit it is, when `more` bytes would be too many. Bytes that are there
 * count as told by their rows. */
MUST_CHECK bool storage_check(DbTx *tx, const Scope *scope, int64_t more,
                              const StorageLimits *limits, Error *err);

/* Adds it; id, user and times are set in *upload. ERROR_LIMITED when the person has too many. */
MUST_CHECK bool file_upload_add(DbTx *tx, const Scope *scope, Arena *arena,
                                const StorageLimits *limits, FileUpload *upload, Error *err);
/* Of the scope's user; for a key that is limited to collections, those that it began itself. */
MUST_CHECK bool file_upload_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                 FileUpload *upload_r, Error *err);
/* The same, and nobody else changes it before the transaction is over. For writes. */
MUST_CHECK bool file_upload_hold(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                 FileUpload *upload_r, Error *err);
/* In order of their starts; also of others' uploads, for who cleans up. */
MUST_CHECK bool file_upload_parts(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                  FileUploadPartList *list_r, Error *err);
/* Records a part that lies in the blob store, and that somebody still works on the upload. The same
 * part again changes nothing; other bytes in its place, or a part that is not the next one where
 * parts come in order, are an ERROR_CONFLICT. */
MUST_CHECK bool file_upload_part_add(DbTx *tx, const Scope *scope, Arena *arena,
                                     const FileUpload *upload, const FileUploadPart *part,
                                     int64_t expires_at_ms, Error *err);
/* Its size, where it was not told before. */
MUST_CHECK bool file_upload_set_size(DbTx *tx, const Scope *scope, Str id, int64_t size,
                                     Error *err);
/* It is that document from now on, and expires no more. */
MUST_CHECK bool file_upload_end(DbTx *tx, const Scope *scope, Str id, Str document, Error *err);
MUST_CHECK bool file_upload_part_remove(DbTx *tx, const Scope *scope, Str id, int64_t start,
                                        Error *err);
MUST_CHECK bool file_upload_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

typedef struct StaleUpload {
    Str workspace, id;
    bool is_finished; /* only its parts are to go */
} StaleUpload;
typedef struct StaleUploadList {
    StaleUpload *at;
    size_t count;
} StaleUploadList;
/* Expired ones, and finished ones that still have parts. Of all workspaces: system scope. */
MUST_CHECK bool file_upload_list_stale(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                       int64_t limit, StaleUploadList *list_r, Error *err);
/* The blobs of the workspace's parts, to compare with what is stored. */
MUST_CHECK bool file_upload_blobs(DbTx *tx, const Scope *scope, Arena *arena, StrList *list_r,
                                  Error *err);
