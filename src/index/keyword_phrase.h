/* keyword_phrase.h - which documents of a segment have (or lack) a query's phrases. */
#pragma once

#include "index/keyword_segment.h"
#include "index/query.h"

/* Clears the bits of documents that fail a clause. `allowed` has a bit a document. */
void keyword_apply_clauses(const Segment *segment, const Query *query, uint64_t *allowed);
