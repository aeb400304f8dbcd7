/* schema_notation.h - schemas of bodies and answers, as short as the tables of the API want them.
 *
 *     text  text 200       a text, of at most 200 characters
 *     int   int 1..100     a whole number, with its limits
 *     number bool time any object file     JSON's own; a moment; anything; bytes
 *     'asc'|'desc'         one of these words
 *     Document             the SHAPE of this name
 *     [text]               a list
 *     {id, size: int, note?: text, *: any}
 *                          an object: a member without a type is a text, one with a ? may be
 *                          absent, * is any other member
 *     text?                may be null too
 *     text|int             either
 *
 * Written as JSON Schema 2020-12. Threads: any. */
#pragma once

#include "base/json.h"

/* SCHEMA_OF_BODY: what a client sends: a member that is not named is refused, and one that may be
 * absent may be null. */
typedef enum SchemaUse { SCHEMA_OF_ANSWER, SCHEMA_OF_BODY } SchemaUse;

/* Write it as the member `name`, or, where that is NULL, as an item. Fails on what is no notation,
 * which the unit tests try for every line of the tables; what was written then is no JSON. */
MUST_CHECK bool schema_put(JsonWriter *json, const char *name, Str notation, SchemaUse use,
                           Error *err);
