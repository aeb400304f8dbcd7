/* map.h - a hash table from text to a pointer or number, in an arena; never shrinks.
 * One thread at a time. Keys are not copied: they must live as long as the table. */
#pragma once

#include "base/base.h"

typedef struct MapEntry {
    Str key;
    uint64_t hash;
    union {
        void *pointer;
        int64_t number;
    };
} MapEntry;

typedef struct Map {
    Arena *arena;
    MapEntry *slots; /* key.at == NULL: free */
    size_t count, capacity;
} Map;

Map map_new(Arena *arena);
/* NULL when the key is not there. The entry moves when the table grows. */
MapEntry *map_find(const Map *map, Str key);
/* The entry for `key`, made (value zero) when it is not there; *added_r (may be NULL) says. */
MapEntry *map_add(Map *map, Str key, bool *added_r);
