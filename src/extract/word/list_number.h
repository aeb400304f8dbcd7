/* list_number.h - the numbers of list items as word processors show them: "iv", "AA", "03". */
#pragma once

#include "base/base.h"

/* The numbering kinds of [MS-OSHARED] 2.2.1.3 (MSONFC) that are told apart here. */
typedef enum ListNumber {
    LIST_DECIMAL = 0,
    LIST_UPPER_ROMAN = 1,
    LIST_LOWER_ROMAN = 2,
    LIST_UPPER_LETTER = 3,
    LIST_LOWER_LETTER = 4,
    LIST_ORDINAL = 5,
    LIST_DECIMAL_ZERO = 22,
    LIST_BULLET = 23,
    LIST_NONE = 255,
} ListNumber;

/* Kinds that are not listed show as decimals. */
void list_number_add(Buf *out, int number, ListNumber kind);
/* By its name in WordprocessingML (ECMA-376 part 1, 17.18.59): "lowerRoman". */
ListNumber list_number_named(Str name);
