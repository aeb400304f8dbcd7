/* iwa_file.h - the objects of an iWork document since 2013.
 *
 * A part *.iwa is a row of chunks packed by Snappy; unpacked, each object is a header (its id and
 * the type and length of its messages) and the messages, both protocol buffers. Objects refer to
 * each other by id. */
#pragma once

#include "extract/iwork/iwork.h"

typedef struct IwaObject {
    uint64_t id;
    uint32_t type;
    bool is_written;
    Str bytes;
} IwaObject;

typedef struct IwaFile {
    Arena *arena;
    VEC(IwaObject) objects; /* by id */
} IwaFile;

/* All parts. Fails with ERROR_DAMAGED when there is no object. */
MUST_CHECK bool iwa_open(Package *package, Str key, IwaFile *file_r, Error *err);
/* NULL when there is none. */
IwaObject *iwa_object(const IwaFile *file, uint64_t id);
IworkKind iwa_document_kind(Arena *arena, Str part);

/* One field of a protocol buffer: a number, or bytes. */
typedef struct IwaField {
    uint32_t number;
    uint64_t value;
    Str bytes;
    bool is_bytes;
} IwaField;

/* The next field of *rest; false at the end or where it is broken. */
bool iwa_next(Str *rest, IwaField *field_r);
/* The first field of this number; empty or `otherwise` when there is none. */
Str iwa_bytes(Str message, uint32_t number);
uint64_t iwa_number(Str message, uint32_t number, uint64_t otherwise);
float iwa_float(Str message, uint32_t number);
/* The object that the first field of this number refers to; NULL when there is none. */
IwaObject *iwa_reference(const IwaFile *file, Str message, uint32_t number);
/* The object that a reference (a field's bytes) leads to. */
IwaObject *iwa_target(const IwaFile *file, Str reference);
