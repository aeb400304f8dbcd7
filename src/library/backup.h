/* backup.h - a library as one tar file: a consistent copy of the database, then the originals.
 *
 * The copy is taken while the server runs. An original that is erased while it is written is left
 * out, as its row in the copy will say it is missing; `lectern db check` tells. The index is a
 * cache and is rebuilt. A PostgreSQL database is copied with its own tools (pg_dump); only the
 * originals are written then. */
#pragma once

#include "blob/blob_store.h"
#include "db/db.h"

typedef struct BackupCounts {
    int64_t originals, bytes;
} BackupCounts;

/* Write to `path`, which must not exist. */
MUST_CHECK bool backup_write(Db *db, BlobStore *blobs, const char *path, BackupCounts *counts_r,
                             Error *err);
/* Read a backup into a data folder and a store of originals. Names in the file are checked; nothing
 * is written elsewhere. */
MUST_CHECK bool backup_read(const char *path, const char *folder, BlobStore *blobs,
                            BackupCounts *counts_r, Error *err);
