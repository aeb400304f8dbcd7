/* multipart.h - multipart/form-data (RFC 7578, RFC 2046 section 5.1), read as it arrives or, of a
 * body that is in memory, where it lies.
 *
 * Threads: a reader belongs to one. */
#pragma once

#include "base/base.h"

typedef struct MultipartHead {
    Str field;
    Str file_name; /* as sent, decoded, not yet made safe */
    bool has_file_name;
    Str media_type;
} MultipartHead;

/* Each returns false to stop. Texts are valid only during the call. */
typedef struct MultipartSink {
    bool (*begin)(void *self, const MultipartHead *head, Error *err);
    bool (*bytes)(void *self, Str bytes, Error *err);
    bool (*end)(void *self, Error *err);
    void *self;
} MultipartSink;

typedef struct MultipartReader MultipartReader;

/* Fails when `content_type` is not multipart/form-data with a boundary of 1 to 70 characters. */
MUST_CHECK bool multipart_new(Str content_type, const MultipartSink *sink,
                              MultipartReader **reader_r, Error *err);
void multipart_free(MultipartReader *reader);
MUST_CHECK bool multipart_read(MultipartReader *reader, Str bytes, Error *err);
/* Fails when the closing boundary has not come. */
MUST_CHECK bool multipart_end(MultipartReader *reader, Error *err);

typedef struct MultipartPart {
    MultipartHead head;
    Str bytes;
} MultipartPart;
typedef VEC(MultipartPart) MultipartParts;

/* The parts of a whole body; their bytes are the body's own. */
MUST_CHECK bool multipart_split(Arena *arena, Str content_type, Str body, size_t part_max,
                                MultipartParts *parts_r, Error *err);

/* A parameter of a header value such as `form-data; name="a"`; "" when it is not there.
 * The value is unquoted into the arena. */
Str header_parameter(Arena *arena, Str value, const char *name);
