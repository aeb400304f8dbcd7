/* document_lists.h - lists of documents by any filter in any order, in a time that hardly grows
 * with the library.
 *
 * The database is quick where an index has what is asked for in the order of the list. Of all other
 * lists the table of the workspace's documents (document_table.h) says which documents the part has
 * and how many there are; of the few documents it lacks the database says. The rows are read from
 * the database, which looks at the filter and at what the scope sees once more: where it has
 * another row than was chosen, or there is no table, it makes the list alone. Cursors are the same
 * either way.
 *
 * Threads: any. */
#pragma once

#include "search/search.h"

/* As library_list(). */
MUST_CHECK bool search_documents(Searcher *searcher, const Scope *scope, Arena *arena,
                                 const DocumentFilter *filter, DocumentOrder order, bool descending,
                                 const Slice *slice, DocumentViewList *list_r, Error *err);
/* Workspaces with fewer searched documents are listed by the database alone: 5,000 unless set. For
 * tests. */
void search_set_listed_from(Searcher *searcher, size_t documents);
