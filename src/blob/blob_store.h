/* blob_store.h - original files, named by the SHA-256 of their bytes, in a folder or in S3.
 *
 *     upload -> a file in blob_incoming() -> blob_import() -> durable -> blob_open() ...
 *
 * Every workspace has a folder of its own, so the same file in two workspaces is stored twice and
 * nothing of one shows in the other. What a function has added is on the disk (file and name
 * synced), or S3 has said so with the same checksum, before it returns. Adding the same bytes again
 * succeeds and changes nothing.
 *
 * To add another kind of storage: a file that defines a BlobDriver, and a function that opens it.
 * Threads: every function from any thread. */
#pragma once

#include "base/base.h"
#include "base/hash.h"

typedef struct BlobStore BlobStore;
struct S3Options;

/* One file to be added. */
typedef struct BlobItem {
    Str sha256;            /* lower-case hex */
    const char *temp_path; /* in blob_incoming(); moved, not copied */
} BlobItem;

/* One that is there; its texts last for the visit. */
typedef struct BlobFound {
    Str workspace, sha256;
    uint64_t size;
    int64_t changed_ms; /* when these bytes came last */
} BlobFound;

/* Called for each blob; false ends the listing. */
typedef bool BlobVisit(void *self, const BlobFound *found, Error *err);

/* Told of the bytes that were read, so that it may wait; false ends the reading. */
typedef struct BlobReading {
    bool (*part)(void *self, size_t bytes, Error *err);
    void *self;
} BlobReading;

/* Bytes of one. */
typedef struct BlobPart {
    uint64_t start, length;
} BlobPart;

/* What an address is good for, and how a browser is to take what it gives. */
typedef struct BlobUrl {
    int64_t seconds;
    Str media_type, disposition; /* values of those headers */
} BlobUrl;

/* What a store tells of how it keeps what it has; empty: it does not say. */
typedef struct BlobFacts {
    bool is_bucket;
    Str versioning;   /* "Enabled": what is removed stays as an older version */
    Str encryption;   /* "AES256" */
    int64_t ahead_ms; /* of the store's clock before ours */
} BlobFacts;

/* What every kind of storage does; see the functions below. */
typedef struct BlobDriver {
    bool (*import)(void *self, Str workspace, const BlobItem *items, size_t count, Error *err);
    bool (*open)(void *self, Str workspace, Str sha256, int *fd_r, uint64_t *size_r, Error *err);
    /* See blob_open_part(); NULL: parts are not asked for. */
    bool (*open_part)(void *self, Str workspace, Str sha256, const BlobPart *part, int *fd_r,
                      uint64_t *from_r, Error *err);
    bool (*verify)(void *self, Str workspace, Str sha256, const BlobReading *reading, Error *err);
    /* NULL: it has no addresses. */
    bool (*url)(void *self, Arena *arena, Str workspace, Str sha256, const BlobUrl *wanted,
                Str *url_r, Error *err);
    bool (*remove)(void *self, Str workspace, Str sha256, Error *err);
    bool (*remove_workspace)(void *self, Str workspace, Error *err);
    void (*forget_workspace)(void *self, Str workspace); /* NULL: there are no copies */
    bool (*list)(void *self, BlobVisit *visit, void *visitor, Error *err);
    bool (*tidy)(void *self, Error *err);  /* NULL: nothing is ever left */
    bool (*probe)(void *self, Error *err); /* NULL: it was opened, so it is there */
    int64_t (*failing_ms)(void *self);     /* NULL: likewise */
    bool (*room)(void *self, uint64_t *bytes_r, Error *err);
    /* Of one that is there; NULL: there is nothing to tell. */
    bool (*facts)(void *self, Arena *arena, Str workspace, Str sha256, BlobFacts *facts_r,
                  Error *err);
    const char *(*incoming)(void *self);
    void (*free)(void *self);
} BlobDriver;

/* A folder on this machine; made when missing. Half-written uploads of before are removed. */
MUST_CHECK bool blob_open_folder(const char *path, BlobStore **store_r, Error *err);
/* A bucket; `folder` is for uploads and at most `cache_bytes` of copies. S3 is not asked yet: it
 * may be away at the start. While it is, functions fail with ERROR_BUSY after some seconds of
 * trying; ERROR_UPSTREAM says that somebody has to change something. */
MUST_CHECK bool blob_open_s3(const struct S3Options *options, const char *folder,
                             uint64_t cache_bytes, BlobStore **store_r, Error *err);
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
/* The same for who wants this part of `size` bytes alone: the descriptor's first byte is number
 * *from_r. From S3 a small part of a large file comes by itself, when there is no copy here; its
 * digest cannot be looked at. */
MUST_CHECK bool blob_open_part(BlobStore *store, Str workspace, Str sha256, const BlobPart *part,
                               uint64_t size, int *fd_r, uint64_t *from_r, Error *err);
/* True also when it was not there. */
MUST_CHECK bool blob_remove(BlobStore *store, Str workspace, Str sha256, Error *err);
MUST_CHECK bool blob_remove_workspace(BlobStore *store, Str workspace, Error *err);
/* Copies of them on this machine, when somebody else has removed them. */
void blob_forget_workspace(BlobStore *store, Str workspace);
/* Every blob of every workspace; for verification and clean-up. */
MUST_CHECK bool blob_list(BlobStore *store, BlobVisit *visit, void *self, Error *err);
/* Read it all where it is kept and compare: ERROR_DAMAGED when the bytes do not have that digest.
 * `reading` may be NULL. */
MUST_CHECK bool blob_verify(BlobStore *store, Str workspace, Str sha256, const BlobReading *reading,
                            Error *err);
/* The bytes of one store in a file of another, for blob_import(); the item's texts live in the
 * arena. ERROR_DAMAGED when they do not have that digest either. */
MUST_CHECK bool blob_fetch(BlobStore *from, BlobStore *to, Arena *arena, Str workspace, Str sha256,
                           BlobItem *item_r, Error *err);
/* An address that gives it to whoever has it, for a time; "" when the store has none. Whether it is
 * there is not looked at. */
MUST_CHECK bool blob_url(BlobStore *store, Arena *arena, Str workspace, Str sha256,
                         const BlobUrl *wanted, Str *url_r, Error *err);
/* Give back what uploads left that ended half-way, a day ago and more. */
MUST_CHECK bool blob_tidy(BlobStore *store, Error *err);
/* Whether it can be used now; asked once, without trying again. */
MUST_CHECK bool blob_probe(BlobStore *store, Error *err);
/* Since when it has not answered, by what it was asked; 0: it did last. Never asks it. */
int64_t blob_failing_ms(BlobStore *store);
/* Writes a blob, reads it where it is kept, compares and removes it; what the store said of it. */
MUST_CHECK bool blob_try(BlobStore *store, Arena *arena, BlobFacts *facts_r, Error *err);
/* Free bytes for new blobs. */
MUST_CHECK bool blob_room(BlobStore *store, uint64_t *bytes_r, Error *err);
