/* blob_store.h - original files, named by the SHA-256 of their bytes.
 *
 *     upload -> a file in blob_incoming() -> blob_import() -> durable -> blob_open() ...
 *
 * Every workspace has a folder of its own, so the same file in two workspaces is stored twice and
 * nothing of one shows in the other. What a function has added is on the disk (file and name
 * synced) before it returns. Adding the same bytes again succeeds and changes nothing.
 *
 * To add another kind of storage: a file that defines a BlobDriver, and a function that opens it.
 * Threads: every function from any thread. */
#pragma once

#include "base/base.h"
#include "base/hash.h"

typedef struct BlobStore BlobStore;

/* One file to be added. */
typedef struct BlobItem {
    Str sha256;            /* lower-case hex */
    const char *temp_path; /* in blob_incoming(); moved, not copied */
} BlobItem;

/* Called for each blob; false ends the listing. */
typedef bool BlobVisit(void *self, Str workspace, Str sha256, uint64_t size, Error *err);

/* What every kind of storage does; see the functions below. */
typedef struct BlobDriver {
    bool (*import)(void *self, Str workspace, const BlobItem *items, size_t count, Error *err);
    bool (*open)(void *self, Str workspace, Str sha256, int *fd_r, uint64_t *size_r, Error *err);
    bool (*remove)(void *self, Str workspace, Str sha256, Error *err);
    bool (*remove_workspace)(void *self, Str workspace, Error *err);
    bool (*list)(void *self, BlobVisit *visit, void *visitor, Error *err);
    bool (*room)(void *self, uint64_t *bytes_r, Error *err);
    const char *(*incoming)(void *self);
    void (*free)(void *self);
} BlobDriver;

/* A folder on this machine; made when missing. Half-written uploads of before are removed. */
MUST_CHECK bool blob_open_folder(const char *path, BlobStore **store_r, Error *err);
void blob_store_free(BlobStore *store); /* NULL is fine */

/* Where uploads are to be written so that blob_import() can move them. Lives as long as the
 * store. */
const char *blob_incoming(BlobStore *store);
/* Take finished temporary files; all of them are durable on success. Thousands cost little more
 * than one. On failure some may be stored already; doing it again is safe. */
MUST_CHECK bool blob_import(BlobStore *store, Str workspace, const BlobItem *items, size_t count,
                            Error *err);
/* Write bytes to a temporary file for blob_import(); the item's texts live in the arena. */
MUST_CHECK bool blob_stage(BlobStore *store, Arena *arena, Str bytes, BlobItem *item_r, Error *err);
/* Open for reading; the descriptor is the caller's. ERROR_NOT_FOUND when it is not there. */
MUST_CHECK bool blob_open(BlobStore *store, Str workspace, Str sha256, int *fd_r, uint64_t *size_r,
                          Error *err);
/* True also when it was not there. */
MUST_CHECK bool blob_remove(BlobStore *store, Str workspace, Str sha256, Error *err);
MUST_CHECK bool blob_remove_workspace(BlobStore *store, Str workspace, Error *err);
/* Every blob of every workspace; for verification and clean-up. */
MUST_CHECK bool blob_list(BlobStore *store, BlobVisit *visit, void *self, Error *err);
/* Read it all and compare: ERROR_DAMAGED when the bytes do not have that digest. */
MUST_CHECK bool blob_verify(BlobStore *store, Str workspace, Str sha256, Error *err);
/* Free bytes for new blobs. */
MUST_CHECK bool blob_room(BlobStore *store, uint64_t *bytes_r, Error *err);
