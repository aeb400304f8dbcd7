/* backup.h - a library as one tar file: what is in it, a consistent copy of the database, then the
 * originals, then how many there were.
 *
 *     manifest.json   format, program, migration, rows and SHA-256 of each table
 *     lectern.db      SQLite, whatever the library itself has its rows in
 *     blobs/W/SHA256  every original that a row of the copy names
 *     end.json        numbers; without it the file is not whole
 *
 * The copy is taken while others read and write. An original that was erased since, or is damaged,
 * is left out and counted. The index is a cache and is rebuilt. Restoring compares every table with
 * its hash and every original with its name, before anything counts as restored. */
#pragma once

#include "blob/blob_store.h"
#include "db/db.h"

typedef struct BackupCounts {
    int64_t originals, bytes;
    int64_t missing; /* originals that rows name and that could not be had, or were damaged */
    int64_t rows;
} BackupCounts;

/* Write to `path`, which must not exist. */
MUST_CHECK bool backup_write(Db *db, BlobStore *blobs, const char *path, BackupCounts *counts_r,
                             Error *err);

typedef struct BackupTarget {
    const char *folder;   /* data folder; without a library */
    const char *database; /* "postgresql://...", an empty one; NULL: a file in the folder */
    BlobStore *blobs;
} BackupTarget;

/* Read a backup. Names in the file are checked; nothing is written elsewhere. Fails, naming the
 * reason, on a file that is torn, changed, or of a program this one does not know; there is no
 * library then, though originals may have been stored. */
MUST_CHECK bool backup_read(const char *path, const BackupTarget *target, BackupCounts *counts_r,
                            Error *err);
