/* s3_upload.h - a file becomes an object: at once, or a large one in parts.
 *
 * It has succeeded when S3 has said so and its checksum is ours. Parts are sent some at a time from
 * the mapped file, so memory stays small; parts of an upload that failed are given back.
 *
 * Threads: any. */
#pragma once

#include "blob/s3_client.h"

/* The file's SHA-256 is the caller's to know (lower-case hex). */
MUST_CHECK bool s3_upload(S3Client *client, Str key, const char *path, Str sha256, uint64_t *size_r,
                          Error *err);
/* Bytes of each part but the last, so that no file has more parts than S3 takes. */
uint64_t s3_part_size(uint64_t size);
/* Gives back the parts of uploads below the prefix that began before `before_ms` and never ended.
 */
MUST_CHECK bool s3_abort_old(S3Client *client, Str prefix, int64_t before_ms, Error *err);

/* One piece of work of many; `self` is shared by all. */
typedef bool S3Work(void *self, size_t index, Error *err);
/* All pieces, `at_once` at a time; after a failure no more begin. */
MUST_CHECK bool s3_in_parallel(size_t count, size_t at_once, S3Work *work, void *self, Error *err);
