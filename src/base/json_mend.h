/* json_mend.h - the JSON value in a text that a model wrote.
 *
 * Models put prose and fences round a value, forget quotes, leave commas too many or too few, write
 * Python's words, and are cut off. What can only mean one thing is mended; nothing is made up: of a
 * text that ends early the members that are there stay, and is_cut says so.
 *
 * Threads: any. */
#pragma once

#include "base/json.h"

typedef struct JsonMended {
    json_t *json;   /* release with json_decref() */
    bool is_mended; /* it was no JSON as it stood */
    bool is_cut;    /* the text ended before the value did */
} JsonMended;

/* The longest object or list in the text, of at most `bytes_max` bytes; whole ones come before one
 * that is cut off. ERROR_INVALID: there is none. */
MUST_CHECK bool json_mend(Str text, size_t bytes_max, JsonMended *mended_r, Error *err);
