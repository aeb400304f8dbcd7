/* map.c - see map.h: open addressing, linear probing, at most two thirds full. */
#include "base/map.h"

Map map_new(Arena *arena) { return (Map){ .arena = arena }; }

static MapEntry *slot_of(const Map *map, Str key, uint64_t hash)
{
    size_t mask = map->capacity - 1, at = hash & mask;
    while (map->slots[at].key.at &&
           !(map->slots[at].hash == hash && str_equal(map->slots[at].key, key)))
        at = (at + 1) & mask;
    return &map->slots[at];
}

static void grow(Map *map)
{
    Map bigger = { .arena = map->arena, .capacity = map->capacity ? map->capacity * 2 : 16 };
    bigger.slots = arena_new_array(map->arena, MapEntry, bigger.capacity);
    bigger.count = map->count;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].key.at)
            *slot_of(&bigger, map->slots[i].key, map->slots[i].hash) = map->slots[i];
    *map = bigger;
}

MapEntry *map_find(const Map *map, Str key)
{
    if (!map->capacity)
        return NULL;
    MapEntry *slot = slot_of(map, key, str_hash(key));
    return slot->key.at ? slot : NULL;
}

MapEntry *map_add(Map *map, Str key, bool *added_r)
{
    uint64_t hash = str_hash(key);
    if (!key.at)
        key.at = "";
    if ((map->count + 1) * 3 > map->capacity * 2)
        grow(map);
    MapEntry *slot = slot_of(map, key, hash);
    bool added = !slot->key.at;
    if (added) {
        *slot = (MapEntry){ .key = key, .hash = hash };
        map->count++;
    }
    if (added_r)
        *added_r = added;
    return slot;
}
