/* document_facts_store.h - the `document_facts` table: what is known about a document by name, to
 * filter by. Names and their types are the caller's. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

typedef struct DocumentFact {
    Str key;  /* at most 100 bytes */
    Str text; /* compared without letter case; kept to FACT_TEXT_MAX bytes */
    double number;
    bool has_number; /* dates as UTC milliseconds */
} DocumentFact;
#define FACT_TEXT_MAX 500

/* All must hold: the text has `has` in it, and from <= number < to. */
typedef struct FactCondition {
    Str key;
    Str has; /* empty: any text */
    double from, to;
    bool is_number;
} FactCondition;
#define FACT_CONDITIONS_MAX 8

/* Replaces all facts of the document; of two with one key the first stays. */
MUST_CHECK bool document_fact_replace(DbTx *tx, const Scope *scope, Str document,
                                      const DocumentFact *facts, size_t count, Error *err);
/* Ids of the documents that have such a fact, whoever sees them; unordered. */
MUST_CHECK bool document_fact_documents(DbTx *tx, const Scope *scope, Arena *arena,
                                        const FactCondition *fact, StrList *ids_r, Error *err);
