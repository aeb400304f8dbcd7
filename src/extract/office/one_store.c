/* one_store.c - see one_store.h; sections are those of [MS-ONESTORE]. */
#include "extract/office/one_store.h"

#include "extract/charset/encoding.h"
#include "extract/ole/ole_file.h"

enum {
    HEADER_SIZE = 1024,
    ROOT_LIST_AT = 172,
    FRAGMENT_HEADER = 16,
    FRAGMENT_FOOTER = 20,
    NODES_MAX = 4000000,
    OBJECTS_MAX = 2000000,
    REFERENCES_MAX = 1000000,
    SPACES_MAX = 100000,
    GUIDS_MAX = 1 << 20,
    FILE_DATA_AT = 36,
    NESTING_MAX = 16,
    REVISIONS_MAX = 64,
};

/* FileNodeID, 2.4.3. */
enum {
    NODE_SPACE_ROOT = 0x004,
    NODE_SPACE_LIST = 0x008,
    NODE_REVISION_LIST = 0x010,
    NODE_REVISION_4 = 0x01B,
    NODE_REVISION_END = 0x01C,
    NODE_REVISION_6 = 0x01E,
    NODE_REVISION_7 = 0x01F,
    NODE_GUIDS = 0x021,
    NODE_GUIDS_2 = 0x022,
    NODE_GUID = 0x024,
    NODE_GUID_2 = 0x025,
    NODE_GUID_3 = 0x026,
    NODE_OBJECT_OLD = 0x02D,
    NODE_OBJECT_OLD_2 = 0x02E,
    NODE_OBJECT_REVISED = 0x041,
    NODE_OBJECT_REVISED_2 = 0x042,
    NODE_ROOT_OLD = 0x059,
    NODE_ROOT = 0x05A,
    NODE_FILE = 0x072,
    NODE_FILE_LARGE = 0x073,
    NODE_KEY = 0x07C,
    NODE_FILES_LIST = 0x090,
    NODE_FILE_DATA = 0x094,
    NODE_OBJECT = 0x0A4,
    NODE_OBJECT_LARGE = 0x0A5,
    NODE_GROUP_LIST = 0x0B0,
    NODE_OBJECT_FIXED = 0x0C4,
    NODE_OBJECT_FIXED_LARGE = 0x0C5,
    NODE_END = 0x0FF,
};

typedef struct Node {
    unsigned id;
    Str target; /* what its reference leads to: bytes of the file */
    Str body;   /* after the reference */
} Node;

/* --- Spaces, objects, properties --- */

bool one_is_file(Str bytes)
{
    return bytes.length > 64 &&
           (memcmp(bytes.at, "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3",
                   16) == 0 ||
            memcmp(bytes.at, "\xA1\x2F\xFF\x43\xD9\xEF\x76\x4C\x9E\xE2\x10\xEA\x57\x22\x76\x5F",
                   16) == 0);
}

OneSpace *one_space(const OneStore *store, OneId id)
{
    const MapEntry *entry = id.length ? map_find(&store->by_id, id) : NULL;
    return entry ? entry->pointer : NULL;
}

OneObject *one_object(const OneSpace *space, OneId id)
{
    const MapEntry *entry = id.length ? map_find(&space->objects, id) : NULL;
    return entry ? entry->pointer : NULL;
}

OneSpace *one_add_space(OneStore *store, OneId id)
{
    OneSpace *space = one_space(store, id);
    if (space || id.length != ONE_ID_SIZE || store->spaces.count >= SPACES_MAX)
        return space;
    space = arena_new_one(store->arena, OneSpace);
    space->id = id;
    space->objects = map_new(store->arena);
    map_add(&store->by_id, id, NULL)->pointer = space;
    *vec_push(store->arena, &store->spaces) = space;
    return space;
}

OneObject *one_add_object(OneStore *store, OneSpace *space, OneId id)
{
    OneObject *object = one_object(space, id);
    if (object || id.length != ONE_ID_SIZE || space->objects.count >= OBJECTS_MAX)
        return object;
    object = arena_new_one(store->arena, OneObject);
    map_add(&space->objects, id, NULL)->pointer = object;
    return object;
}

