/* tnef.c - "winmail.dat" of Outlook and Exchange: [MS-OXTNEF].
 *
 *     signature u32, key u16, then attributes:
 *     level u8, id u16 + type u16, length u32, bytes, checksum u16
 *
 * Most of it is in two attributes that hold MAPI properties: of the message, and of the
 * attachment that attAttachRendData began. */
#include "extract/ole/ole_file.h"
#include "extract/outlook/mapi.h"

#define SIGNATURE "\x78\x9F\x3E\x22"

enum {
    ATTRIBUTE_FROM = 0x8000,
    ATTRIBUTE_SUBJECT = 0x8004,
    ATTRIBUTE_DATE_SENT = 0x8005,
    ATTRIBUTE_CLASS = 0x8008,
    ATTRIBUTE_BODY = 0x800C,
    ATTRIBUTE_ATTACH_DATA = 0x800F,
    ATTRIBUTE_ATTACH_TITLE = 0x8010,
    ATTRIBUTE_ATTACH_BEGINS = 0x9002,
    ATTRIBUTE_PROPERTIES = 0x9003,
    ATTRIBUTE_RECIPIENTS = 0x9004,
    ATTRIBUTE_ATTACH_PROPERTIES = 0x9005,
    ATTRIBUTE_CODEPAGE = 0x9007,
    LEVEL_MESSAGE = 1,
    LEVEL_ATTACHMENT = 2,
    HEADER = 9,
    PROPERTIES_MAX = 20000,
    PARTS_MAX = 4096,
};

static Str take(Str *rest, size_t count)
{
    Str piece = str_slice(*rest, 0, count);
    *rest = str_from(*rest, count);
    return piece;
}

static uint32_t take_u32(Str *rest) { return le32_at(take(rest, 4), 0); }

static size_t padded(size_t length) { return (length + 3) & ~(size_t)3; }

/* --- MAPI properties --- */

/* Named: a GUID, and then a number or a name ([MS-OXTNEF] 2.1.3.4). */
static void take_name(Str *rest, MapiProperty *property)
{
    (void)take(rest, 16);
    if (take_u32(rest) == 0) {
        property->lid = take_u32(rest);
    } else {
        size_t length = take_u32(rest);
        property->name = take(rest, length);
        (void)take(rest, padded(length) - length);
    }
}

/* The bytes of one value; -1 of those that say their length themselves. */
static int fixed_size(unsigned type)
{
    switch (type) {
    case 0x00:
    case 0x01: return 0;
    case MAPI_INT16:
    case MAPI_BOOL:
    case MAPI_INT32:
    case 0x04:
    case 0x0A: return 4;
    case 0x05:
    case 0x06:
    case 0x07:
    case MAPI_INT64:
    case MAPI_TIME: return 8;
    case 0x48: return 16;
    default: return -1;
    }
}

/* Of several values the first is kept. */
static bool take_value(Str *rest, MapiProperty *property)
{
    unsigned type = property->type & 0xFFF;
    bool is_multiple = property->type & MAPI_MULTIPLE;
    int size = fixed_size(type);
    size_t count = is_multiple || size < 0 ? take_u32(rest) : 1;
    for (size_t i = 0; i < count && rest->length; i++) {
        size_t length = size < 0 ? take_u32(rest) : (size_t)size;
        Str value = take(rest, length);
        (void)take(rest, padded(length) - length);
        if (value.length < length)
            return false;
        if (i == 0)
            property->value = value;
        if (size == 0) /* any number of nothing */
            break;
    }
    property->type = (uint16_t)type;
    return true;
}

static bool take_properties(Arena *arena, Str *rest, MapiBag *bag)
{
    uint32_t count = take_u32(rest);
    for (uint32_t i = 0; i < count && i < PROPERTIES_MAX && rest->length >= 4; i++) {
        MapiProperty property = { .type = le16_at(*rest, 0), .id = le16_at(*rest, 2) };
        *rest = str_from(*rest, 4);
        if (property.id >= 0x8000)
            take_name(rest, &property);
        if (!take_value(rest, &property))
            return false;
        *vec_push(arena, &bag->list) = property;
    }
    return true;
}

static void read_recipients(Arena *arena, Str bytes, MapiMessage *message)
{
    uint32_t rows = take_u32(&bytes);
    for (uint32_t i = 0; i < rows && i < PARTS_MAX && bytes.length; i++) {
        MapiBag bag = { 0 };
        bool ok = take_properties(arena, &bytes, &bag);
        *vec_push(arena, &message->recipients) = bag;
        if (!ok)
            break;
    }
}

/* --- Attributes --- */

typedef struct Attribute {
    int level;
    uint16_t id;
    Str bytes;
} Attribute;

