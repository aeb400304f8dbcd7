/* json_pull.h - JSON read in one pass, lenient: comments and trailing commas are passed over.
 *
 * Texts lie in the arena that is given; everything else is in the reader. The text must be UTF-8
 * and outlive the reader. One thread. */
#pragma once

#include "base/base.h"

typedef enum JsonToken {
    TOKEN_END,
    TOKEN_OBJECT,
    TOKEN_OBJECT_END,
    TOKEN_ARRAY,
    TOKEN_ARRAY_END,
    TOKEN_COLON,
    TOKEN_COMMA,
    TOKEN_STRING,
    TOKEN_WORD, /* a number, true, false, null: as written */
    TOKEN_BAD,
} JsonToken;

typedef struct JsonReader {
    Str text;
    size_t at;
    int line; /* of `at`, from 1 */
} JsonReader;

/* What comes next, without taking it. */
JsonToken json_peek(JsonReader *in);
/* Take the next token; *text_r (may be NULL with no arena) is a string's or word's text. */
JsonToken json_take(JsonReader *in, Arena *arena, Str *text_r);
