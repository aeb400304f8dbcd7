/* texts_store.h - the `texts` table: the whole text of each version of a document.
 *
 * Kept in pieces of TEXT_PIECE bytes, so that a passage of a 100 MB text is read at the cost of one
 * or two pieces. Offsets are bytes; a range may begin or end inside a character, as its caller
 * asked. */
#pragma once

#include "store/scope.h"

#define TEXT_PIECE KB(64)

/* Replaces the text of this version. */
MUST_CHECK bool text_save(DbTx *tx, const Scope *scope, Str document, int64_t version, Str text,
                          Error *err);
/* Adds to the end of a text that is `offset` bytes long so far; 0 begins anew. For texts that
 * arrive in parts: every part but the last is a multiple of TEXT_PIECE. */
MUST_CHECK bool text_append(DbTx *tx, const Scope *scope, Str document, int64_t version,
                            int64_t offset, Str part, Error *err);
/* The whole text; ERROR_TOO_LARGE when it has more than bytes_max, ERROR_NOT_FOUND when none. */
MUST_CHECK bool text_find(DbTx *tx, const Scope *scope, Arena *arena, Str document, int64_t version,
                          size_t bytes_max, Str *text_r, Error *err);
/* Bytes start <= i < start + length, less where the text ends before. */
MUST_CHECK bool text_find_range(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                                int64_t version, int64_t start, int64_t length, Str *text_r,
                                Error *err);
MUST_CHECK bool text_length(DbTx *tx, const Scope *scope, Str document, int64_t version,
                            int64_t *bytes_r, Error *err);
