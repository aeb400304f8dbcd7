/* cbor.c - see cbor.h. */
#include "base/cbor.h"

enum { MAJOR_UNSIGNED, MAJOR_NEGATIVE, MAJOR_BYTES, MAJOR_TEXT, MAJOR_LIST, MAJOR_MAP };
#define MAJOR_OTHER 7
#define ARGUMENT_IN_HEAD_MAX 23
#define ARGUMENT_BYTES_MAX 27 /* 24 to 27: 1, 2, 4 or 8 bytes follow */

uint64_t big_endian(Str bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.length; i++)
        number = number << 8 | (uint8_t)bytes.at[i];
    return number;
}

static bool refuse(Error *err, const char *why)
{
    return fail(err, ERROR_INVALID, "the CBOR is not as it has to be: %s", why);
}

static bool read_head(Str *rest, unsigned *major_r, uint64_t *argument_r, Error *err)
{
    if (!rest->length)
        return refuse(err, "it ends too early");
    unsigned head = (uint8_t)rest->at[0], short_argument = head & 31;
    size_t bytes = short_argument > ARGUMENT_IN_HEAD_MAX ? (size_t)1 << (short_argument - 24) : 0;
    if (short_argument > ARGUMENT_BYTES_MAX)
        return refuse(err, "a length is not said in front");
    if (rest->length < 1 + bytes)
        return refuse(err, "it ends too early");
    *major_r = head >> 5;
    *argument_r = bytes ? big_endian(str_slice(*rest, 1, 1 + bytes)) : short_argument;
    *rest = str_from(*rest, 1 + bytes);
    return true;
}

/* Each item takes a byte at least. */
static bool read_count(Str rest, uint64_t items, uint64_t each, CborItem *item, Error *err)
{
    if (items > rest.length / each)
        return refuse(err, "it ends too early");
    item->number = (int64_t)items;
    return true;
}

static bool read_bytes(Str *rest, uint64_t length, CborItem *item, Error *err)
{
    if (length > rest->length)
        return refuse(err, "it ends too early");
    item->bytes = str_slice(*rest, 0, (size_t)length);
    *rest = str_from(*rest, (size_t)length);
    return true;
}

bool cbor_next(Str *rest, CborItem *item_r, Error *err)
{
    static const CborKind kinds[] = { CBOR_NUMBER, CBOR_NUMBER, CBOR_BYTES, CBOR_TEXT,
                                      CBOR_LIST,   CBOR_MAP,    CBOR_OTHER, CBOR_OTHER };
    unsigned major = 0;
    uint64_t argument = 0;
    if (!read_head(rest, &major, &argument, err))
        return false;
    *item_r = (CborItem){ .kind = kinds[major] };
    switch (major) {
    case MAJOR_UNSIGNED:
    case MAJOR_NEGATIVE:
        if (argument > INT64_MAX)
            return refuse(err, "a number is too large");
        item_r->number = major == MAJOR_NEGATIVE ? -1 - (int64_t)argument : (int64_t)argument;
        return true;
    case MAJOR_BYTES:
    case MAJOR_TEXT: return read_bytes(rest, argument, item_r, err);
    case MAJOR_LIST: return read_count(*rest, argument, 1, item_r, err);
    case MAJOR_MAP: return read_count(*rest, argument, 2, item_r, err);
    case MAJOR_OTHER: return true;
    default: return refuse(err, "it has a tag");
    }
}

bool cbor_pass(Str *rest, Error *err)
{
    CborItem item;
    for (size_t left = 1; left; left--) {
        if (!cbor_next(rest, &item, err))
            return false;
        if (item.kind == CBOR_LIST || item.kind == CBOR_MAP)
            left += (size_t)item.number * (item.kind == CBOR_MAP ? 2 : 1);
        if (left > rest->length + 1)
            return refuse(err, "it ends too early");
    }
    return true;
}