static Str take_stream(Str *rest, uint32_t *header_r)
{
    *header_r = le32_at(*rest, 0);
    size_t count = *header_r & 0xFFFFFF;
    Str ids = str_slice(*rest, 4, 4 + count * 4);
    *rest = str_from(*rest, 4 + count * 4);
    return ids;
}

/* 2.6.1: streams of ids; the first says whether the others are there. */
bool one_split_properties(Str blob, Str *ids_r, Str *spaces_r, Str *properties_r)
{
    uint32_t header;
    if (blob.length < 6)
        return false;
    *ids_r = take_stream(&blob, &header);
    *spaces_r = STR_NONE;
    if (!(header >> 31)) {
        *spaces_r = take_stream(&blob, &header);
        if (header >> 30 & 1)
            take_stream(&blob, &header);
    }
    *properties_r = blob;
    return blob.length >= 2;
}

typedef struct PropertyWalk {
    const OneObject *object;
    size_t reference, space;
    uint32_t wanted;
    OneProperty *property;
    bool found;
} PropertyWalk;

static void walk_properties(PropertyWalk *walk, Str *rest, int depth);

static void take_ids(PropertyWalk *walk, bool is_wanted, bool is_space, size_t count)
{
    size_t *at = is_space ? &walk->space : &walk->reference;
    size_t have = is_space ? walk->object->space_count : walk->object->reference_count;
    const OneId *ids = is_space ? walk->object->spaces : walk->object->references;
    count = MIN(count, have - *at);
    if (is_wanted) {
        walk->property->ids = ids ? ids + *at : NULL;
        walk->property->id_count = count;
    }
    *at += count;
}

/* The value of one property (2.6.7) at the begin of *rest, which moves behind it. */
static void walk_value(PropertyWalk *walk, uint32_t id, Str *rest, int depth)
{
    bool is_wanted = !walk->found && depth == 0 && (id & 0x7FFFFFFF) == walk->wanted;
    unsigned type = id >> 26 & 0x1F;
    size_t size = 0, count = 1;
    if (is_wanted)
        *walk->property = (OneProperty){ .number = type == 2 ? id >> 31 : 0 };
    if (type >= 3 && type <= 6) {
        size = (size_t)1 << (type - 3);
        if (is_wanted)
            walk->property->number =
                le64_at(*rest, 0) & (size < 8 ? (UINT64_C(1) << 8 * size) - 1 : UINT64_MAX);
    } else if (type == 7) {
        size = 4 + (size_t)le32_at(*rest, 0);
        if (is_wanted)
            walk->property->bytes = str_slice(*rest, 4, size);
    } else if (type >= 8 && type <= 0xD) {
        if (type & 1) { /* an array */
            count = le32_at(*rest, 0);
            size = 4;
        }
        if (type < 0xC)
            take_ids(walk, is_wanted, type >= 0xA, count);
    }
    walk->found |= is_wanted;
    *rest = str_from(*rest, size);
    if (type == 0x10) {
        count = le32_at(*rest, 0);
        *rest = str_from(*rest, count ? 8 : 4);
        while (count-- > 0 && rest->length > 0)
            walk_properties(walk, rest, depth + 1);
    } else if (type == 0x11) {
        walk_properties(walk, rest, depth + 1);
    }
}

static void walk_properties(PropertyWalk *walk, Str *rest, int depth)
{
    size_t count = le16_at(*rest, 0);
    Str ids = str_slice(*rest, 2, 2 + count * 4);
    if (depth > NESTING_MAX) {
        *rest = STR_NONE;
        return;
    }
    *rest = str_from(*rest, 2 + count * 4);
    for (size_t i = 0; i + 4 <= ids.length && !(walk->found && depth == 0); i += 4)
        walk_value(walk, le32_at(ids, i), rest, depth);
}

bool one_property(const OneObject *object, uint32_t id, OneProperty *property_r)
{
    PropertyWalk walk = { .object = object, .wanted = id, .property = property_r };
    Str rest = object->properties;
    *property_r = (OneProperty){ 0 };
    walk_properties(&walk, &rest, 0);
    return walk.found;
}

/* --- File nodes --- */

static Str chunk(const OneStore *store, uint64_t at, uint64_t size)
{
    size_t length = store->bytes.length;
    return at < length && size <= length - at ? str_slice(store->bytes, at, at + size) : STR_NONE;
}

