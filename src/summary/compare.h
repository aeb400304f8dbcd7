/* compare.h - what differs between two documents or texts: statements that were added, removed or
 * changed, and the numbers in them.
 *
 *     sections of both -> aligned by heading, else by what they say
 *     sentences -> the same word for word: left out
 *               -> most alike first, in aligned sections rather than in others: changed
 *               -> the rest: removed (left), added (right)
 *
 * Likeness is of words, and of the encoder's vectors where there is one. Any thread. */
#pragma once

#include "base/stop.h"
#include "summary/summary.h"

#define COMPARED_MAX 1500 /* sentences of a side that are not in the other word for word */

typedef enum DifferenceKind {
    DIFFERENCE_CHANGED,
    DIFFERENCE_ADDED,
    DIFFERENCE_REMOVED
} DifferenceKind;

/* A piece of a statement; changed: the other side has not these words here. */
typedef struct DifferencePiece {
    Str text;
    bool is_changed;
} DifferencePiece;

typedef struct DifferenceSide {
    DifferencePiece *pieces; /* together its one line */
    size_t piece_count;
    Citation citation;
    StrList numbers; /* that the other side lacks */
} DifferenceSide;

typedef struct Difference {
    DifferenceKind kind;
    DifferenceSide left, right; /* of one kind alone: the other side has no pieces */
    double likeness;            /* of both sides */
} Difference;

typedef struct Comparison {
    Difference *at; /* in the order of the left side; what was added behind what it follows */
    size_t count;
    size_t same; /* sentences that both have */
    size_t changed, added, removed;
    Str made_by; /* "rules" or "encoder" */
    Str notice;  /* "" or what was not compared */
} Comparison;

/* ERROR_CANCELLED when `stop` (may be NULL) wishes it. */
MUST_CHECK bool compare_materials(Summaries *summaries, Arena *arena, const Material *left,
                                  const Material *right, const StopCheck *stop,
                                  Comparison *comparison_r, Error *err);
/* Members, into an object that is open. */
void comparison_put(JsonWriter *json, const Comparison *comparison);
