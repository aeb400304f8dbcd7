/* file_place.h - finished files by name, in a folder or below a prefix of a bucket: where backups
 * go. A file appears whole or not at all. Any thread. */
#pragma once

#include "base/json.h"
#include "blob/s3_client.h"

typedef struct FilePlace FilePlace;

MUST_CHECK bool file_place_open_folder(const char *path, FilePlace **place_r, Error *err);
/* S3 is not asked yet. */
MUST_CHECK bool file_place_open_s3(const S3Options *options, FilePlace **place_r, Error *err);
void file_place_free(FilePlace *place); /* NULL is fine */

/* Takes the file of this path, which is gone afterwards when it was moved. */
MUST_CHECK bool file_place_put(FilePlace *place, const char *path, Str name, Error *err);
/* Into a new file of this path. */
MUST_CHECK bool file_place_get(FilePlace *place, Str name, const char *path, Error *err);
/* Names that begin so and have no slash, in the order of their bytes. */
MUST_CHECK bool file_place_list(FilePlace *place, Arena *arena, Str begins, StrList *list_r,
                                Error *err);
/* True also when it is not there. */
MUST_CHECK bool file_place_remove(FilePlace *place, Str name, Error *err);
