/* query_items.h - one thing that stands in the text of a query: a condition on documents, a word or
 * a phrase, each with its sign. query_language.c puts them together. Pure; any thread. */
#pragma once

#include "search/query_language.h"

typedef struct QueryReader {
    Arena *arena;
    Str text;
    QueryCare care;
    QueryReading reading;
    char *words; /* the text; conditions and signs of ours become spaces */
    int group_count;
} QueryReader;

/* Before it is known whether it is part of a group. */
typedef struct QueryItem {
    QueryPart part;
    size_t start, end; /* with quotes and sign */
    bool is_filter;
    DocumentCondition condition;
    bool any; /* one of several of this name is enough */
} QueryItem;

/* What stands at `at`, which is no space. */
MUST_CHECK bool query_item_read(QueryReader *r, size_t at, QueryItem *item_r, Error *err);
/* A minus before a word, a phrase or an operator, but not before a digit; or NOT. Its bytes with
 * the spaces behind it, or 0. */
size_t query_sign_size(Str text, size_t at);
/* These bytes become spaces. */
void query_blank(QueryReader *r, size_t start, size_t end);
/* Adds the place to the error, in UTF-16 units, as browsers count; false. */
bool query_fail_at(const QueryReader *r, size_t start, size_t end, Error *err);
