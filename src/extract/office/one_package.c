/* one_package.c - OneNote files as servers keep them: data elements ([MS-FSSHTTPB] 2.2.1) with the
 * objects of the revision store ([MS-ONESTORE] 2.7). */
#include "extract/office/one_store.h"
#include "extract/ole/ole_file.h"

enum {
    PACKAGE_AT = 68,
    ELEMENTS_MAX = 1000000,
    ARRAY_MAX = 1000000,
    CHAIN_MAX = 10000,
    LARGE_LENGTH = 32767,
};

/* Stream object types, [MS-FSSHTTPB] 2.2.1.5. */
enum {
    TYPE_DATA_ELEMENT = 0x01,
    TYPE_BLOB_DECLARED = 0x05,
    TYPE_ROOT_CELL = 0x07,
    TYPE_REVISION_ROOT = 0x0A,
    TYPE_CELL_REVISION = 0x0B,
    TYPE_REVISION_MAPPING = 0x0D,
    TYPE_CELL_MAPPING = 0x0E,
    TYPE_BLOB = 0x02,
    TYPE_OBJECT_DATA = 0x16,
    TYPE_OBJECT_DECLARED = 0x18,
    TYPE_REVISION_GROUP = 0x19,
    TYPE_REVISION = 0x1A,
    TYPE_BLOB_REFERENCE = 0x1C,
};

enum { PARTITION_DATA = 1, PARTITION_KIND = 4 };

typedef struct Declared {
    OneId id;
    uint64_t partition;
    Str data;
    const OneId *references, *spaces;
    size_t reference_count, space_count;
    OneId blob;
} Declared;

/* One data element, of any type. */
typedef struct Element {
    OneId id;
    OneId revision, base; /* of a revision, or the current one of a cell */
    OneId root;
    VEC(OneId) groups;
    VEC(Declared) objects;
    size_t data_count; /* of the objects, how many have their data */
    Str blob;
} Element;

typedef struct Packed {
    OneStore *store;
    Arena *arena;
    Map elements;  /* Element by id */
    Map revisions; /* id of an element by revision */
    VEC(OneId) cells, cell_elements;
    OneId root_cell;
} Packed;

/* --- Numbers and ids --- */

static bool take_number(Str *rest, uint64_t *number_r)
{
    unsigned char first = rest->length ? (unsigned char)rest->at[0] : 0;
    size_t size = 1;
    if (!rest->length)
        return false;
    *number_r = 0;
    if (first == 0x80) {
        *number_r = le64_at(*rest, 1);
        size = 9;
    } else if (first) {
        while (!(first >> (size - 1) & 1))
            size++;
        *number_r = (le64_at(*rest, 0) & (UINT64_MAX >> (64 - 8 * size))) >> size;
    }
    if (size > rest->length)
        return false;
    *rest = str_from(*rest, size);
    return true;
}

/* An extended GUID: the number in 5, 10, 17 or 32 bits, then the GUID (2.2.1.7); the null one is
 * an empty id. */
static bool take_id(Packed *packed, Str *rest, OneId *id_r)
{
    unsigned char first = rest->length ? (unsigned char)rest->at[0] : 0;
    size_t size = (first & 7) == 4      ? 1
                  : (first & 63) == 32  ? 2
                  : (first & 127) == 64 ? 3
                  : first == 128        ? 5
                                        : 0;
    *id_r = STR_NONE;
    if (!rest->length || (first && !size) || (size && rest->length < size + 16) ||
        arena_room(packed->arena) < KB(64))
        return false;
    if (!first) {
        *rest = str_from(*rest, 1);
        return true;
    }
    uint32_t number = le32_at(*rest, 0);
    number = size == 1   ? (number & 0xFF) >> 3
             : size == 2 ? (number & 0xFFFF) >> 6
             : size == 3 ? (number & 0xFFFFFF) >> 7
                         : le32_at(*rest, 1);
    char *id = arena_alloc(packed->arena, ONE_ID_SIZE);
    memcpy(id, rest->at + size, 16);
    for (int i = 0; i < 4; i++)
        id[16 + i] = (char)(number >> (8 * i));
    *id_r = (Str){ id, ONE_ID_SIZE };
    *rest = str_from(*rest, size + 16);
    return true;
}

static bool skip_serial(Str *rest)
{
    size_t size = rest->length && rest->at[0] ? 25 : 1;
    if (rest->length < size)
        return false;
    *rest = str_from(*rest, size);
    return true;
}

/* --- Stream objects --- */

typedef struct Piece {
    unsigned type;
    bool is_end;
    Str body;
} Piece;

