/* kept.h - results that are kept with their documents: corrected by a person, put into tables.
 *
 * A kept result is the JSON that POST /v1/fields answers. Threads: any; pure. */
#pragma once

#include "base/json.h"
#include "fields/fields.h"

/* "Purchase order" as "purchase-order": what a schema is kept under. Empty: nothing is left. */
Str fields_name(Arena *arena, Str title);

/* Sets the value at the path to what a person says (NULL or null: it is not there), in a kept
 * result of this schema, and judges it again. ERROR_INVALID: there is no such member, or it may not
 * be so. */
MUST_CHECK bool kept_correct(Arena *arena, const json_t *schema, json_t *result, Str path,
                             json_t *value, Error *err);

/* The document was read again: what a person set or took away in `before` stays so in `result`, and
 * so does a whole list in which a person changed an item. What the schema does not have any more is
 * left out. */
MUST_CHECK bool kept_read_again(Arena *arena, const json_t *schema, const json_t *before,
                                json_t *result, Error *err);

typedef struct KeptRow {
    Str document, name; /* name: of the file */
    const json_t *values;
} KeptRow;

/* A line for each document: its id and name, and each member; lists of texts with "; " between.
 * With `list`: a line for each item of the list of that name, its members alone. An empty `out`
 * gets the names of the columns first. */
void kept_table(Buf *out, const FieldNode *root, const KeptRow *rows, size_t count, Str list);
