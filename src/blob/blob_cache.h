/* blob_cache.h - copies of originals that are kept elsewhere, in a folder of bounded size; what was
 * not read for longest goes first.
 *
 * A copy appears whole, by renaming. Nothing is synced: after a start of the machine, when some may
 * have been lost in a power cut, the folder begins empty. One process uses a folder at a time.
 * Threads: any. */
#pragma once

#include "base/base.h"

typedef struct BlobCache BlobCache;

MUST_CHECK bool blob_cache_open(const char *path, uint64_t bytes_max, BlobCache **cache_r,
                                Error *err);
void blob_cache_free(BlobCache *cache); /* the files stay. NULL is fine */
/* False when it is not there; the descriptor is the caller's. */
bool blob_cache_find(BlobCache *cache, Str workspace, Str sha256, int *fd_r, uint64_t *size_r);
/* Takes a file of the same file system; too large a one is removed at once. */
void blob_cache_take(BlobCache *cache, Str workspace, Str sha256, const char *path, uint64_t size);
void blob_cache_drop(BlobCache *cache, Str workspace, Str sha256);
void blob_cache_drop_workspace(BlobCache *cache, Str workspace);
uint64_t blob_cache_bytes(BlobCache *cache);
