/* otlp_wire.c - see otlp_wire.h.
 *
 * A part of a protobuf message stands behind its own length, so the message is written from its end
 * to its beginning: when a length is due, what it counts is there. */
#include "net/otlp_wire.h"

#include <assert.h>
#include <endian.h>

#include "base/json.h"

/* https://protobuf.dev/programming-guides/encoding/ */
#define WIRE_VARINT 0
#define WIRE_FIXED64 1
#define WIRE_LENGTH 2
#define VARINT_SIZE_MAX 10

typedef enum FieldKind { TEXT, ID, VARINT, FIXED64, DOUBLE, MESSAGE } FieldKind;

typedef struct Field {
    const char *message, *name, *of;
    uint32_t number;
    FieldKind kind;
} Field;

static const Field fields[] = {
#define OTLP_FIELD(message, name, number, kind, of) { #message, #name, #of, number, kind },
#include "net/otlp_schema.def"
#undef OTLP_FIELD
};

/* What is written so far reaches from `at` to the end of the room. */
typedef struct Back {
    char *room, *at;
} Back;

static void put_bytes(Back *out, const void *bytes, size_t count)
{
    assert((size_t)(out->at - out->room) >= count);
    out->at -= count;
    if (count)
        memcpy(out->at, bytes, count);
}

static void put_varint(Back *out, uint64_t number)
{
    uint8_t bytes[VARINT_SIZE_MAX];
    size_t count = 0;
    for (; number > 0x7f; number >>= 7)
        bytes[count++] = (uint8_t)(number | 0x80);
    bytes[count++] = (uint8_t)number;
    put_bytes(out, bytes, count);
}

static void put_fixed64(Back *out, uint64_t number)
{
    number = htole64(number);
    put_bytes(out, &number, sizeof number);
}

/* The length of what was written since `end`, and the field's number before it. */
static void put_head(Back *out, const Field *field, const char *end)
{
    put_varint(out, (uint64_t)(end - out->at));
    put_varint(out, (uint64_t)field->number << 3 | WIRE_LENGTH);
}

/* 64-bit numbers are texts in the JSON of proto3. */
static int64_t whole_number(const json_t *value)
{
    int64_t number = json_integer_value(value);
    if (json_is_string(value)) {
        bool is_number = str_to_int(str(json_string_value(value)), INT64_MIN, INT64_MAX, &number);
        assert(is_number);
    }
    return number;
}

static void put_id(Back *out, Str digits)
{
    for (size_t i = digits.length; i >= 2; i -= 2) {
        char pair[] = { digits.at[i - 2], digits.at[i - 1], '\0' };
        uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);
        put_bytes(out, &byte, 1);
    }
}

static void put_double(Back *out, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    put_fixed64(out, bits);
}

/* One number without its field's. */
static void put_bare(Back *out, const Field *field, const json_t *value)
{
    if (field->kind == VARINT)
        put_varint(out, (uint64_t)whole_number(value));
    else if (field->kind == FIXED64)
        put_fixed64(out, (uint64_t)whole_number(value));
    else
        put_double(out, json_number_value(value));
}

static void put_message(Back *out, const char *message, json_t *object);

static void put_field(Back *out, const Field *field, json_t *value)
{
    const char *end = out->at;
    Str text = { json_string_value(value), json_string_length(value) };
    switch (field->kind) {
    case TEXT: put_bytes(out, text.at, text.length); return put_head(out, field, end);
    case ID: put_id(out, text); return put_head(out, field, end);
    case MESSAGE: put_message(out, field->of, value); return put_head(out, field, end);
    case VARINT:
    case FIXED64:
    case DOUBLE:
        put_bare(out, field, value);
        put_varint(out, (uint64_t)field->number << 3 |
                            (field->kind == VARINT ? WIRE_VARINT : WIRE_FIXED64));
        return;
    }
}

static void put_list(Back *out, const Field *field, const json_t *list)
{
    const char *end = out->at;
    for (size_t i = json_array_size(list); i-- > 0;)
        if (field->kind == MESSAGE)
            put_field(out, field, json_array_get(list, i));
        else
            put_bare(out, field, json_array_get(list, i));
    if (field->kind != MESSAGE && json_array_size(list))
        put_head(out, field, end);
}

static const Field *field_of(const char *message, const char *name)
{
    for (size_t i = 0; i < COUNT(fields); i++)
        if (!strcmp(fields[i].name, name) && !strcmp(fields[i].message, message))
            return &fields[i];
    return NULL;
}

static void put_message(Back *out, const char *message, json_t *object)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        const Field *field = field_of(message, name);
        assert(field);
        if (json_is_array(value))
            put_list(out, field, value);
        else
            put_field(out, field, value);
    }
}

static Str as_protobuf(Arena *arena, Str json)
{
    AUTO_JSON json_t *request = NULL;
    Error err;
    bool is_json = json_parse(json, json.length, &request, &err);
    assert(is_json);
    /* The smallest number of a list, "1,", becomes eight bytes. */
    size_t size = json.length * 4;
    char *room = arena_alloc_raw(arena, size);
    Back out = { room, room + size };
    put_message(&out, "Request", request);
    return (Str){ out.at, (size_t)(room + size - out.at) };
}

Str otlp_body(Arena *arena, OtlpProtocol protocol, Str json)
{
    return protocol == OTLP_JSON ? json : as_protobuf(arena, json);
}

Str otlp_media_type(OtlpProtocol protocol)
{
    return protocol == OTLP_JSON ? S("application/json") : S("application/x-protobuf");
}

OtlpProtocol otlp_protocol(Str name)
{
    return str_is(name, "http/json") ? OTLP_JSON : OTLP_PROTOBUF;
}