static bool next_piece(Str *rest, Piece *piece)
{
    uint32_t head = le32_at(*rest, 0);
    uint64_t length = 0;
    size_t size;
    if (!rest->length)
        return false;
    *piece = (Piece){ 0 };
    switch (head & 3) {
    case 0:
        piece->type = head >> 3 & 0x3F;
        length = head >> 9 & 0x7F;
        size = 2;
        break;
    case 2:
        piece->type = head >> 3 & 0x3FFF;
        length = head >> 17;
        size = 4;
        break;
    case 1:
        piece->is_end = true;
        piece->type = head >> 2 & 0x3F;
        size = 1;
        break;
    default:
        piece->is_end = true;
        piece->type = head >> 2 & 0x3FFF;
        size = 2;
    }
    if (size > rest->length)
        return false;
    *rest = str_from(*rest, size);
    if (length == LARGE_LENGTH && size == 4 && !take_number(rest, &length))
        return false;
    if (length > rest->length)
        return false;
    piece->body = str_slice(*rest, 0, length);
    *rest = str_from(*rest, length);
    return true;
}

/* --- Elements --- */

static const OneId *take_ids(Packed *packed, Str *rest, bool are_cells, size_t *count_r)
{
    uint64_t count;
    *count_r = 0;
    if (!take_number(rest, &count) || count > ARRAY_MAX || count > rest->length ||
        arena_room(packed->arena) < count * 96 + MB(1))
        return NULL;
    OneId *ids = arena_new_array(packed->arena, OneId, count);
    for (uint64_t i = 0; i < count; i++) {
        OneId context;
        if ((are_cells && !take_id(packed, rest, &context)) || !take_id(packed, rest, &ids[i]))
            return ids;
        *count_r = i + 1;
    }
    return ids;
}

static void declare_object(Packed *packed, Element *element, const Piece *piece)
{
    Str rest = piece->body;
    Declared declared = { 0 };
    OneId blob;
    if (element->objects.count >= ARRAY_MAX || !take_id(packed, &rest, &declared.id))
        return;
    if (piece->type == TYPE_BLOB_DECLARED && !take_id(packed, &rest, &blob))
        return;
    if (take_number(&rest, &declared.partition))
        *vec_push(packed->arena, &element->objects) = declared;
}

/* Data comes in the order of the declarations. */
static void add_data(Packed *packed, Element *element, const Piece *piece)
{
    Str rest = piece->body;
    uint64_t length;
    if (element->data_count >= element->objects.count)
        return;
    Declared *declared = &element->objects.at[element->data_count++];
    declared->references = take_ids(packed, &rest, false, &declared->reference_count);
    declared->spaces = take_ids(packed, &rest, true, &declared->space_count);
    if (piece->type == TYPE_BLOB_REFERENCE) {
        if (!take_id(packed, &rest, &declared->blob))
            declared->blob = STR_NONE;
    } else if (take_number(&rest, &length)) {
        declared->data = str_slice(rest, 0, length);
    }
}

static void map_id(Map *map, OneId key, OneId value, Arena *arena)
{
    if (!key.length || map->count >= ELEMENTS_MAX)
        return;
    OneId *kept = arena_new_one(arena, OneId);
    *kept = value;
    map_add(map, key, NULL)->pointer = kept;
}

static void read_piece(Packed *packed, Element *element, const Piece *piece)
{
    Str rest = piece->body;
    OneId a, b, c;
    uint64_t length;
    switch (piece->type) {
    case TYPE_ROOT_CELL:
        if (take_id(packed, &rest, &a) && take_id(packed, &rest, &b) && take_id(packed, &rest, &c))
            packed->root_cell = packed->root_cell.length ? packed->root_cell : c;
        break;
    case TYPE_CELL_MAPPING:
        if (take_id(packed, &rest, &a) && take_id(packed, &rest, &b) &&
            take_id(packed, &rest, &c) && packed->cells.count < ELEMENTS_MAX) {
            *vec_push(packed->arena, &packed->cells) = b;
            *vec_push(packed->arena, &packed->cell_elements) = c;
        }
        break;
    case TYPE_REVISION_MAPPING:
        if (take_id(packed, &rest, &a) && take_id(packed, &rest, &b))
            map_id(&packed->revisions, a, b, packed->arena);
        break;
    case TYPE_CELL_REVISION: (void)take_id(packed, &rest, &element->revision); break;
    case TYPE_REVISION:
        if (take_id(packed, &rest, &element->revision))
            (void)take_id(packed, &rest, &element->base);
        break;
    case TYPE_REVISION_ROOT: /* the number of the first id is the role; 1 is the content */
        if (take_id(packed, &rest, &a) && take_id(packed, &rest, &b) && a.length && a.at[16] == 1)
            element->root = b;
        break;
    case TYPE_REVISION_GROUP:
        if (take_id(packed, &rest, &a) && element->groups.count < ARRAY_MAX)
            *vec_push(packed->arena, &element->groups) = a;
        break;
    case TYPE_OBJECT_DECLARED:
    case TYPE_BLOB_DECLARED: declare_object(packed, element, piece); break;
    case TYPE_OBJECT_DATA:
    case TYPE_BLOB_REFERENCE: add_data(packed, element, piece); break;
    case TYPE_BLOB:
        if (take_number(&rest, &length))
            element->blob = str_slice(rest, 0, length);
        break;
    default: break;
    }
}

