/* flat_table.c - see flat_table.h. */
#include "extract/columns/flat_table.h"

#include "extract/byte_view.h"

/* A table begins with the distance back to the places of its fields. */
static FlatTable table_at(Str bytes, size_t at)
{
    int64_t fields = (int64_t)at - (int32_t)little32(bytes, at);
    if (at + 4 > bytes.length || fields < 0 || (size_t)fields + 4 > bytes.length)
        return (FlatTable){ 0 };
    return (FlatTable){ bytes, at, (size_t)fields };
}

FlatTable flat_root(Str bytes) { return table_at(bytes, little32(bytes, 0)); }

/* Where a field is; 0: it is not there. */
static size_t place_of(FlatTable table, unsigned field)
{
    size_t entry = 4 + 2 * (size_t)field;
    if (entry + 2 > little16(table.bytes, table.fields))
        return 0;
    uint16_t place = little16(table.bytes, table.fields + entry);
    return place ? table.at + place : 0;
}

bool flat_has(FlatTable table, unsigned field) { return place_of(table, field) != 0; }

int64_t flat_number(FlatTable table, unsigned field, size_t size, int64_t otherwise)
{
    size_t at = place_of(table, field);
    if (!at)
        return otherwise;
    switch (size) {
    case 1: return (int8_t)byte_at(table.bytes, at);
    case 2: return (int16_t)little16(table.bytes, at);
    case 4: return (int32_t)little32(table.bytes, at);
    default: return (int64_t)little64(table.bytes, at);
    }
}

/* What a field points to: a place from its own on. */
static size_t target_of(FlatTable table, unsigned field)
{
    size_t at = place_of(table, field);
    return at ? at + little32(table.bytes, at) : 0;
}

Str flat_text(FlatTable table, unsigned field)
{
    size_t at = target_of(table, field);
    return at ? bytes_part(table.bytes, at + 4, little32(table.bytes, at)) : STR_NONE;
}

FlatTable flat_inner(FlatTable table, unsigned field)
{
    size_t at = target_of(table, field);
    return at ? table_at(table.bytes, at) : (FlatTable){ 0 };
}

FlatList flat_list(FlatTable table, unsigned field, size_t size)
{
    size_t at = target_of(table, field);
    if (!at || at + 4 > table.bytes.length)
        return (FlatList){ 0 };
    size_t room = (table.bytes.length - at - 4) / size;
    return (FlatList){ table.bytes, at + 4, MIN(little32(table.bytes, at), room) };
}

FlatTable flat_list_table(FlatList list, size_t index)
{
    size_t at = list.at + 4 * index;
    return index < list.count ? table_at(list.bytes, at + little32(list.bytes, at))
                              : (FlatTable){ 0 };
}
