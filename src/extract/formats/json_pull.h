/* json_pull.h - JSON and JSON5 read in one pass, lenient: comments and commas too many are passed
 * over, keys may stand without quotes and texts between single ones.
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

/* Does a key come? A string, or a name as JSON5 writes it. */
bool json_at_key(JsonReader *in);
/* It and its colon; false when there is none of them. */
bool json_take_key(JsonReader *in, Arena *arena, Str *key_r);
/* Past the value that comes, whatever it is; false when it is broken. */
bool json_skip(JsonReader *in);
/* Inside an object whose beginning was taken: the next key, with its value to come; false at the
 * end, which is taken, or where it is broken. */
bool json_next_member(JsonReader *in, Arena *arena, Str *key_r);
/* The same of an array. */
bool json_next_item(JsonReader *in);
/* A string or word as text; anything else is passed over and empty. */
Str json_take_text(JsonReader *in, Arena *arena);
/* After "\u": one character, of two escapes when it is a surrogate pair. Bytes used, or 0. */
size_t json_read_unicode(Str text, uint32_t *character_r);
