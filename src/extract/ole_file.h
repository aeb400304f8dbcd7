/* ole_file.h - streams of an OLE compound file ([MS-CFB]), read from memory.
 *
 * Every chain is bounded by the file's own number of sectors, so a crafted one ends. */
#pragma once

#include "base/base.h"

bool ole_is_file(Str bytes);
/* The stream with this name (ASCII) in any storage, at most `bytes_max`. Fails with
 * ERROR_NOT_FOUND when there is none, ERROR_DAMAGED when the file is broken. */
MUST_CHECK bool ole_read_stream(Arena *arena, Str bytes, const char *name, size_t bytes_max,
                                Str *stream_r, Error *err);
