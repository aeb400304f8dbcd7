/* blob_store.h - originals, named by the SHA-256 of their bytes, apart for each workspace.
 *
 *     FOLDER/<workspace>/ab/cdef...      the folder driver
 *
 * The same bytes in two workspaces are two files, so that nothing shows across them. A blob is
 * written once and never changed. To add a driver: one more BlobDriver in a file of its own.
 *
 * Threads: any number, all functions. */
#pragma once

#include "base/base.h"

typedef struct BlobStore BlobStore;

/* Opens DIR, making it when it is not there. */
MUST_CHECK bool blob_open_folder(const char *folder, BlobStore **store_r, Error *err);
void blob_close(BlobStore *store); /* NULL is fine */

/* Keep a file that lies on the store's file system: it is moved, not copied, and durable when this
 * returns. `sha256` is 64 lower-case hex digits of its bytes. Bytes that are there already are
 * kept and the file is removed. */
MUST_CHECK bool blob_add(BlobStore *store, Str workspace, Str sha256, const char *path, Error *err);

typedef struct BlobFile {
    Str sha256;
    const char *path;
} BlobFile;
/* Many at once with few waits for the disk; all are durable when this returns. */
MUST_CHECK bool blob_add_many(BlobStore *store, Str workspace, const BlobFile *files, size_t count,
                              Error *err);

/* Open for reading; the caller closes it. ERROR_NOT_FOUND when there is none. */
MUST_CHECK bool blob_open(BlobStore *store, Str workspace, Str sha256, int *fd_r, uint64_t *size_r,
                          Error *err);
/* True also when it was not there. */
MUST_CHECK bool blob_remove(BlobStore *store, Str workspace, Str sha256, Error *err);
bool blob_exists(BlobStore *store, Str workspace, Str sha256);

typedef bool BlobVisit(void *self, Str workspace, Str sha256, uint64_t size, Error *err);
/* Calls `visit` for each blob of every workspace, in no order; false from it stops. */
MUST_CHECK bool blob_visit(BlobStore *store, BlobVisit *visit, void *self, Error *err);

/* Bytes that are free on the disk for us. */
MUST_CHECK bool blob_free_bytes(BlobStore *store, uint64_t *bytes_r, Error *err);
/* A folder on the store's file system for files that will be added. */
const char *blob_temp_folder(const BlobStore *store);
