/* thrift.c - see thrift.h. */
#include "extract/columns/thrift.h"

enum { DEPTH_MAX = 32 };

static unsigned char thrift_byte(Thrift *in)
{
    in->is_broken |= in->at >= in->bytes.length;
    return in->is_broken ? 0 : (unsigned char)in->bytes.at[in->at++];
}

static uint64_t take_varint(Thrift *in)
{
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        unsigned char byte = thrift_byte(in);
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return number;
    }
    in->is_broken = true;
    return 0;
}

int64_t thrift_number(Thrift *in)
{
    uint64_t zigzag = take_varint(in);
    return (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
}

Str thrift_binary(Thrift *in)
{
    uint64_t length = take_varint(in);
    if (in->is_broken || length > in->bytes.length - in->at) {
        in->is_broken = true;
        return STR_NONE;
    }
    Str value = str_slice(in->bytes, in->at, in->at + (size_t)length);
    in->at += (size_t)length;
    return value;
}

int thrift_field(Thrift *in, int64_t *number)
{
    unsigned char head = thrift_byte(in);
    if (in->is_broken || (head & 15) == THRIFT_STOP)
        return THRIFT_STOP;
    *number = head >> 4 ? (int64_t)((uint64_t)*number + (head >> 4)) : thrift_number(in);
    return head & 15;
}

uint64_t thrift_list(Thrift *in, int *type_r)
{
    unsigned char head = thrift_byte(in);
    *type_r = head & 15;
    return head >> 4 == 15 ? take_varint(in) : head >> 4;
}

static void skip_value(Thrift *in, int type, int depth, bool is_member)
{
    int64_t number = 0;
    int inner, key;
    uint64_t count;
    in->is_broken |= depth > DEPTH_MAX;
    switch (in->is_broken ? THRIFT_STOP : type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE: /* a field's value is its type; a list has a byte for each */
        if (!is_member)
            return;
        __attribute__((fallthrough));
    case THRIFT_BYTE: thrift_byte(in); return;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64: take_varint(in); return;
    case THRIFT_DOUBLE:
        for (int i = 0; i < 8; i++)
            thrift_byte(in);
        return;
    case THRIFT_BINARY: thrift_binary(in); return;
    case THRIFT_LIST:
    case THRIFT_SET:
        count = thrift_list(in, &inner);
        for (uint64_t i = 0; i < count && !in->is_broken; i++)
            skip_value(in, inner, depth + 1, true);
        return;
    case THRIFT_MAP:
        count = take_varint(in);
        inner = count ? thrift_byte(in) : 0;
        key = inner >> 4;
        for (uint64_t i = 0; i < count && !in->is_broken; i++) {
            skip_value(in, key, depth + 1, true);
            skip_value(in, inner & 15, depth + 1, true);
        }
        return;
    case THRIFT_STRUCT:
        while ((inner = thrift_field(in, &number)) != THRIFT_STOP)
            skip_value(in, inner, depth + 1, false);
        return;
    default: in->is_broken = true;
    }
}

void thrift_skip(Thrift *in, int type) { skip_value(in, type, 0, false); }
