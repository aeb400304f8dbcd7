/* document_keys.h - lists of documents that were chosen by who has the keys of all of them at hand
 * (search/document_lists.h): here are those it has not, and the rows of what it chose.
 *
 * A document is settled when it is ready, has chunks and is outside the trash; nearly all are. What
 * filters and orders ask of a settled one changes only with a row of index_changes. */
#pragma once

#include "store/documents_store.h"

/* A document as a list is in the order of. */
typedef struct ListKey {
    Str id;
    Str text; /* of DOCUMENT_BY_NAME: its name without letter case */
    int64_t number;
} ListKey;

/* In the order, then by id: less than 0 when a comes first. */
int document_key_compare(const ListKey *a, const ListKey *b);
/* The same for qsort(), of ListKeys of a list in either direction. */
typedef int ListKeyCompare(const void *a, const void *b);
ListKeyCompare *document_key_order(bool descending);
/* Where the part begins: behind *after_r. False in *is_there_r: at the beginning. */
MUST_CHECK bool document_key_after(const Slice *slice, DocumentOrder order, ListKey *after_r,
                                   bool *is_there_r, Error *err);

typedef struct Unsettled {
    ListKey key;
    bool matches; /* the filter, and the scope sees it */
} Unsettled;
typedef struct UnsettledList {
    Unsettled *at;
    size_t count;
} UnsettledList;
/* Those outside the trash that are not settled; most + 1 when there are more than `most`. */
MUST_CHECK bool document_list_unsettled(DbTx *tx, const Scope *scope, Arena *arena,
                                        const DocumentFilter *filter, DocumentOrder order,
                                        size_t most, UnsettledList *list_r, Error *err);

/* What was chosen: the keys of a part, at most SLICE_MAX, and what is said of the whole list. */
typedef struct DocumentChoice {
    const ListKey *keys;
    size_t count;
    bool goes_on; /* there is a next part */
    int64_t total;
    bool has_more; /* as in a DocumentList */
} DocumentChoice;
/* The rows. *is_whole_r false: another row than was chosen is there now, or none that the filter
 * lets through; then *list_r says nothing. The filter is of what is outside the trash, without ids.
 */
MUST_CHECK bool document_list_chosen(DbTx *tx, const Scope *scope, Arena *arena,
                                     const DocumentFilter *filter, DocumentOrder order,
                                     const DocumentChoice *choice, DocumentList *list_r,
                                     bool *is_whole_r, Error *err);
