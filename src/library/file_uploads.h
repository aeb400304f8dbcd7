/* file_uploads.h - files that come in parts and become documents.
 *
 *     begin -> take, as often as needed -> the last byte makes the document
 *
 * Each part is durable in the blob store before its row says that it is there, so an upload goes on
 * after a crash, and on any node that shares database and blob store. Memory does not grow with the
 * file. The document is made by library_add(): the same checks, the same promise.
 *
 * Threads: any. */
#pragma once

#include "library/library.h"

/* 8 MiB, as the field has it. */
#define UPLOAD_CHUNK_SIZE ((int64_t)8 * 1024 * 1024)

/* Of *wish: name, media_type, collection, metadata, size, chunk_size, sha256, joined. A file of no
 * bytes is a document at once. */
MUST_CHECK bool library_upload_begin(Library *library, const Scope *scope, Arena *arena,
                                     const FileUpload *wish, FileUpload *upload_r, Error *err);
MUST_CHECK bool library_upload_find(Library *library, const Scope *scope, Arena *arena, Str id,
                                    FileUpload *upload_r, Error *err);
/* What is there, in order of its places. */
MUST_CHECK bool library_upload_parts(Library *library, const Scope *scope, Arena *arena, Str id,
                                     FileUploadPartList *list_r, Error *err);

typedef struct UploadPart {
    int64_t start, size;
    const char *path; /* a file of ours on the file system of the originals: it is moved */
    Str sha256;
} UploadPart;
/* Takes a part, and makes the document when it was the last; *upload is as it is then. A part that
 * is there already changes nothing. What cannot become a document (its checksum differs, it is of a
 * kind that is not read) is removed; what lacks room stays, and the last part may be sent again. */
MUST_CHECK bool library_upload_take(Library *library, const Scope *scope, Arena *arena,
                                    FileUpload *upload, const UploadPart *part, Error *err);
MUST_CHECK bool library_upload_set_size(Library *library, const Scope *scope, Arena *arena,
                                        FileUpload *upload, int64_t size, Error *err);
/* One file from partial uploads, which stay. */
MUST_CHECK bool library_upload_join(Library *library, const Scope *scope, Arena *arena,
                                    const FileUpload *wish, StrList pieces, FileUpload *upload_r,
                                    Error *err);
/* What was sent is gone; a document that was made of it stays. */
MUST_CHECK bool library_upload_remove(Library *library, const Scope *scope, Str id, Error *err);

JobHandler library_uploads_job; /* uploads that nobody goes on with. Recurring */
