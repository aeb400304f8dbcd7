/* quality.h - how sure we are that what was read of a document is what stands in it.
 *
 * Measured, not guessed: pages with text, confidence of recognised text, characters that could not
 * be read, words that look like words, what was cut or left out. Pure; any thread. */
#pragma once

#include "extract/document.h"

typedef enum QualityGrade {
    QUALITY_POOR,
    QUALITY_FAIR,
    QUALITY_GOOD,
    QUALITY_EXCELLENT,
    QUALITY_COUNT
} QualityGrade;

const char *quality_name(QualityGrade grade); /* "good" */

typedef struct Quality {
    QualityGrade grade;
    double score;               /* 0 to 1; excellent from 0.95, good from 0.8, fair from 0.5 */
    int pages, pages_with_text; /* 0: the document has no pages */
    int pages_recognised;       /* whose text came from a picture */
    double confidence;          /* of recognised text, 0 to 1; negative: none was recognised */
    double unreadable;          /* share of characters that stand for ones that were not read */
    double word_share;          /* of words that are made like words; negative: too few to say */
    int64_t words;
    VEC(Str) reasons; /* why it is not excellent, for people */
} Quality;

/* Everything lives in the arena. `node` without its members. */
void quality_measure(Arena *arena, const DocNode *node, Quality *quality_r);
/* As members of a JSON object. */
Str quality_json(Arena *arena, const Quality *quality);
