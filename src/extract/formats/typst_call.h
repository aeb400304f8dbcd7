/* typst_call.h - calls in Typst: #name(arguments)[content], and what they are given. */
#pragma once

#include "base/base.h"

typedef struct TypstCall {
    Str name;      /* "table.cell" */
    Str arguments; /* between the parentheses */
    Str content;   /* of the first [...]; more of them are rare */
    bool has_content;
    bool is_open; /* the content ends in another paragraph */
    size_t length;
} TypstCall;

/* A letter, a digit, "_" or "-". */
bool typst_is_name(char c);
/* The call at the beginning of `text`, which stands behind the "#"; false when it is none. */
bool typst_call(Str text, TypstCall *call_r);
/* The next argument; `name` is empty when it has none. False at the end. */
bool typst_argument(Str *rest, Str *name_r, Str *value_r);
/* "words" or [words] without what is around them; false when the value is neither. */
bool typst_words(Arena *arena, Str value, Str *words_r);
/* How many columns a table has: `3`, `(auto, 1fr)`, `(1fr,) * 3`. */
int typst_columns(Str value);
