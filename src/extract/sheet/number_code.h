/* number_code.h - the code of a number format, "#,##0.00;[Red]-#,##0.00", as sections of tokens
 * (ECMA-376 part 1, 18.8.31); for number_format.c. */
#pragma once

#include "base/base.h"

enum { SECTIONS_MAX = 4 };

typedef enum NumberTokenKind {
    TOKEN_LITERAL,
    TOKEN_DIGIT, /* 0 # ? */
    TOKEN_POINT,
    TOKEN_COMMA,
    TOKEN_PERCENT,
    TOKEN_EXPONENT, /* E+ E- */
    TOKEN_SLASH,
    TOKEN_DATE,    /* a run of one of y m d h s, or e */
    TOKEN_ELAPSED, /* [h] [m] [s] */
    TOKEN_HALFDAY, /* AM/PM */
    TOKEN_TEXT,    /* @ */
    TOKEN_GENERAL,
} NumberTokenKind;

typedef struct NumberToken {
    NumberTokenKind kind;
    Str text;
} NumberToken;

typedef struct NumberSection {
    VEC(NumberToken) tokens;
    bool is_date, has_condition;
    char condition[3];
    double limit;
} NumberSection;

/* How many there are, 1 or more; the arena holds their tokens. */
int number_sections(Arena *arena, Str code, NumberSection sections[SECTIONS_MAX]);
/* Which one shows the value; *is_signed_r when a minus is still to be written. */
const NumberSection *number_section(const NumberSection *sections, int count, double value,
                                    bool *is_signed_r);

/* number_date.c: the day and time that the value counts from 1900, or 1904, as a section of dates
 * shows them. */
void number_date(const NumberSection *section, double value, bool is_1904, Buf *out);
