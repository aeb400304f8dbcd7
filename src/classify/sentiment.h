/* sentiment.h - whether a text is for or against, and what it is for and against.
 *
 * Words with weights (sentiment_words.def, by language) with negation, intensity, contrast and
 * emphasis, after the way of VADER (Hutto and Gilbert 2014), our own words and weights. English
 * whole, German and French basics; other languages by emoji alone. Pure; any thread. */
#pragma once

#include "text/language.h"

typedef enum SentimentSign {
    SENTIMENT_NEGATIVE,
    SENTIMENT_NEUTRAL,
    SENTIMENT_POSITIVE
} SentimentSign;
const char *sentiment_sign_name(SentimentSign sign); /* "negative", "neutral", "positive" */

typedef struct Sentiment {
    double score; /* -1..1 */
    SentimentSign sign;
    double confidence; /* 0..1 */
} Sentiment;

/* What a person likes or not. */
typedef struct Aspect {
    Str name; /* "battery", in lower case */
    Sentiment sentiment;
    size_t start, end; /* bytes of the first clause that says so */
    size_t count;      /* clauses that speak of it */
} Aspect;

typedef struct SentimentReport {
    Sentiment all;
    Language language;
    VEC(Aspect) aspects; /* most spoken of first, at most ASPECTS_MAX */
} SentimentReport;
#define ASPECTS_MAX 12

Sentiment sentiment_of(Str text, Language language);
SentimentReport sentiment_report(Arena *arena, Str text);
