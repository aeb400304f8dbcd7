/* pst_heap.c - the upper half of pst_file.h: heaps, B-trees on them, properties and tables. */
#include "extract/ole/ole_file.h"
#include "extract/outlook/pst_blocks.h"

enum { LEVEL_MAX = 8, RECORDS_MAX = 100000, COLUMNS_MAX = 512, VALUE_MAX = MB(256) };
enum { HEAP_SIGNATURE = 0xEC, TREE_SIGNATURE = 0xB5, TABLE_SIGNATURE = 0x7C };

typedef struct Heap {
    PstFile *file;
    Arena *arena;
    PstPieces pieces;
    PstNodes subs;
    uint32_t root;
} Heap;

static bool open_heap(PstFile *file, Arena *arena, const PstNode *node, Heap *heap)
{
    *heap = (Heap){ .file = file, .arena = arena };
    heap->pieces = pst_pieces(file, arena, node->data);
    if (!heap->pieces.list.count)
        return false;
    Str first = heap->pieces.list.at[0];
    heap->subs = pst_sub_nodes(file, arena, node);
    heap->root = le32_at(first, 4);
    return first.length > 12 && (unsigned char)first.at[2] == HEAP_SIGNATURE;
}

/* [MS-PST] 2.3.1.1: five bits of type, then the index in the block's page map, then the block. */
static Str heap_item(const Heap *heap, uint32_t hid)
{
    uint32_t index = heap->file->is_big ? hid >> 5 & 0x3FFF : hid >> 5 & 0x7FF;
    uint32_t block = heap->file->is_big ? hid >> 19 : hid >> 16;
    if ((hid & 0x1F) || index == 0 || block >= heap->pieces.list.count)
        return STR_NONE;
    Str bytes = heap->pieces.list.at[block];
    size_t map = le16_at(bytes, 0);
    if (index > le16_at(bytes, map))
        return STR_NONE;
    size_t start = le16_at(bytes, map + 4 + (index - 1) * 2),
           end = le16_at(bytes, map + 4 + index * 2);
    return start < end && end <= bytes.length ? str_slice(bytes, start, end) : STR_NONE;
}

/* A value that is in the heap or is a sub-node ([MS-PST] 2.3.3.2). */
static Str heap_value(const Heap *heap, uint32_t hnid)
{
    if (hnid == 0)
        return STR_NONE;
    if ((hnid & 0x1F) == 0)
        return heap_item(heap, hnid);
    const PstNode *node = pst_find(&heap->subs, hnid);
    return node ? pst_data(heap->file, heap->arena, node, VALUE_MAX) : STR_NONE;
}

/* --- B-trees on a heap --- */

typedef struct Records {
    VEC(Str) list;
    size_t key_size, value_size;
} Records;

static void add_records(const Heap *heap, uint32_t hid, int level, Records *records)
{
    Str item = heap_item(heap, hid);
    size_t size = records->key_size + (level ? 4 : records->value_size);
    for (size_t at = 0; at + size <= item.length && records->list.count < RECORDS_MAX; at += size) {
        Str record = str_slice(item, at, at + size);
        if (level == 0)
            *vec_push(heap->arena, &records->list) = record;
        else
            add_records(heap, le32_at(record, records->key_size), level - 1, records);
    }
}

static Records read_records(const Heap *heap, uint32_t hid)
{
    Records records = { 0 };
    Str header = heap_item(heap, hid);
    if (header.length < 8 || (unsigned char)header.at[0] != TREE_SIGNATURE)
        return records;
    records.key_size = (unsigned char)header.at[1];
    records.value_size = (unsigned char)header.at[2];
    int levels = (unsigned char)header.at[3];
    if (records.key_size && records.value_size && levels <= LEVEL_MAX)
        add_records(heap, le32_at(header, 4), levels, &records);
    return records;
}

/* --- Properties and tables --- */

