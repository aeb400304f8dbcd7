/* docx_math.h - equations of Word as a line of text: "(a+b)/2", "x^2", "√(y)". */
#pragma once

#include "extract/xml_events.h"

enum { MATH_DEPTH_MAX = 64 };

typedef struct DocxMath {
    struct {
        char kind;    /* the first letter of the element */
        size_t start; /* of its text */
        int parts;    /* elements `e` so far */
        char open[8], close[8];
    } at[MATH_DEPTH_MAX];
    int depth, too_deep;
} DocxMath;

/* Elements of the namespace of equations (ECMA-376 part 1, 22.1) between <oMath> and its end; what
 * is between them is added to the buffer by the caller. */
void docx_math_start(DocxMath *math, const XmlElement *element, Buf *out);
void docx_math_end(DocxMath *math, Str name, Buf *out);
