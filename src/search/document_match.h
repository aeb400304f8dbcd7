/* document_match.h - the documents of a table that a filter lets through: the same that
 * document_list() finds in the database. Of what no column has (facts but the author, what lies
 * inside what), the database says which documents it is true of.
 *
 * Threads: any that may read the table. */
#pragma once

#include "search/document_table.h"

/* Of the filter, what requests of a search have: search_filter(). `collections`: in one of them;
 * none: in any. */
MUST_CHECK bool document_match(Db *db, const Scope *scope, Arena *arena, const DocumentTable *table,
                               const DocumentFilter *filter, StrList collections,
                               DocumentSet *set_r, Error *err);
