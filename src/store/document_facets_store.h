/* document_facets_store.h - how many documents have each value of something. */
#pragma once

#include "store/documents_store.h"

typedef enum Facet {
#define FACET(name, title, key, what) FACET_##name,
#include "store/document_facets.def"
#undef FACET
    FACET_COUNT,
} Facet;
const char *facet_name(Facet facet);  /* "type" */
const char *facet_title(Facet facet); /* "Type" */
const char *facet_key(Facet facet);   /* what people type before it, "type" */
Facet facet_named(Str name);          /* FACET_COUNT when there is none */

typedef struct FacetValue {
    Str value, title; /* title: of a collection its name; else the value */
    int64_t count;    /* documents */
} FacetValue;
typedef struct FacetList {
    FacetValue *at; /* most documents first, then by value */
    size_t count;
} FacetList;

/* Of the searchable documents that match. A document without a value is in none; one with several
 * tags in each. */
MUST_CHECK bool document_facet(DbTx *tx, const Scope *scope, Arena *arena,
                               const DocumentFilter *filter, Facet facet, FacetList *list_r,
                               Error *err);
/* The names of collections as titles. */
MUST_CHECK bool document_facet_titles(DbTx *tx, const Scope *scope, Arena *arena, Facet facet,
                                      FacetList *list, Error *err);
