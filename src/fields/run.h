/* run.h - the values of a schema from many documents, by a job; each document's are kept with it as
 * they come (store/document_fields_store.h).
 *
 * Threads: any. */
#pragma once

#include "fields/paper.h"
#include "jobs/run_work.h"
#include "store/document_fields_store.h"

#define FIELDS_RUN "fields" /* kind of run */

/* Who reads; borrowed. */
typedef struct FieldReader {
    Library *library;
    Models *models;
} FieldReader;

/* One document's values as JSON (paper_put()); `model` "rules": never a service. *text_r is no more
 * than 4 MiB. */
MUST_CHECK bool fields_of_paper(const FieldReader *reader, const Scope *scope, Arena *arena,
                                const json_t *schema, Str name, Str model, const Paper *paper,
                                Str *text_r, Error *err);

/* Keeps what was read; what a person corrected in what was kept before stays, and is then in
 * fields->result too. */
MUST_CHECK bool fields_keep(DbTx *tx, const Scope *scope, Arena *arena, DocumentFields *fields,
                            Error *err);

typedef struct FieldsOrder {
    Str schema, name, model; /* schema: JSON */
    Str collection;          /* empty: of the whole library, unless documents are named */
    StrList documents;
    Str title; /* of its job */
} FieldsOrder;
/* ERROR_INVALID, field "collection": there is no document; ERROR_TOO_LARGE: more than
 * RUN_ITEMS_MAX. */
MUST_CHECK bool fields_run_start(DbTx *tx, const Scope *scope, Arena *arena,
                                 const FieldsOrder *order, Run *run_r, Error *err);
/* Its argument is a FieldReader. */
JobHandler fields_run_job;
