/* json_canonical.h - JSON text in one form only, to be signed or compared: members in the order of
 * their names' code points at every level, no spaces, and no more escapes than needed.
 *
 * It is what Python's json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
 * writes of what it wrote itself: numbers stay as they stand. Of members with one name the last
 * counts. Any thread. */
#pragma once

#include "base/base.h"

#define JSON_CANONICAL_DEPTH_MAX 64

/* Fails with ERROR_INVALID on what is no JSON, is nested too deeply, has lone surrogates, or would
 * take more than `max` bytes. */
MUST_CHECK bool json_canonical(Arena *arena, Str text, size_t max, Str *canonical_r, Error *err);
