/* iwork.h - documents of Apple Pages, Numbers and Keynote: ZIP packages in two generations.
 *
 *     until 2009:  index.xml, index.apxl      one XML part         iwork_xml.c
 *     since 2013:  Index/x.iwa, Index.zip     objects (protobuf)   iwa_file.c, iwa_body.c
 *
 * What is known of the second comes from the field names in Apple's programs; objects of unknown
 * kinds are passed over. */
#pragma once

#include "extract/extractor.h"
#include "extract/package.h"

typedef enum IworkKind { IWORK_PAGES, IWORK_NUMBERS, IWORK_KEYNOTE, IWORK_NONE } IworkKind;

/* What the package is; IWORK_NONE when it is none of them. A package protected by a password
 * that does not say which it is counts as Pages, and *is_unsure_r is set. */
IworkKind iwork_kind(Str bytes, bool *is_unsure_r);
MUST_CHECK bool iwork_write(const ExtractSource *source, DocWriter *doc, Error *err);

/* The one part of the older generation, unpacked. */
MUST_CHECK bool iwork_xml_write(Str xml, DocWriter *doc, Error *err);
/* The objects of the newer one; `key` is empty unless the parts are encrypted. */
MUST_CHECK bool iwa_write(Package *package, Str key, DocWriter *doc, Error *err);

/* The key of a protected package (16 bytes) from the verifier it holds; ERROR_ENCRYPTED when the
 * password is missing or wrong. `hint` may be empty. */
MUST_CHECK bool iwork_key(Arena *arena, Str verifier, Str password, Str hint, Str *key_r,
                          Error *err);
/* A part as it was before it was encrypted; empty when that fails. */
Str iwork_decrypt(Arena *arena, Str key, Str bytes);

/* Seconds since 2001 as "2012-04-27", and the time of day when there is one. */
void iwork_add_date(Buf *out, double seconds);
/* The place of a table's row; nothing when the sheet has no name. */
void iwork_place_row(DocWriter *doc, Str sheet, int columns, int row);
