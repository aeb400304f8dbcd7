/* msg.c - Outlook messages, contacts, appointments and tasks (MSG, OFT): [MS-OXMSG].
 *
 *     __properties_version1.0            header, then 16 bytes for each property
 *     __substg1.0_IIIITTTT               the value of one that is longer than 8 bytes
 *     __nameid_version1.0/               what the ids from 0x8000 mean
 *     __recip_version1.0_#N/             properties of a recipient
 *     __attach_version1.0_#N/            of an attachment; __substg1.0_3701000D is a message */
#include "extract/ole/ole_file.h"
#include "extract/outlook/mapi.h"

#define PROPERTIES "__properties_version1.0"

enum { HEADER_TOP = 32, HEADER_EMBEDDED = 24, HEADER_PART = 8, PARTS_MAX = 4096 };

typedef struct Names {
    Str entries, texts; /* streams 0003 and 0004 of __nameid_version1.0 */
} Names;

typedef struct Reader {
    OleFile ole;
    Arena *arena;
    Names names;
    size_t value_max;
    int part_count;
} Reader;

static Str stream_of(Reader *in, const OleEntry *storage, const char *name)
{
    const OleEntry *entry = ole_find_in(&in->ole, storage, name);
    Str bytes = STR_NONE;
    Error ignored;
    if (entry && entry->is_stream && !ole_read(&in->ole, entry, in->value_max, &bytes, &ignored))
        return STR_NONE;
    return bytes;
}

static void read_names(Reader *in)
{
    const OleEntry *storage = ole_find(&in->ole, "__nameid_version1.0");
    if (storage) {
        in->names.entries = stream_of(in, storage, "__substg1.0_00030102");
        in->names.texts = stream_of(in, storage, "__substg1.0_00040102");
    }
}

/* [MS-OXMSG] 2.2.3.1.2: number or offset of the name, then the kind and the index. */
static void set_name(Reader *in, MapiProperty *property)
{
    size_t at = ((size_t)property->id - 0x8000) * 8;
    if (property->id < 0x8000 || at + 8 > in->names.entries.length)
        return;
    uint32_t name = le32_at(in->names.entries, at);
    if (!(le16_at(in->names.entries, at + 4) & 1))
        property->lid = name;
}

static void add_fixed(Reader *in, const OleEntry *storage, size_t header, MapiBag *bag)
{
    Str bytes = stream_of(in, storage, PROPERTIES);
    for (size_t at = header; at + 16 <= bytes.length; at += 16) {
        MapiProperty property = { .type = le16_at(bytes, at), .id = le16_at(bytes, at + 2) };
        property.value = str_slice(bytes, at + 8, at + 16);
        bool is_fixed = property.type < MAPI_STRING8 || property.type == MAPI_TIME;
        if (!is_fixed || property.type == MAPI_OBJECT)
            continue;
        set_name(in, &property);
        *vec_push(in->arena, &bag->list) = property;
    }
}

/* "__substg1.0_0037001F" */
static bool read_tag(Str name, MapiProperty *property)
{
    uint32_t tag = 0;
    if (name.length != 20 || !str_starts(name, S("__substg1.0_")))
        return false;
    for (size_t i = 12; i < 20; i++) {
        char c = name.at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                           : -1;
        if (digit < 0)
            return false;
        tag = tag << 4 | (uint32_t)digit;
    }
    *property = (MapiProperty){ .id = (uint16_t)(tag >> 16), .type = (uint16_t)tag };
    return true;
}

static MapiBag read_bag(Reader *in, const OleEntry *storage, size_t header)
{
    MapiBag bag = { 0 };
    Error ignored;
    add_fixed(in, storage, header, &bag);
    const OleEntry *child = ole_next_child(&in->ole, storage, NULL);
    for (; child; child = ole_next_child(&in->ole, storage, child)) {
        MapiProperty property;
        if (!child->is_stream || !read_tag(child->name, &property) ||
            !ole_read(&in->ole, child, in->value_max, &property.value, &ignored))
            continue;
        set_name(in, &property);
        *vec_push(in->arena, &bag.list) = property;
    }
    return bag;
}

static MapiMessage *read_message(Reader *in, const OleEntry *storage, size_t header, int depth);

static void read_attachment(Reader *in, const OleEntry *storage, MapiMessage *message, int depth)
{
    MapiAttachment attachment = { .bag = read_bag(in, storage, HEADER_PART) };
    int64_t method = mapi_number(&attachment.bag, MAPI_ATTACH_METHOD, 1);
    const OleEntry *object = ole_find_in(&in->ole, storage, "__substg1.0_3701000D");
    bool is_message = object && !object->is_stream && method != MAPI_METHOD_OLE;
    if (is_message && depth < MAPI_DEPTH_MAX)
        attachment.message = read_message(in, object, HEADER_EMBEDDED, depth + 1);
    if (object && !attachment.message) {
        message->ole_count++;
        return;
    }
    *vec_push(in->arena, &message->attachments) = attachment;
}

static MapiMessage *read_message(Reader *in, const OleEntry *storage, size_t header, int depth)
{
    MapiMessage *message = arena_new_one(in->arena, MapiMessage);
    message->bag = read_bag(in, storage, header);
    const OleEntry *child = ole_next_child(&in->ole, storage, NULL);
    for (; child && in->part_count < PARTS_MAX; child = ole_next_child(&in->ole, storage, child)) {
        if (child->is_stream)
            continue;
        bool is_recipient = str_starts(child->name, S("__recip_version1.0_"));
        in->part_count += is_recipient;
        if (is_recipient)
            *vec_push(in->arena, &message->recipients) = read_bag(in, child, HEADER_PART);
        else if (str_starts(child->name, S("__attach_version1.0_"))) {
            in->part_count++;
            read_attachment(in, child, message, depth);
        }
    }
    return message;
}

static bool msg_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    Reader in = { .arena = arena, .value_max = doc_writer_limits(doc)->child_bytes_max };
    if (!ole_open(arena, source->bytes, &in.ole, err))
        return false;
    read_names(&in);
    const MapiMessage *message = read_message(&in, &in.ole.entries.at[0], HEADER_TOP, 0);
    if (!message->bag.list.count)
        return fail(err, ERROR_DAMAGED, "the Outlook message has no properties that can be read");
    return mapi_write(doc, message, source, err);
}

static int msg_sniff(Str bytes)
{
    return ole_is_file(bytes) && ole_holds(bytes, PROPERTIES) ? 90 : 0;
}

const Extractor extractor_msg = {
    .name = "msg",
    .title = "Outlook messages (MSG)",
    .extensions = LIST("msg", "oft"),
    .media_types = LIST("application/vnd.ms-outlook"),
    .sniff = msg_sniff,
    .extract = msg_extract,
};
