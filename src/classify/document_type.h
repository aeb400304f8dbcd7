/* document_type.h - whether a document is an invoice, a letter, minutes ... (document_types.def).
 *
 * Words that such documents have count as rules do; where there is an encoder the text's beginning
 * is also compared with what each type is. Any thread. */
#pragma once

#include "classify/classify.h"

typedef enum DocumentType {
#define DOCUMENT_TYPE(name, word, meaning, signs) DOCUMENT_TYPE_##name,
#include "classify/document_types.def"
#undef DOCUMENT_TYPE
    DOCUMENT_TYPE_COUNT
} DocumentType;
const char *document_type_name(DocumentType type); /* "invoice"; "other" */

typedef struct DocumentTypeFound {
    DocumentType type; /* DOCUMENT_TYPE_OTHER: none is near */
    double confidence; /* 0..1 */
} DocumentTypeFound;

/* `format` is the extractor's name ("pdf", "xlsx"), may be ""; `embedder` may be NULL. */
DocumentTypeFound document_type_of(Arena *arena, Str text, Str format, const Embedder *embedder);