/* The reference of a node in one of four forms for the position and for the size (2.2.4.2). */
static Str read_reference(const OneStore *store, uint32_t head, Str *body)
{
    static const unsigned char at_sizes[] = { 8, 4, 2, 4 }, size_sizes[] = { 4, 8, 1, 2 };
    unsigned at_form = head >> 23 & 3, size_form = head >> 25 & 3;
    size_t a = at_sizes[at_form], s = size_sizes[size_form];
    uint64_t mask_a = a < 8 ? (UINT64_C(1) << 8 * a) - 1 : UINT64_MAX;
    uint64_t mask_s = s < 8 ? (UINT64_C(1) << 8 * s) - 1 : UINT64_MAX;
    uint64_t at = le64_at(*body, 0) & mask_a, size = le64_at(str_from(*body, a), 0) & mask_s;
    bool is_nil = at == mask_a;
    *body = str_from(*body, a + s);
    at *= at_form >= 2 ? 8 : 1;
    size *= size_form >= 2 ? 8 : 1;
    return is_nil ? STR_NONE : chunk(store, at, size);
}

typedef struct NodeList {
    Str fragment; /* all of it */
    Str rest;     /* nodes that come later in it */
} NodeList;

static NodeList node_list(Str fragment)
{
    NodeList list = { .fragment = fragment };
    if (fragment.length > FRAGMENT_HEADER + FRAGMENT_FOOTER &&
        le64_at(fragment, 0) == UINT64_C(0xA4567AB1F5F7F4C4))
        list.rest = str_slice(fragment, FRAGMENT_HEADER, fragment.length - FRAGMENT_FOOTER);
    return list;
}

/* The fragment's last bytes say where the list goes on (2.4.1). */
static bool next_fragment(OneStore *store, NodeList *list)
{
    Str fragment = list->fragment;
    if (fragment.length < FRAGMENT_HEADER + FRAGMENT_FOOTER)
        return false;
    size_t at = fragment.length - FRAGMENT_FOOTER;
    *list = node_list(chunk(store, le64_at(fragment, at), le32_at(fragment, at + 8)));
    return list->rest.length > 0;
}

static bool next_node(OneStore *store, NodeList *list, Node *node)
{
    while (store->nodes_left-- > 0) {
        uint32_t head = le32_at(list->rest, 0);
        size_t size = head >> 10 & 0x1FFF;
        node->id = head & 0x3FF;
        if (list->rest.length < 4 || node->id == NODE_END || node->id == 0 || size < 4 ||
            size > list->rest.length) {
            if (!next_fragment(store, list))
                return false;
            continue;
        }
        node->body = str_slice(list->rest, 4, size);
        node->target = STR_NONE;
        if (head >> 27 & 0xF)
            node->target = read_reference(store, head, &node->body);
        list->rest = str_from(list->rest, size);
        return true;
    }
    return false;
}

/* --- Revisions --- */

typedef struct Guids {
    Str *at; /* by index; empty: none */
    size_t count;
} Guids;

typedef struct SpaceReader {
    OneStore *store;
    OneSpace *space;
    VEC(Str) guids;
    bool is_other_context; /* an older version of the page, kept beside the current one */
} SpaceReader;

/* A compact id: 8 bits of number, 24 of an index of GUIDs (2.2.2). */
static OneId full_id(const SpaceReader *reader, uint32_t compact)
{
    size_t index = compact >> 8;
    if (index >= reader->guids.count || !reader->guids.at[index].length)
        return STR_NONE;
    char *id = arena_alloc(reader->store->arena, ONE_ID_SIZE);
    memcpy(id, reader->guids.at[index].at, 16);
    id[16] = (char)(compact & 0xFF);
    return (Str){ id, ONE_ID_SIZE };
}

static void set_guid(SpaceReader *reader, size_t index, Str guid)
{
    if (index >= GUIDS_MAX || guid.length != 16 || index > reader->guids.count + KB(64))
        return;
    while (reader->guids.count <= index)
        *vec_push(reader->store->arena, &reader->guids) = STR_NONE;
    reader->guids.at[index] = guid;
}