static bool next_attribute(Str *rest, Attribute *attribute)
{
    if (rest->length < HEADER)
        return false;
    size_t length = le32_at(*rest, 5);
    attribute->level = rest->at[0];
    attribute->id = le16_at(*rest, 1);
    attribute->bytes = str_slice(*rest, HEADER, HEADER + length);
    *rest = str_from(*rest, HEADER + attribute->bytes.length + 2);
    return attribute->level == LEVEL_MESSAGE || attribute->level == LEVEL_ATTACHMENT;
}

/* What old programs write as attributes becomes the property that it is. */
static void add_own(Arena *arena, MapiBag *bag, uint16_t id, uint16_t type, Str value)
{
    if (!mapi_find(bag, id))
        *vec_push(arena, &bag->list) = (MapiProperty){ .id = id, .type = type, .value = value };
}

static void read_of_message(Arena *arena, const Attribute *attribute, MapiMessage *message)
{
    Str bytes = attribute->bytes;
    MapiBag *bag = &message->bag;
    switch (attribute->id) {
    case ATTRIBUTE_PROPERTIES: (void)take_properties(arena, &bytes, bag); break;
    case ATTRIBUTE_RECIPIENTS: read_recipients(arena, bytes, message); break;
    case ATTRIBUTE_SUBJECT: add_own(arena, bag, MAPI_SUBJECT, MAPI_STRING8, bytes); break;
    case ATTRIBUTE_BODY: add_own(arena, bag, MAPI_BODY, MAPI_STRING8, bytes); break;
    case ATTRIBUTE_CODEPAGE:
        add_own(arena, bag, MAPI_CODEPAGE, MAPI_INT32, str_slice(bytes, 0, 4));
        break;
    default: break;
    }
}

static MapiMessage *read_message(Arena *arena, Str bytes, int depth);

/* An object that is a message: its interface's GUID {00020307-...}, then TNEF again. */
static void find_message(Arena *arena, MapiAttachment *attachment, int depth)
{
    const MapiProperty *data = mapi_find(&attachment->bag, MAPI_ATTACH_DATA);
    if (!data || data->type != MAPI_OBJECT || le32_at(data->value, 0) != 0x00020307)
        return;
    Str inner = str_from(data->value, 16);
    if (depth < MAPI_DEPTH_MAX && str_starts(inner, S(SIGNATURE)))
        attachment->message = read_message(arena, inner, depth + 1);
}

static void read_of_attachment(Arena *arena, const Attribute *attribute, MapiMessage *message,
                               int depth)
{
    Str bytes = attribute->bytes;
    if (attribute->id == ATTRIBUTE_ATTACH_BEGINS && message->attachments.count < PARTS_MAX)
        *vec_push(arena, &message->attachments) = (MapiAttachment){ 0 };
    if (message->attachments.count == 0)
        return;
    MapiAttachment *last = &message->attachments.at[message->attachments.count - 1];
    if (attribute->id == ATTRIBUTE_ATTACH_PROPERTIES) {
        (void)take_properties(arena, &bytes, &last->bag);
        find_message(arena, last, depth);
    } else if (attribute->id == ATTRIBUTE_ATTACH_DATA) {
        add_own(arena, &last->bag, MAPI_ATTACH_DATA, MAPI_BINARY, bytes);
    } else if (attribute->id == ATTRIBUTE_ATTACH_TITLE) {
        add_own(arena, &last->bag, MAPI_ATTACH_SHORT_NAME, MAPI_STRING8, bytes);
    }
}

static MapiMessage *read_message(Arena *arena, Str bytes, int depth)
{
    MapiMessage *message = arena_new_one(arena, MapiMessage);
    Attribute attribute;
    Str rest = str_from(bytes, 6);
    while (next_attribute(&rest, &attribute)) {
        if (attribute.level == LEVEL_MESSAGE)
            read_of_message(arena, &attribute, message);
        else
            read_of_attachment(arena, &attribute, message, depth);
    }
    return message;
}

static bool tnef_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    const MapiMessage *message = read_message(arena, source->bytes, 0);
    if (!message->bag.list.count && !message->attachments.count)
        return fail(err, ERROR_DAMAGED, "the winmail.dat file has nothing that can be read");
    return mapi_write(doc, message, source, err);
}

static int tnef_sniff(Str bytes) { return str_starts(bytes, S(SIGNATURE)) ? 90 : 0; }

const Extractor extractor_tnef = {
    .name = "tnef",
    .title = "Outlook mail data (winmail.dat, TNEF)",
    .extensions = LIST("tnef", "dat"),
    .media_types = LIST("application/vnd.ms-tnef", "application/ms-tnef"),
    .sniff = tnef_sniff,
    .extract = tnef_extract,
};
