/* paper.h - what values are read from: a document of the library with its layout, or a given text;
 * and values as JSON, with their sources as citations have them.
 *
 * Threads: any. */
#pragma once

#include "answer/answer_json.h"
#include "fields/fields.h"
#include "library/library.h"

typedef struct Paper {
    Document document; /* id empty: the text was given */
    FieldsInput input;
    size_t text_start; /* byte of the document's text that the input begins with */
} Paper;

/* ERROR_CONFLICT: its text has not been read yet. */
MUST_CHECK bool paper_open(Library *library, const Scope *scope, Arena *arena, Str id,
                           Paper *paper_r, Error *err);
MUST_CHECK bool paper_of_text(Str text, Paper *paper_r, Error *err);

/* The members of a result, into an object that is open: values, fields, missing, ... */
void paper_put(JsonWriter *json, Arena *arena, const Paper *paper, Str schema,
               const FieldsResult *result);
