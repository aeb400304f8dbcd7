/* flat_table.h - tables of FlatBuffers (flatbuffers.dev, "FlatBuffer Internals"), as Arrow uses
 * them.
 *
 * A field that is missing or lies outside of the bytes reads as its default. Tables may point to
 * themselves: who follows them counts how deep. */
#pragma once

#include "base/base.h"

typedef struct FlatTable {
    Str bytes; /* empty: there is no such table */
    size_t at, fields;
} FlatTable;

typedef struct FlatList {
    Str bytes;
    size_t at, count; /* as many items as there are bytes for */
} FlatList;

/* The table that the bytes begin with the place of. */
FlatTable flat_root(Str bytes);
bool flat_has(FlatTable table, unsigned field);
/* A number of `size` bytes (1, 2, 4, 8), signed. */
int64_t flat_number(FlatTable table, unsigned field, size_t size, int64_t otherwise);
Str flat_text(FlatTable table, unsigned field);
FlatTable flat_inner(FlatTable table, unsigned field);
/* Items of `size` bytes; of tables and texts: 4. */
FlatList flat_list(FlatTable table, unsigned field, size_t size);
FlatTable flat_list_table(FlatList list, size_t index);
