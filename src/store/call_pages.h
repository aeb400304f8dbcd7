/* call_pages.h - up to CALL_PAGE calls of one workspace as bytes, column by column.
 *
 * A call takes some 30 bytes so, and well under a microsecond; a row of its own would take ten
 * times both. */
#pragma once

#include "base/base.h"

#define CALL_PAGE 1024

enum {
    CALL_IS_ESTIMATED = 1 << 0, /* tokens are guessed from bytes */
    CALL_IS_STREAM = 1 << 1,
    CALL_IS_TRUNCATED = 1 << 2, /* a stream that failed after its first word */
    CALL_IS_LOCAL = 1 << 3,     /* answered on this machine */
};

typedef struct CallRow {
    Str id; /* UUIDv7 */
#define CALL_TEXT(member, name) Str member;
#define CALL_NUMBER(member, name) int64_t member;
#include "store/call_columns.def"
#undef CALL_TEXT
#undef CALL_NUMBER
} CallRow;

/* 1 to CALL_PAGE rows. Texts that rows have in common are told fastest when they lie at the same
 * address. */
Str call_page_pack(Arena *arena, const CallRow *rows, size_t count);
/* Fails with ERROR_INTERNAL on anything that call_page_pack() did not make. */
MUST_CHECK bool call_page_unpack(Arena *arena, Str page, CallRow **rows_r, size_t *count_r,
                                 Error *err);
