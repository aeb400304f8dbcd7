/* keyword_explain.h - why a chunk has its score in the keyword leg.
 *
 * score = sum over terms of weight * rarity * tf / (tf + damping); tf counts an occurrence as often
 * as its field weighs. */
#pragma once

#include "base/base.h"

#define KEYWORD_FIELDS_MAX 4

typedef struct KeywordTermScore {
    Str text;                              /* as the index keeps it */
    uint32_t start, end;                   /* where it was typed */
    double weight;                         /* how often it was typed, less for guesses */
    double rarity;                         /* how few chunks have it (idf) */
    uint32_t in_field[KEYWORD_FIELDS_MAX]; /* occurrences in title, headings, body, name */
    double frequency;                      /* tf: occurrences, weighted by field */
    double score;                          /* what it adds */
} KeywordTermScore;

typedef struct KeywordExplanation {
    KeywordTermScore *terms; /* those of the query that the chunk has */
    size_t term_count;
    double length, average_length; /* of the chunk and of all, in words weighted by field */
    double damping;                /* of a chunk of this length */
    double score;                  /* their sum; 0 for a chunk that is not there */
} KeywordExplanation;
