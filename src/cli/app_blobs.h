/* app_blobs.h - opens the store of originals that the settings name. */
#pragma once

#include "blob/blob_store.h"
#include "blob/file_place.h"
#include "cli/settings.h"
#include "net/proxy.h"

/* `folder` is the data folder. What the store keeps of the settings lives in the arena. */
MUST_CHECK bool app_open_blobs(Arena *arena, const Settings *settings, Str folder,
                               BlobStore **store_r, Error *err);
/* The setting second_blob_store; *store_r is NULL where it is empty. */
MUST_CHECK bool app_open_second_blobs(Arena *arena, const Settings *settings, Str folder,
                                      BlobStore **store_r, Error *err);
/* "FOLDER" or "s3://BUCKET/PREFIX" with the settings of S3; *place_r is NULL where it is empty. */
MUST_CHECK bool app_open_backup_place(Arena *arena, const Settings *settings, Str where,
                                      FilePlace **place_r, Error *err);