static size_t fixed_size(uint16_t type)
{
    switch (type) {
    case MAPI_INT16: return 2;
    case MAPI_BOOL: return 1;
    case MAPI_INT32:
    case 0x04:
    case 0x0A: return 4;
    case 0x05:
    case 0x06:
    case 0x07:
    case MAPI_INT64:
    case MAPI_TIME: return 8;
    default: return 0;
    }
}

MapiBag pst_properties(PstFile *file, Arena *arena, const PstNode *node)
{
    MapiBag bag = { 0 };
    Heap heap;
    if (!open_heap(file, arena, node, &heap))
        return bag;
    Records records = read_records(&heap, heap.root);
    if (records.key_size != 2 || records.value_size != 6)
        return bag;
    for (size_t i = 0; i < records.list.count; i++) {
        Str record = records.list.at[i];
        MapiProperty property = { .id = le16_at(record, 0), .type = le16_at(record, 2) };
        size_t size = fixed_size(property.type);
        property.value =
            size && size <= 4 ? str_slice(record, 4, 8) : heap_value(&heap, le32_at(record, 4));
        if (property.value.length)
            *vec_push(arena, &bag.list) = property;
    }
    return bag;
}

typedef struct Table {
    Heap heap;
    Str columns; /* 8 bytes each: type, id, offset u16, size u8, number of its bit u8 */
    size_t column_count, row_size, bits_at;
} Table;

static MapiBag row_bag(const Table *table, Str row)
{
    MapiBag bag = { 0 };
    for (size_t i = 0; i < table->column_count; i++) {
        Str column = str_slice(table->columns, i * 8, i * 8 + 8);
        MapiProperty property = { .type = le16_at(column, 0), .id = le16_at(column, 2) };
        size_t at = le16_at(column, 4), size = (unsigned char)column.at[6],
               bit = (unsigned char)column.at[7], byte = table->bits_at + bit / 8;
        if (byte >= row.length || !((unsigned char)row.at[byte] & 0x80 >> bit % 8))
            continue;
        property.value = str_slice(row, at, at + size);
        if (!fixed_size(property.type))
            property.value = heap_value(&table->heap, le32_at(property.value, 0));
        if (property.value.length)
            *vec_push(table->heap.arena, &bag.list) = property;
    }
    return bag;
}

/* The blocks that rows lie in; no row crosses from one to the next. */
static PstPieces row_pieces(const Table *table, uint32_t hnid)
{
    PstPieces pieces = { 0 };
    if (hnid & 0x1F) {
        const PstNode *node = pst_find(&table->heap.subs, hnid);
        return node ? pst_pieces(table->heap.file, table->heap.arena, node->data) : pieces;
    }
    *vec_push(table->heap.arena, &pieces.list) = heap_item(&table->heap, hnid);
    return pieces;
}

PstRows pst_rows(PstFile *file, Arena *arena, const PstNode *node)
{
    PstRows rows = { 0 };
    Table table = { 0 };
    if (!open_heap(file, arena, node, &table.heap))
        return rows;
    Str info = heap_item(&table.heap, table.heap.root);
    if (info.length < 22 || (unsigned char)info.at[0] != TABLE_SIGNATURE)
        return rows;
    table.columns = str_from(info, 22);
    table.column_count = MIN((size_t)(unsigned char)info.at[1], table.columns.length / 8);
    table.bits_at = le16_at(info, 6);
    table.row_size = le16_at(info, 8);
    PstPieces pieces = row_pieces(&table, le32_at(info, 14));
    for (size_t p = 0; p < pieces.list.count && table.row_size; p++) {
        Str piece = pieces.list.at[p];
        for (size_t at = 0; at + table.row_size <= piece.length; at += table.row_size)
            if (rows.list.count < RECORDS_MAX)
                *vec_push(arena, &rows.list) =
                    row_bag(&table, str_slice(piece, at, at + table.row_size));
    }
    return rows;
}