static const OneId *full_ids(const SpaceReader *reader, Str compact, size_t *count_r)
{
    size_t count = MIN(compact.length / 4, REFERENCES_MAX);
    if (arena_room(reader->store->arena) < count * 64 + MB(1))
        count = 0;
    OneId *ids = arena_new_array(reader->store->arena, OneId, count);
    for (size_t i = 0; i < count; i++)
        ids[i] = full_id(reader, le32_at(compact, i * 4));
    *count_r = count;
    return ids;
}

static void keep_earlier(SpaceReader *reader, OneObject *object, Str properties)
{
    if (!object->properties.length || str_equal(object->properties, properties) ||
        object->revisions >= REVISIONS_MAX || arena_room(reader->store->arena) < MB(64))
        return;
    OneObject *earlier = arena_new_one(reader->store->arena, OneObject);
    *earlier = *object;
    object->earlier = earlier;
    object->revisions++;
}

static void read_object(SpaceReader *reader, const Node *node, uint32_t kind, bool keeps_kind)
{
    Str ids, spaces, properties;
    OneObject *object =
        one_add_object(reader->store, reader->space, full_id(reader, le32_at(node->body, 0)));
    if (!object || !one_split_properties(node->target, &ids, &spaces, &properties))
        return;
    keep_earlier(reader, object, properties);
    if (!keeps_kind || !object->kind)
        object->kind = kind;
    object->properties = properties;
    object->references = full_ids(reader, ids, &object->reference_count);
    object->spaces = full_ids(reader, spaces, &object->space_count);
}

/* 2.5.27: the data is found by the GUID in a text "<ifndf>{...}". */
static void read_file_object(SpaceReader *reader, const Node *node)
{
    OneStore *store = reader->store;
    size_t at = node->id == NODE_FILE ? 9 : 12;
    size_t length = (size_t)le32_at(node->body, at) * 2;
    Str name = text_from_utf16(store->arena, str_slice(node->body, at + 4, at + 4 + length));
    Str extension = str_from(node->body, at + 4 + length);
    OneObject *object =
        one_add_object(store, reader->space, full_id(reader, le32_at(node->body, 0)));
    ptrdiff_t brace = str_find_char(name, '{');
    if (!object || brace < 0)
        return;
    const MapEntry *entry =
        map_find(&store->files,
                 str_lower(store->arena, str_slice(name, (size_t)brace + 1, (size_t)brace + 37)));
    object->kind = le32_at(node->body, 4);
    object->file_name = text_from_utf16(
        store->arena, str_slice(extension, 4, 4 + (size_t)le32_at(extension, 0) * 2));
    if (entry)
        object->file = *(const Str *)entry->pointer;
}

static void read_group(SpaceReader *reader, Str list_bytes);

static void read_object_node(SpaceReader *reader, const Node *node)
{
    switch (node->id) {
    case NODE_OBJECT:
    case NODE_OBJECT_LARGE:
    case NODE_OBJECT_FIXED:
    case NODE_OBJECT_FIXED_LARGE: read_object(reader, node, le32_at(node->body, 4), false); break;
    case NODE_OBJECT_OLD: /* the kind in 10 bits; its other bits are always the same */
    case NODE_OBJECT_OLD_2:
        read_object(reader, node, 0x00020000 | (le16_at(node->body, 4) & 0x3FF), false);
        break;
    case NODE_OBJECT_REVISED:
    case NODE_OBJECT_REVISED_2: read_object(reader, node, 0, true); break;
    case NODE_FILE:
    case NODE_FILE_LARGE: read_file_object(reader, node); break;
    default: break;
    }
}

static void read_revision_node(SpaceReader *reader, const Node *node)
{
    switch (node->id) {
    case NODE_REVISION_4:
    case NODE_REVISION_6: reader->is_other_context = false; break;
    case NODE_REVISION_7: { /* a context follows what revision 6 has */
        Str context = str_slice(node->body, 46, 66);
        reader->is_other_context = false;
        for (size_t i = 0; i < context.length; i++)
            reader->is_other_context |= context.at[i] != 0;
        break;
    }
    case NODE_GUIDS:
    case NODE_GUIDS_2: reader->guids.count = 0; break;
    case NODE_GUID: set_guid(reader, le32_at(node->body, 0), str_slice(node->body, 4, 20)); break;
    case NODE_ROOT: /* role 1: the content */
        if (le32_at(node->body, 20) == 1 && !reader->is_other_context)
            reader->space->root = str_slice(node->body, 0, ONE_ID_SIZE);
        break;
    case NODE_ROOT_OLD:
        if (le32_at(node->body, 4) == 1 && !reader->is_other_context)
            reader->space->root = full_id(reader, le32_at(node->body, 0));
        break;
    case NODE_GROUP_LIST:
        if (!reader->is_other_context)
            read_group(reader, node->target);
        break;
    case NODE_KEY: reader->store->is_encrypted = true; break;
    default:
        if (!reader->is_other_context)
            read_object_node(reader, node);
    }
}

