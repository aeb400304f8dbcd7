/* json_schema_int.h - what judging by a schema and checking a schema share. */
#pragma once

#include "base/json_schema.h"

#define SCHEMA_DEPTH_MAX 64

/* Where in the schema or value we are; the path is only put together when something is wrong. */
typedef struct Spot {
    const struct Spot *outer;
    const char *name; /* of a member; NULL: an item */
    size_t index;
    int depth;
} Spot;
static inline Spot inside(const Spot *outer, const char *name, size_t index)
{
    return (Spot){ outer, name, index, outer->depth + 1 };
}
/* "a.b[2] must be ..."; always false. */
bool fail_spot(const Spot *spot, Error *err, const char *format, ...) PRINTF(3, 4);

typedef struct Judge {
    const json_t *root; /* the whole schema, for $ref */
    const json_t *schema;
    const json_t *word; /* the word's own value */
    const Spot *spot;
    Error *err;
} Judge;

typedef enum WordIs {
    IS_ANY,
    IS_TEXT,
    IS_PATTERN,
    IS_NUMBER,
    IS_COUNT,
    IS_FLAG,
    IS_LIST,
    IS_TEXTS,
    IS_TYPES,
    IS_SCHEMA,
    IS_SCHEMAS,
    IS_NAMED /* an object of schemas */
} WordIs;

typedef struct SchemaWord {
    const char *name;
    WordIs is;
    bool (*judge)(const Judge *judge, const json_t *value);
} SchemaWord;
/* NULL when it is none of ours. */
const SchemaWord *schema_word(const char *name);

/* "a text" for "string"; NULL when there is no such type. */
const char *said_type(const char *name);
bool is_whole(const json_t *value);
/* "#/$defs/name": a JSON pointer (RFC 6901) from the root; NULL when nothing is there. */
const json_t *find_ref(const json_t *root, Str ref);
static inline Str text_of(const json_t *value)
{
    return (Str){ json_string_value(value), json_string_length(value) };
}