static void read_elements(Packed *packed, Str rest)
{
    Element *element = NULL;
    Piece piece;
    while (packed->store->nodes_left-- > 0 && arena_room(packed->arena) > MB(4) &&
           next_piece(&rest, &piece)) {
        if (piece.is_end)
            continue;
        if (piece.type != TYPE_DATA_ELEMENT) {
            if (element)
                read_piece(packed, element, &piece);
            continue;
        }
        Str body = piece.body;
        OneId id;
        if (!take_id(packed, &body, &id) || !skip_serial(&body) || !id.length ||
            packed->elements.count >= ELEMENTS_MAX) {
            element = NULL;
            continue;
        }
        element = arena_new_one(packed->arena, Element);
        element->id = id;
        map_add(&packed->elements, id, NULL)->pointer = element;
    }
}

/* --- Spaces --- */

static Element *find_element(const Packed *packed, OneId id)
{
    const MapEntry *entry = id.length ? map_find(&packed->elements, id) : NULL;
    return entry ? entry->pointer : NULL;
}

static void add_object(Packed *packed, OneSpace *space, const Declared *declared)
{
    Str ids, spaces, properties;
    OneObject *object = one_add_object(packed->store, space, declared->id);
    if (!object)
        return;
    if (declared->partition == PARTITION_KIND) {
        object->kind = le32_at(declared->data, 0);
    } else if (declared->partition == PARTITION_DATA &&
               one_split_properties(declared->data, &ids, &spaces, &properties)) {
        object->properties = properties;
        object->references = declared->references;
        object->reference_count = declared->reference_count;
        object->spaces = declared->spaces;
        object->space_count = declared->space_count;
    } else if (declared->blob.length) {
        const Element *blob = find_element(packed, declared->blob);
        object->file = blob ? blob->blob : STR_NONE;
    } else {
        object->file = declared->data;
    }
}

/* A revision over the one it is based on. */
static void add_revision(Packed *packed, OneSpace *space, OneId revision)
{
    VEC(const Element *) chain = { 0 };
    while (revision.length && chain.count < CHAIN_MAX) {
        const MapEntry *entry = map_find(&packed->revisions, revision);
        const Element *element =
            entry ? find_element(packed, *(const OneId *)entry->pointer) : NULL;
        if (!element)
            break;
        *vec_push(packed->arena, &chain) = element;
        revision = element->base;
    }
    for (size_t i = chain.count; i-- > 0;) {
        const Element *element = chain.at[i];
        if (element->root.length)
            space->root = element->root;
        for (size_t k = 0; k < element->groups.count; k++) {
            const Element *group = find_element(packed, element->groups.at[k]);
            for (size_t m = 0; group && m < group->objects.count; m++) {
                if (packed->store->nodes_left-- <= 0)
                    return;
                add_object(packed, space, &group->objects.at[m]);
            }
        }
    }
}

bool one_open_package(OneStore *store, Error *err)
{
    Packed packed = { .store = store,
                      .arena = store->arena,
                      .elements = map_new(store->arena),
                      .revisions = map_new(store->arena) };
    read_elements(&packed, str_from(store->bytes, PACKAGE_AT));
    for (size_t i = 0; i < packed.cells.count; i++) {
        const Element *cell = find_element(&packed, packed.cell_elements.at[i]);
        OneSpace *space = cell ? one_add_space(store, packed.cells.at[i]) : NULL;
        if (space && !space->objects.count)
            add_revision(&packed, space, cell->revision);
    }
    store->root = one_space(store, packed.root_cell);
    if (!store->spaces.count)
        return fail(err, ERROR_DAMAGED, "the OneNote file holds no pages that can be read");
    return true;
}
