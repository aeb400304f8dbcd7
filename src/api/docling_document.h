/* docling_document.h - a tree of documents as a DoclingDocument, the JSON that docling's library
 * loads (docling_core.types.doc, schema 1.1: what we write is in every version since).
 *
 *     heading 1 -> title, others -> section_header    rows of one table -> table
 *     list items in a row -> a list group             picture -> picture with its caption
 *     running headers -> furniture                    member -> group with its name
 *
 * Places become prov: page, box from the top left corner, and the span of characters. */
#pragma once

#include "api/convert.h"

typedef struct DoclingOrigin {
    Str file_name, media_type, sha256;
} DoclingOrigin;

/* The members of the document, inside an object that is open. `pages` is the document as it was
 * read, with the marks of its pages. What does not fit marks the buffer as overflowed. */
void docling_put_document(JsonWriter *json, Arena *arena, const DocNode *node, const DocNode *pages,
                          const DoclingOrigin *origin);
