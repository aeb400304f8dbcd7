/* document_versions_store.h - the `document_versions` table: every upload of a document.
 *
 * Text, blocks and chunks of old versions stay, so that old citations still open. */
#pragma once

#include "store/documents_store.h"

typedef struct DocumentVersion {
    int64_t version; /* from 1 */
    Str blob, media_type, name;
    int64_t size_bytes, created_at_ms;
    Str created_by;
} DocumentVersion;

typedef struct DocumentVersionList {
    DocumentVersion *at;
    size_t count;
} DocumentVersionList;

/* Makes a new version the current one and puts the document back to queued; its blob, size, media
 * type and name become the new version's. Sets version->version. ERROR_CONFLICT when these bytes
 * are current here or in another document of the workspace already. */
MUST_CHECK bool document_version_add(DbTx *tx, const Scope *scope, Str document,
                                     DocumentVersion *version, Error *err);
/* The document as it was in this version: bytes, name, kind and text; 0: as it is. What is known of
 * it otherwise is that of now. */
MUST_CHECK bool document_version_find(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                                      int64_t version, Document *document_r, Error *err);
/* Newest first. */
MUST_CHECK bool document_version_list(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                                      DocumentVersionList *list_r, Error *err);
