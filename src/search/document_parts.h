/* document_parts.h - which documents of a table may have a text in their names or titles.
 *
 * A bit for each document and each letter, pair and triple of bytes, many of which share one: what
 * the bits leave has to be looked at, which is one of a hundred as a rule. Space, - and _ are the
 * same. 104 bytes a document.
 *
 * Threads: one that changes it, or any that read. */
#pragma once

#include "base/base.h"

typedef struct DocumentParts DocumentParts;

static inline char document_part_spaced(char c) { return c == '_' || c == '-' ? ' ' : c; }

DocumentParts *document_parts_new(void);
void document_parts_free(DocumentParts *parts); /* NULL is fine */
size_t document_parts_bytes(const DocumentParts *parts);

/* Room for so many documents at once. */
void document_parts_reserve(DocumentParts *parts, size_t count);
/* The document at `place` has this text too; what it had before stays. */
void document_parts_add(DocumentParts *parts, size_t place, Str text);
/* Of a bit for each place, leaves those that may have the part. */
void document_parts_keep(const DocumentParts *parts, uint64_t *words, size_t count, Str part);
