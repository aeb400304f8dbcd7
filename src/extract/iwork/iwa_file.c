/* iwa_file.c - see iwa_file.h. Snappy: its format description; protocol buffers: the encoding
 * guide. */
#include "extract/iwork/iwa_file.h"

#include "extract/ole/ole_file.h"

#define UNPACKED_MAX MB(512)

enum {
    OBJECTS_MAX = 2000000,
    CHUNK_HEADER = 4,
    TYPE_PAGES = 10000,
    WIRE_VARINT = 0,
    WIRE_64 = 1,
    WIRE_BYTES = 2,
    WIRE_32 = 5
};

static bool next_varint(Str *rest, uint64_t *number_r)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 10 && i < rest->length; i++) {
        unsigned char byte = (unsigned char)rest->at[i];
        number |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (!(byte & 0x80)) {
            *rest = str_from(*rest, i + 1);
            *number_r = number;
            return true;
        }
    }
    return false;
}

/* --- Protocol buffers --- */

bool iwa_next(Str *rest, IwaField *field_r)
{
    uint64_t tag, length;
    if (!next_varint(rest, &tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX)
        return false;
    *field_r = (IwaField){ .number = (uint32_t)(tag >> 3) };
    switch (tag & 7) {
    case WIRE_VARINT: return next_varint(rest, &field_r->value);
    case WIRE_64:
        length = 8;
        field_r->value = le64_at(*rest, 0);
        break;
    case WIRE_32:
        length = 4;
        field_r->value = le32_at(*rest, 0);
        break;
    case WIRE_BYTES:
        if (!next_varint(rest, &length) || length > rest->length)
            return false;
        field_r->bytes = str_slice(*rest, 0, length);
        field_r->is_bytes = true;
        break;
    default: return false;
    }
    if (length > rest->length)
        return false;
    *rest = str_from(*rest, length);
    return true;
}

Str iwa_bytes(Str message, uint32_t number)
{
    IwaField field;
    while (iwa_next(&message, &field))
        if (field.number == number && field.is_bytes)
            return field.bytes;
    return STR_NONE;
}

uint64_t iwa_number(Str message, uint32_t number, uint64_t otherwise)
{
    IwaField field;
    while (iwa_next(&message, &field))
        if (field.number == number && !field.is_bytes)
            return field.value;
    return otherwise;
}

float iwa_float(Str message, uint32_t number)
{
    uint32_t bits = (uint32_t)iwa_number(message, number, 0);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

IwaObject *iwa_object(const IwaFile *file, uint64_t id)
{
    size_t from = 0, to = file->objects.count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (file->objects.at[middle].id < id)
            from = middle + 1;
        else
            to = middle;
    }
    return from < file->objects.count && file->objects.at[from].id == id ? &file->objects.at[from]
                                                                         : NULL;
}

IwaObject *iwa_target(const IwaFile *file, Str reference)
{
    return iwa_object(file, iwa_number(reference, 1, 0));
}

IwaObject *iwa_reference(const IwaFile *file, Str message, uint32_t number)
{
    Str reference = iwa_bytes(message, number);
    return reference.length ? iwa_target(file, reference) : NULL;
}

/* --- Snappy --- */

/* A copy of `length` bytes from `back` bytes ago, which may overlap what it makes. */
static bool copy_back(Buf *out, size_t start, size_t back, size_t length)
{
    if (back == 0 || back > out->length - start)
        return false;
    for (size_t i = 0; i < length && !out->overflowed; i++)
        buf_add_char(out, out->at[out->length - back]);
    return !out->overflowed;
}

static bool unpack_element(Str *rest, Buf *out, size_t start)
{
    unsigned char tag = (unsigned char)rest->at[0];
    size_t length = (tag >> 2) + 1u, back = 0, header = 1;
    switch (tag & 3) {
    case 0: /* bytes as they are; a long length follows in 1 to 4 bytes */
        if (length > 60) {
            header += length - 60;
            length = (size_t)(le32_at(*rest, 1) & (UINT32_MAX >> (32 - 8 * (header - 1)))) + 1;
        }
        if (header + length > rest->length)
            return false;
        buf_add(out, str_slice(*rest, header, header + length));
        *rest = str_from(*rest, header + length);
        return !out->overflowed;
    case 1:
        length = ((tag >> 2) & 7) + 4u;
        header = 2;
        back = (size_t)(tag >> 5) << 8 | (le16_at(*rest, 1) & 0xFF);
        break;
    case 2:
        header = 3;
        back = le16_at(*rest, 1);
        break;
    default: header = 5; back = le32_at(*rest, 1);
    }
    *rest = str_from(*rest, header);
    return copy_back(out, start, back, length);
}

/* The chunks of a part, one after the other; what is broken ends it. */
static Str unpack(Arena *arena, Str part)
{
    size_t room = arena_room(arena) / 3;
    Buf out = buf_new(arena, MIN(UNPACKED_MAX, room));
    while (part.length > CHUNK_HEADER) {
        size_t length = le32_at(part, 0) >> 8, start = out.length;
        Str chunk = str_slice(part, CHUNK_HEADER, CHUNK_HEADER + length);
        uint64_t size;
        if (part.at[0] != 0) { /* not packed */
            buf_add(&out, chunk);
        } else if (next_varint(&chunk, &size)) {
            while (chunk.length > 0 && out.length - start < size)
                if (!unpack_element(&chunk, &out, start))
                    return buf_str(&out);
        }
        part = str_from(part, CHUNK_HEADER + length);
    }
    return buf_str(&out);
}

/* --- Objects --- */

/* One object: its header and messages; only the first message counts, others are changes for
 * older programs. */
static bool next_object(Str *rest, IwaObject *object_r)
{
    uint64_t length;
    if (!next_varint(rest, &length) || length > rest->length)
        return false;
    Str header = str_slice(*rest, 0, length);
    *rest = str_from(*rest, length);
    *object_r = (IwaObject){ .id = iwa_number(header, 1, 0) };
    IwaField field;
    bool is_first = true;
    while (iwa_next(&header, &field)) {
        if (field.number != 2 || !field.is_bytes)
            continue;
        uint64_t size = iwa_number(field.bytes, 3, 0);
        if (is_first) {
            object_r->type = (uint32_t)iwa_number(field.bytes, 1, 0);
            object_r->bytes = str_slice(*rest, 0, size);
        }
        is_first = false;
        *rest = str_from(*rest, size);
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    uint64_t x = ((const IwaObject *)a)->id, y = ((const IwaObject *)b)->id;
    return x < y ? -1 : x > y;
}

bool iwa_open(Package *package, Str key, IwaFile *file_r, Error *err)
{
    IwaFile file = { .arena = package->arena };
    Error ignored;
    for (size_t i = 0; i < package->parts.count; i++) {
        const Part *part = &package->parts.at[i];
        Str bytes;
        if (!str_ends(part->name, S(".iwa")) || arena_room(file.arena) < MB(256) ||
            !package_read(package, file.arena, part, UNPACKED_MAX / 4, &bytes, &ignored))
            continue;
        if (key.length)
            bytes = iwork_decrypt(file.arena, key, bytes);
        bytes = unpack(file.arena, bytes);
        IwaObject object;
        while (file.objects.count < OBJECTS_MAX && next_object(&bytes, &object))
            *vec_push(file.arena, &file.objects) = object;
    }
    if (file.objects.count == 0)
        return fail(err, ERROR_DAMAGED, "the document holds no objects that can be read");
    qsort(file.objects.at, file.objects.count, sizeof(IwaObject), by_id);
    *file_r = file;
    return true;
}

/* The document itself is object 1; Numbers and Keynote use the same type for it, but only the
 * first has sheets. */
IworkKind iwa_document_kind(Arena *arena, Str part)
{
    Str bytes = unpack(arena, part);
    IwaObject object;
    while (next_object(&bytes, &object)) {
        if (object.type == TYPE_PAGES)
            return IWORK_PAGES;
        if (object.id == 1 && object.type == 1)
            return iwa_bytes(object.bytes, 1).length ? IWORK_NUMBERS : IWORK_KEYNOTE;
    }
    return IWORK_NONE;
}
