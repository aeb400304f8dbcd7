/* grade.h - whether a short answer is right, as a patient teacher would say.
 *
 *     same words -> same numbers (with units) -> a slip of the pen -> most words -> the same
 * meaning
 *
 * An answer with other numbers, or one that says no where the right one does not, is wrong however
 * alike it is. Pure but for Words and the likeness; any thread that owns them. */
#pragma once

#include "base/json.h"
#include "text/words.h"

typedef enum GradeHow {
#define GRADE_HOW(name, text) GRADED_##name,
#include "study/grade_hows.def"
#undef GRADE_HOW
} GradeHow;

const char *grade_how_name(GradeHow how);

typedef struct Grade {
    double score; /* 1: right, 0.5: in part, 0: wrong */
    GradeHow how;
} Grade;

typedef struct GradeRequest {
    Str given;
    StrList accepted; /* the right answer first */
    Language language;
    /* Cosine of two texts' meanings; below 0 when it is not known. May be NULL. */
    double (*likeness)(void *self, Str a, Str b);
    void *self;
} GradeRequest;

/* The best grade that any accepted answer gives. */
Grade grade_answer(Arena *arena, Words *words, const GradeRequest *request);
