/* document_words.h - which documents of a table (document_table.h) have one of the words that many
 * have in their names or titles: "report", "2019", "pdf".
 *
 * A bit for each document and each of at most WORDS_MAX words, which are drawn from a sample. A
 * part that lies within such a word is in the names of its documents, without a look at them. Up to
 * 8 bytes a document, as a rule one or two.
 *
 * Threads: one that changes it, or any that read. */
#pragma once

#include "base/base.h"

#define WORDS_MAX 64

typedef struct DocumentWords DocumentWords;

DocumentWords *document_words_new(void);
void document_words_free(DocumentWords *words); /* NULL is fine */
size_t document_words_bytes(const DocumentWords *words);

/* Room for so many documents, a multiple of 64. */
void document_words_reserve(DocumentWords *words, size_t room);
/* From now on these are the words: of texts, each the name or title of some documents. No document
 * has any. */
void document_words_choose(DocumentWords *words, const Str *texts, size_t text_count);
/* The document at `place` has this text too; what it had before stays. */
void document_words_add(DocumentWords *words, size_t place, Str text);
/* It has none of what it had. */
void document_words_clear(DocumentWords *words, size_t place);
/* Adds, of a bit for each place, those that have a word with the part in it. */
void document_words_with(const DocumentWords *words, uint64_t *bits, size_t count, Str part);
