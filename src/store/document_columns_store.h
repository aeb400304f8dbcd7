/* document_columns_store.h - what filters ask of the documents that are searched, as rows to be
 * kept in memory (search/document_table.h). */
#pragma once

#include "store/documents_store.h"

typedef struct DocumentColumns {
    Str id;
    NumberRangeList ranges;                   /* of its live chunks */
    Str format, language, collection, author; /* language: its first two letters */
    Str guard;                                /* see document_access.h; empty: open */
    StrList tags;
    int64_t date_ms; /* its own, else when it came */
    int64_t created_at_ms, updated_at_ms, size_bytes;
    int64_t own_date_ms; /* 0: it says nothing */
    Str name, title;     /* as parts of them are looked for: without letter case */
    Str inside;          /* a text when it came inside another document */
} DocumentColumns;
typedef struct DocumentColumnsList {
    DocumentColumns *at;
    size_t count;
} DocumentColumnsList;

/* Those that are searched, in the order of their ids, behind `after` (empty: from the first). */
MUST_CHECK bool document_columns_after(DbTx *tx, const Scope *scope, Arena *arena, Str after,
                                       int64_t limit, DocumentColumnsList *list_r, Error *err);
/* Of these, at most 1,000, those that are searched; unordered. */
MUST_CHECK bool document_columns_of(DbTx *tx, const Scope *scope, Arena *arena, StrList ids,
                                    DocumentColumnsList *list_r, Error *err);
