/* section_names.h - what a heading says of what stands under it. Pure; any thread. */
#pragma once

#include "base/base.h"

typedef enum SectionSort {
    SECTION_PLAIN,
    SECTION_APPARATUS, /* contents, references, imprint: of the document, not of its matter */
    SECTION_GIST,      /* abstract, overview, conclusion: what the document comes to */
} SectionSort;

/* Of "3.1 References:" as of "References". */
SectionSort section_sort(Str heading);
/* The heading without the number or letter before it: "A. Purpose" is "Purpose". */
Str section_title(Str heading);
