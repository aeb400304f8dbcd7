/* query_language.h - what a person typed where something is looked for (docs/query-language.md).
 *
 *     type:pdf after:2024 author:smith "sound post" -mouse (strings OR bow)
 *     `-------- conditions on documents ----' `------- words for the index -------'
 *
 *     text --> parts, for people to see     what was understood, each with where it stands
 *          --> clauses, for documents_store.h
 *          --> words, for index/query.h     the text with spaces where the conditions were, so that
 *                                           a byte of it is the same byte of the text
 *
 * A text that merely has a colon in it (12:30, http://..., "Re: something") is words. Pure; any
 * thread; everything lives in the arena. */
#pragma once

#include "search/query_operators.h"

#define QUERY_PARTS_MAX 128

typedef enum QueryPartKind { PART_FILTER, PART_PHRASE, PART_EXCLUDE, PART_WORD } QueryPartKind;
const char *query_part_kind_name(QueryPartKind kind); /* "filter" */

typedef struct QueryPart {
    QueryPartKind kind;
    Str key;           /* name of an operator or fact; empty: a word or phrase anywhere */
    Str op;            /* "=", ">=", ...; of words: "*" goes on, "~" or "~2" is like it, else "=" */
    Str value;         /* without quotes */
    size_t start, end; /* bytes of the text */
    bool is_negated;
    int group; /* parts of one (a OR b) have one number, from 1; 0: none */
} QueryPart;

typedef struct QueryReading {
    Str text, words;
    bool has_words;
    VEC(QueryPart) parts;
    VEC(DocumentClause) clauses;
    VEC(size_t) sources; /* of each clause: a part it comes from */
} QueryReading;

typedef enum QueryCare {
    QUERY_STRICT,  /* an operator that is none, or a value that is none, is an error at its place */
    QUERY_LENIENT, /* it is words: the text is being typed, or is a question */
} QueryCare;

/* ERROR_INVALID with the field "query" and the place. */
MUST_CHECK bool query_language_read(Arena *arena, Str text, QueryCare care, QueryReading *reading_r,
                                    Error *err);
/* The words with single spaces between, for where no index reads them. */
Str query_language_plain(Arena *arena, const QueryReading *reading);
