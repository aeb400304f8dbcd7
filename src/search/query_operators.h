/* query_operators.h - the operators of the query language (query_operators.def) and the facts that
 * are used like them. Pure; any thread. */
#pragma once

#include "library/facts.h"
#include "store/documents_store.h"

/* What stands behind an operator. */
typedef enum OperatorValue {
    VALUE_TEXT,
    VALUE_TYPE,
    VALUE_TAG,
    VALUE_COLLECTION,
    VALUE_DOCUMENT,
    VALUE_LANGUAGE,
    VALUE_DATE,
    VALUE_SIZE,
    VALUE_GRADE,
    VALUE_FACT,  /* a condition of library/facts.h, or what is behind the name of a fact */
    VALUE_WORDS, /* a word or phrase that the index looks for in one field */
} OperatorValue;
const char *operator_value_name(OperatorValue value); /* "date" */

typedef struct QueryOperator {
    const char *name, *also; /* other names, spaces between */
    OperatorValue value;
    DocumentTest test;
    const char *means; /* the comparison of name:value */
    bool any;          /* one of several is enough */
    const char *example, *title;
} QueryOperator;

extern const QueryOperator query_operators[];
extern const size_t query_operator_count;

/* By any of its names, ignoring case; NULL when there is none. */
const QueryOperator *query_operator_named(Str name);
/* Whether >= > <= < may stand between it and its value. */
bool query_operator_compares(const QueryOperator *one);
/* The name of an operator or fact that was likely meant; empty: nothing is near. */
Str query_operator_nearest(Str name);
/* Codes that `lang:` knows, from 0; empty after the last. */
Str query_language_code(size_t at);
/* The text of `list` that is fewest edits (optimal string alignment) away from `text`, ignoring
 * case; empty when a third of it or more is different. */
Str query_nearest(Str text, const Str *list, size_t count);
