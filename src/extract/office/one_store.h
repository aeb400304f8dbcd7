/* one_store.h - the objects of OneNote files: the revision store of the desktop program
 * ([MS-ONESTORE]) and the package that the servers keep ([MS-ONESTORE] 2.7, [MS-FSSHTTPB]).
 *
 *     file -> object spaces (one for the section, one for each page) -> objects -> properties
 *
 * Revisions of a space are applied one over the other; what stays is the newest. */
#pragma once

#include "base/map.h"

enum { ONE_ID_SIZE = 20 };

/* A GUID and a number, 20 bytes as they stand in the file; a key of maps. */
typedef Str OneId;

typedef struct OneObject OneObject;
struct OneObject {
    uint32_t kind; /* JCID */
    Str properties;
    const OneId *references, *spaces; /* consumed in the order of the properties */
    size_t reference_count, space_count;
    Str file;      /* bytes of a file data object */
    Str file_name; /* extension, as it says */
    bool is_written;
    const OneObject *earlier; /* as the revision before had it; NULL: the first that is known */
    int revisions;            /* how many are kept before this one */
};

typedef struct OneSpace {
    OneId id;
    Map objects; /* OneObject by id */
    OneId root;
} OneSpace;

typedef struct OneStore {
    Arena *arena;
    Str bytes;
    VEC(OneSpace *) spaces;
    Map by_id; /* OneSpace by id */
    OneSpace *root;
    bool is_encrypted;
    /* Of the readers alone: */
    Map files;
    int nodes_left;
} OneStore;

bool one_is_file(Str bytes);
MUST_CHECK bool one_open(Arena *arena, Str bytes, OneStore *store_r, Error *err);
OneSpace *one_space(const OneStore *store, OneId id);
OneObject *one_object(const OneSpace *space, OneId id);

/* A property of an object by its PropertyID without the bool bit; false when it has none. */
typedef struct OneProperty {
    Str bytes;       /* of types with data */
    uint64_t number; /* of types of 1, 2, 4 and 8 bytes and bool */
    const OneId *ids;
    size_t id_count;
} OneProperty;
bool one_property(const OneObject *object, uint32_t id, OneProperty *property_r);

/* For the two readers: */
OneSpace *one_add_space(OneStore *store, OneId id);
OneObject *one_add_object(OneStore *store, OneSpace *space, OneId id);
/* Splits an ObjectSpaceObjectPropSet: how many ids and space ids it has, and the properties. */
bool one_split_properties(Str blob, Str *ids_r, Str *spaces_r, Str *properties_r);
MUST_CHECK bool one_open_package(OneStore *store, Error *err); /* one_package.c */
