/* reading.h - the passages that a search gave, read for one question: cut into units that can be
 * quoted, each described by numbers (features.def), scored and ranked.
 *
 *     reading_new(question, hits, blocks) -> units -> reading_measure() -> reading_rank()
 *
 * A unit is a sentence, a row of a table, an item of a list, or a few short lines together. Its
 * text is a range of the document's text. Everything lives in the arena; pure but for Words, which
 * belongs to one thread. */
#pragma once

#include "answer/question.h"
#include "search/search.h"

#define READING_PASSAGES_MAX 48  /* that a search gave; of documents read whole there are more */
#define READING_UNITS_MAX 1500   /* or, of many passages, */
#define READING_PASSAGE_UNITS 24 /* so many for each */

typedef enum Feature {
#define FEATURE(name, weight, what) FEATURE_##name,
#include "answer/features.def"
#undef FEATURE
    FEATURE_COUNT,
} Feature;

typedef enum UnitKind { UNIT_SENTENCE, UNIT_ROW, UNIT_ITEM, UNIT_HEADING, UNIT_LINES } UnitKind;

typedef struct Unit {
    size_t passage;    /* of Reading.passages */
    size_t start, end; /* bytes of the document's text */
    Str text;
    UnitKind kind;
    size_t block_first, block_last; /* of the passage's blocks */
    Str header;                     /* of a row: the header row of its table */
    uint64_t words;                 /* bit i: has question word i */
    uint64_t near, wide;            /* the same with its neighbours, with more of them */
    double features[FEATURE_COUNT];
    double score;     /* the higher the better; of a sigmoid */
    bool is_repeated; /* stands in an earlier passage too */
} Unit;

/* A chunk that a search found. */
typedef struct Passage {
    const SearchHit *hit;
    StoredBlockList blocks;
    size_t unit_first, unit_count;
    uint64_t words, frame;  /* question words in its text; in its name, title and headings */
    uint64_t document;      /* in all passages and frames of its document that were found */
    bool is_document_known; /* `document` is of the whole document */
    size_t group;           /* the same for all of one document */
    int whole_rank;         /* in the search for the whole question, from 1; 0: not in it */
} Passage;

typedef struct Reading {
    Arena *arena;
    Words *words;
    Question question; /* with rarities */
    double rarity;     /* of all its words */
    Passage *passages;
    size_t passage_count;
    Unit *units; /* in the order of passages */
    size_t unit_count, unit_max;
    size_t *order;    /* of units, best first; after reading_rank() */
    bool has_meaning; /* the two below are set: there is a model */
    double cosine;    /* of the question and the best unit */
    double *nearness; /* of each question word to the best unit and its neighbours, 0 to 1 */
} Reading;

/* `passages` has hit, blocks and whole_rank set; they are in order of the search. */
Reading *reading_new(Arena *arena, Words *words, const Question *question, Passage *passages,
                     size_t count);
/* Fill the features that need no model. */
void reading_measure(Reading *reading);
/* Score all units, and sort them into `order`. */
void reading_rank(Reading *reading);

/* A weak word's counts less. */
double reading_word_rarity(const QuestionWord *word);
/* The unit with the units beside it, its header row and heading. */
Str reading_surroundings(const Reading *reading, size_t unit);
/* A row for people: "Country: Germany; Cases: 55400" when its header fits, else the row. */
Str row_text(Arena *arena, Str row, Str header);
/* Share (0 to 1) of the rarity of the question's names that these words carry; 1 when it has none.
 */
double reading_name_share(const Reading *reading, uint64_t words);
/* How far the unit has something of the form that is asked for, beside what the question says: 0
 * nothing, 1 a name for "who", a date for "when". */
double reading_form(const Reading *reading, const Unit *unit);
/* Whether the unit gives the number or amount that is asked for: 1 yes, 0 no, 0.5 for other
 * questions. */
double reading_bound(const Reading *reading, const Unit *unit);
/* Whether it names a year, and the year of the question stands nowhere beside it. */
bool reading_is_of_other_year(const Reading *reading, const Unit *unit);
/* "twelve", "half" */
bool is_number_name(Str word);
/* The only line or sentence of a unit of several that answers the question by itself. False: there
 * is none, or more than one. */
bool reading_piece(Reading *reading, size_t unit, size_t *start_r, size_t *end_r);
/* Which words of the question a text has. */
uint64_t reading_match(Reading *reading, Str text);
