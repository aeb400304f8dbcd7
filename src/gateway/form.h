/* form.h - bodies that carry files: multipart/form-data read into a call, and written for a
 * service.
 *
 * What was read is always written anew, so that a service finds exactly the fields that we have
 * found: two readers of one form may differ in what a name is.
 *
 * Threads: any. */
#pragma once

#include "gateway/model.h"

#define FORM_FIELDS_MAX 64

/* The fields of a client's form. Refused are names that are no names, a second field of one name
 * unless the name ends with "[]", texts that are no UTF-8 or have more than 64 KiB. */
MUST_CHECK bool form_read(Arena *arena, const ModelRequest *request, Str body,
                          ModelField fields_r[FORM_FIELDS_MAX], size_t *count_r, Error *err);

typedef struct FormWriter {
    Buf *out;
    Str boundary;
} FormWriter;
/* `type_r`: its Content-Type. */
FormWriter form_begin(Arena *arena, Buf *out, Str *type_r);
/* Name and file name have no quotes and no control characters. */
void form_add(FormWriter *form, const ModelField *field);
void form_end(FormWriter *form);
