/* keyword_phrase.h - which documents of a segment have (or lack) a query's phrases. */
#pragma once

#include "index/keyword_segment.h"
#include "index/query.h"

/* So many times a query looks where words stand in a document; it takes some 0.1 s. */
#define PHRASE_LOOKS_MAX 400000

/* Clears the bits of documents that fail a clause. `allowed` has a bit a document. *looks counts
 * down; a clause during which it comes to 0, and those behind it, are not applied. */
void keyword_apply_clauses(const Segment *segment, const Query *query, uint64_t *allowed,
                           size_t *looks);