static void read_group(SpaceReader *reader, Str list_bytes)
{
    NodeList list = node_list(list_bytes);
    Node node;
    while (next_node(reader->store, &list, &node)) {
        if (node.id == NODE_GUIDS || node.id == NODE_GUIDS_2 || node.id == NODE_GUID)
            read_revision_node(reader, &node);
        else
            read_object_node(reader, &node);
    }
}

static void read_space(OneStore *store, OneSpace *space, Str list_bytes)
{
    NodeList list = node_list(list_bytes), revisions = { 0 };
    Node node;
    while (next_node(store, &list, &node)) /* the last list is the current one (2.1.6) */
        if (node.id == NODE_REVISION_LIST && node.target.length)
            revisions = node_list(node.target);
    SpaceReader reader = { .store = store, .space = space };
    while (next_node(store, &revisions, &node))
        read_revision_node(&reader, &node);
}

static void read_files(OneStore *store, Str list_bytes)
{
    NodeList list = node_list(list_bytes);
    Node node;
    while (next_node(store, &list, &node)) {
        if (node.id != NODE_FILE_DATA || node.body.length < 16 || store->files.count > OBJECTS_MAX)
            continue;
        Str g = node.body;
        Str end = str_hex(store->arena, g.at + 10, 6);
        Str name = str_format(store->arena, "%08x-%04x-%04x-%02x%02x-" STR_FMT, le32_at(g, 0),
                              le16_at(g, 4), le16_at(g, 6), (unsigned char)g.at[8],
                              (unsigned char)g.at[9], STR_ARG(end));
        Str *file = arena_new_one(store->arena, Str);
        *file = str_slice(node.target, FILE_DATA_AT, FILE_DATA_AT + le64_at(node.target, 16));
        map_add(&store->files, name, NULL)->pointer = file;
    }
}

static bool open_revision_store(OneStore *store, Error *err)
{
    Str bytes = store->bytes;
    Str first = chunk(store, le64_at(bytes, ROOT_LIST_AT), le32_at(bytes, ROOT_LIST_AT + 8));
    NodeList list = node_list(first);
    Node node;
    OneId root = STR_NONE;
    if (bytes.length < HEADER_SIZE || !list.rest.length)
        return fail(err, ERROR_DAMAGED, "the OneNote file has no list of its parts");
    while (next_node(store, &list, &node))
        if (node.id == NODE_FILES_LIST)
            read_files(store, node.target);
    list = node_list(first);
    while (next_node(store, &list, &node)) {
        if (node.id == NODE_SPACE_ROOT)
            root = str_slice(node.body, 0, ONE_ID_SIZE);
        OneSpace *space = node.id == NODE_SPACE_LIST
                              ? one_add_space(store, str_slice(node.body, 0, ONE_ID_SIZE))
                              : NULL;
        if (space && arena_room(store->arena) > MB(64))
            read_space(store, space, node.target);
    }
    store->root = one_space(store, root);
    return true;
}

bool one_open(Arena *arena, Str bytes, OneStore *store_r, Error *err)
{
    OneStore *store = arena_new_one(arena, OneStore);
    *store = (OneStore){ .arena = arena,
                         .bytes = bytes,
                         .by_id = map_new(arena),
                         .files = map_new(arena),
                         .nodes_left = NODES_MAX };
    /* The format's GUID tells the two kinds apart (2.3.1, 2.8.1). */
    bool is_package =
        bytes.length > 68 &&
        memcmp(bytes.at + 48, "\x2F\xE9\x8D\x63\xD4\xA6\xC1\x4B\x9A\x36\xB3\xFC\x25\x11\xA5\xB7",
               16) == 0;
    bool ok = is_package ? one_open_package(store, err) : open_revision_store(store, err);
    if (ok)
        *store_r = *store;
    return ok;
}
