/* document_fields_store.h - the `document_fields` table: values of a schema that were read from a
 * document and kept, by the schema's name. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

typedef struct DocumentFields {
    Str document, name; /* name: of the schema */
    Str schema, result; /* JSON objects */
    Str document_name;  /* read, never written */
    int64_t created_at_ms, updated_at_ms;
} DocumentFields;

typedef struct DocumentFieldsList {
    DocumentFields *at;
    size_t count;
    Str next; /* for Slice.after; empty: this was the last part */
} DocumentFieldsList;

/* Adds the row, or replaces what was kept of this schema; sets the times in *fields. */
MUST_CHECK bool document_fields_save(DbTx *tx, const Scope *scope, DocumentFields *fields,
                                     Error *err);
MUST_CHECK bool document_fields_find(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                                     Str name, DocumentFields *fields_r, Error *err);
/* All of one document, by name. */
MUST_CHECK bool document_fields_list(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                                     DocumentFieldsList *list_r, Error *err);
/* Of all documents outside the trash, or of a collection's, with this schema; by document. */
MUST_CHECK bool document_fields_list_named(DbTx *tx, const Scope *scope, Arena *arena, Str name,
                                           Str collection, const Slice *slice,
                                           DocumentFieldsList *list_r, Error *err);
MUST_CHECK bool document_fields_remove(DbTx *tx, const Scope *scope, Str document, Str name,
                                       Error *err);
