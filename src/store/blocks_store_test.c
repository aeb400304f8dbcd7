#include "store/world_test.h"

#include "base/clock.h"
#include "store/blocks_store.h"
#include "store/chunks_store.h"
#include "store/texts_store.h"
#include "store/vectors_store.h"

/* Block i: 30 on a page, 100 bytes and two between. */
static StoredBlock *blocks_new(Arena *arena, size_t count)
{
    static const StoredCell cells[] = { { 0, 4, 1, 1 }, { 7, 90, 2, 3 } };
    StoredBlock *blocks = arena_new_array(arena, StoredBlock, count);

    static const StoredWord words[] = { { 0, 3, 72.5F, 10, 90, 20 }, { 4, 6, 93, 10.5F, 140, 20 } };
    for (size_t i = 0; i < count; i++) {
        blocks[i] = (StoredBlock){
            .kind = (int32_t)(i % 11),
            .level = (int32_t)(i % 3),
            .start = i * 102,
            .length = i % 30 ? 100 : 0,
            .page = (int32_t)(i / 30 + 1),
            .x0 = 72.5f,
            .y0 = (float)(i % 30) * 20,
            .x1 = 540,
            .y1 = (float)(i % 30) * 20 + 18,
        };
        if (i % 50 == 1) {
            blocks[i].word = words;
            blocks[i].word_count = COUNT(words);
            blocks[i].start_ms = 61000;
            blocks[i].end_ms = 62500;
        }
        if (i % 7 == 0)
            blocks[i].label = S("3.");
        if (i % 100 == 5) {
            blocks[i].sheet = S("Sheet1");
            blocks[i].cells = S("B4:F4");
            blocks[i].part = S("1 text/plain");
            blocks[i].anchor = S("$.a[3]");
            blocks[i].line_first = 12;
            blocks[i].line_last = 18;
            blocks[i].table = 9;
            blocks[i].is_header_row = blocks[i].is_slide = true;
            blocks[i].cell = cells;
            blocks[i].cell_count = COUNT(cells);
        }
    }
    return blocks;
}

static bool is_same(const StoredBlock *a, const StoredBlock *b)
{
    bool same = a->kind == b->kind && a->level == b->level && a->start == b->start &&
                a->length == b->length && a->page == b->page && a->is_slide == b->is_slide &&
                a->is_header_row == b->is_header_row && a->y0 == b->y0 && a->y1 == b->y1 &&
                a->line_first == b->line_first && a->line_last == b->line_last &&
                a->table == b->table && a->cell_count == b->cell_count &&
                str_equal(a->label, b->label) && str_equal(a->sheet, b->sheet) &&
                str_equal(a->cells, b->cells) && str_equal(a->part, b->part) &&
                str_equal(a->anchor, b->anchor);
    same = same && a->start_ms == b->start_ms && a->end_ms == b->end_ms &&
           a->word_count == b->word_count;
    for (size_t i = 0; same && i < a->word_count; i++)
        same = memcmp(&a->word[i], &b->word[i], sizeof(StoredWord)) == 0;
    for (size_t i = 0; same && i < a->cell_count; i++)
        same = memcmp(&a->cell[i], &b->cell[i], sizeof(StoredCell)) == 0;
    return same;
}

Test(store, packed_blocks_come_back_and_any_changed_byte_is_noticed)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    StoredBlock *blocks = blocks_new(arena, BLOCK_PACK);
    Str packed = block_pack(arena, blocks, BLOCK_PACK);
    char *bytes = str_c(arena, packed);
    StoredBlockList list;
    Error err = { 0 };

    cr_assert(block_unpack(arena, packed, 512, &list, &err), "%s", err.message);
    cr_assert_eq(list.count, BLOCK_PACK);
    cr_assert_eq(list.at[3].ordinal, 515);
    for (size_t i = 0; i < list.count; i++)
        cr_assert(is_same(&blocks[i], &list.at[i]), "block %zu", i);
    for (size_t i = 0; i < packed.length; i += 13) {
        bytes[i] ^= 1;
        cr_assert(!block_unpack(arena, (Str){ bytes, packed.length }, 0, &list, &err));
        cr_assert_eq(err.code, ERROR_DAMAGED);
        bytes[i] ^= 1;
    }
    for (size_t i = 0; i < 10; i++)
        cr_assert(!block_unpack(arena, str_slice(packed, 0, i), 0, &list, &err));
}

STORE_TEST(blocks_are_found_by_ordinal_page_and_range)
{
    enum { BLOCKS = 1000 };
    const Scope *ours = &world->ours;
    StoredBlock *blocks = blocks_new(world->arena, BLOCKS);
    StoredBlockList list;
    Document doc;
    int64_t count;

    CALL(world_document(tx, world, ours, "a", "a", &doc, err));
    CALL(block_append(tx, ours, doc.id, 1, 0, blocks, 512, err));
    CALL(block_append(tx, ours, doc.id, 1, 512, blocks + 512, BLOCKS - 512, err));
    CALL(block_count(tx, ours, doc.id, 1, &count, err));
    EXPECT(count == BLOCKS);
    for (int64_t i = 0; i < BLOCKS; i += 111) {
        CALL(block_list(tx, ours, world->arena, doc.id, 1, i, 1, &list, err));
        EXPECT(list.count == 1 && list.at[0].ordinal == i && is_same(&list.at[0], &blocks[i]));
    }
    CALL(block_list(tx, ours, world->arena, doc.id, 1, BLOCKS, 1, &list, err));
    EXPECT(!list.count);
    CALL(block_list(tx, ours, world->arena, doc.id, 2, 0, 1, &list, err));
    EXPECT(!list.count);
    CALL(block_list(tx, ours, world->arena, doc.id, 1, 250, 20, &list, err));
    EXPECT(list.count == 20 && list.at[0].ordinal == 250 && list.at[19].ordinal == 269);
    CALL(block_list(tx, ours, world->arena, doc.id, 1, 0, INT64_MAX, &list, err));
    EXPECT(list.count == BLOCKS);
    CALL(block_list_of_page(tx, ours, world->arena, doc.id, 1, 9, &list, err));
    EXPECT(list.count == 30 && list.at[0].ordinal == 240 && list.at[29].ordinal == 269);
    CALL(block_list_of_range(tx, ours, world->arena, doc.id, 1, 101, 102, &list, err));
    EXPECT(list.count == 1 && list.at[0].ordinal == 1);
    CALL(block_list_of_range(tx, ours, world->arena, doc.id, 1, 255 * 102 + 99, 10, &list, err));
    EXPECT(list.count == 2 && list.at[0].ordinal == 255 && list.at[1].ordinal == 256);
    return true;
}

STORE_TEST(ranges_of_many_documents_are_read_at_once_as_each_alone)
{
    enum { BLOCKS = 600 };
    const Scope *ours = &world->ours;
    StoredBlock *blocks = blocks_new(world->arena, BLOCKS);
    StoredBlockList alone;
    Document a, b;

    CALL(world_document(tx, world, ours, "a", "a", &a, err));
    CALL(world_document(tx, world, ours, "b", "b", &b, err));
    CALL(block_save(tx, ours, a.id, 1, blocks, BLOCKS, err));
    CALL(block_save(tx, ours, b.id, 1, blocks + 7, 20, err));
    CALL(block_save(tx, ours, b.id, 2, blocks + 50, 3, err));
    BlockRange ranges[] = {
        { .document = a.id, .version = 1, .first = 250, .count = 300 }, /* three packs */
        { .document = b.id, .version = 2, .first = 0, .count = 3 },
        { .document = a.id, .version = 1, .first = 5, .count = 1 },
        { .document = a.id, .version = 1, .first = 599, .count = 9 }, /* beyond the end */
        { .document = b.id, .version = 1, .first = 2, .count = 4 },
        { .document = b.id, .version = 3, .first = 0, .count = 4 }, /* no such version */
        { .document = a.id, .version = 1, .first = 4, .count = 0 },
    };
    CALL(block_list_many(tx, ours, world->arena, ranges, COUNT(ranges), err));
    for (size_t i = 0; i < COUNT(ranges); i++) {
        const BlockRange *range = &ranges[i];
        CALL(block_list(tx, ours, world->arena, range->document, range->version, range->first,
                        range->count, &alone, err));
        EXPECT(range->found.count == alone.count);
        for (size_t k = 0; k < alone.count; k++)
            EXPECT(range->found.at[k].ordinal == alone.at[k].ordinal &&
                   is_same(&range->found.at[k], &alone.at[k]));
    }
    EXPECT(ranges[0].found.count == 300 && ranges[3].found.count == 1);
    CALL(block_list_many(tx, ours, world->arena, ranges, 0, err));
    return true;
}

STORE_TEST(a_text_is_read_in_parts)
{
    const Scope *ours = &world->ours;
    size_t length = TEXT_PIECE * 3 + 500;
    char *bytes = arena_alloc(world->arena, length);
    Str text = { bytes, length }, found;
    const struct {
        int64_t start, length;
    } ranges[] = { { 0, 10 },
                   { (int64_t)TEXT_PIECE - 5, 10 },
                   { 100, (int64_t)TEXT_PIECE * 2 },
                   { (int64_t)length - 3, 100 },
                   { (int64_t)length, 5 },
                   { -5, 3 },
                   { 7, INT64_MAX } };
    Document doc;
    int64_t stored;

    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)('a' + i % 26);
    CALL(world_document(tx, world, ours, "a", "a", &doc, err));
    EXPECT_CODE(ERROR_NOT_FOUND, text_length(tx, ours, doc.id, 1, &stored, err));
    CALL(text_save(tx, ours, doc.id, 1, STR_NONE, err));
    CALL(text_find(tx, ours, world->arena, doc.id, 1, 0, &found, err));
    EXPECT(found.length == 0);
    CALL(text_append(tx, ours, doc.id, 1, 0, str_slice(text, 0, TEXT_PIECE * 2), err));
    CALL(text_append(tx, ours, doc.id, 1, (int64_t)TEXT_PIECE * 2, str_from(text, TEXT_PIECE * 2),
                     err));
    CALL(text_find(tx, ours, world->arena, doc.id, 1, MB(1), &found, err));
    EXPECT(str_equal(found, text));
    EXPECT_CODE(ERROR_TOO_LARGE,
                text_find(tx, ours, world->arena, doc.id, 1, length - 1, &found, err));
    for (size_t i = 0; i < COUNT(ranges); i++) {
        size_t start = (size_t)MAX(ranges[i].start, 0);
        size_t end = start + (size_t)MIN((uint64_t)ranges[i].length, length - start);
        CALL(text_find_range(tx, ours, world->arena, doc.id, 1, ranges[i].start, ranges[i].length,
                             &found, err));
        EXPECT(str_equal(found, str_slice(text, start, end)));
    }
    return true;
}

STORE_TEST(chunks_and_vectors_are_walked_and_replaced)
{
    const Scope *ours = &world->ours;
    Document doc, other;
    ChunkCursor cursor = { 0 };
    ChunkList chunks;
    VectorList vectors;
    Vector floats = { .form = VECTOR_FLOAT, .bytes = S("12345678") };
    Vector stray = { .number = 987654, .bytes = S("1") };
    int64_t count;

    CALL(world_ready(tx, world, ours, "a", "a", 5, &doc, err));
    CALL(world_ready(tx, world, ours, "b", "b", 3, &other, err));
    size_t seen = 0;
    ChunkHitList live;
    do {
        CALL(chunk_scan(tx, ours, world->arena, &cursor, 3, &live, err));
        for (size_t i = 0; i < live.count; i++)
            EXPECT(live.at[i].is_live && str_is(live.at[i].name, seen + i < 5 ? "a" : "b"));
        seen += live.count;
    } while (live.count);
    EXPECT(seen == 8);
    cursor = (ChunkCursor){ 0 };
    CALL(vector_scan(tx, &world->system, world->arena, S("m"), &cursor, 6, &vectors, err));
    EXPECT(vectors.count == 6 && str_equal(vectors.at[0].bytes, S("\1\2\377")));
    EXPECT(vectors.at[0].scale == 0.5);
    CALL(vector_scan(tx, &world->system, world->arena, S("m"), &cursor, 6, &vectors, err));
    EXPECT(vectors.count == 2);
    cursor = (ChunkCursor){ 0 };
    for (size_t left = 8; left; left -= vectors.count) {
        CALL(vector_scan(tx, ours, world->arena, S("m"), &cursor, 3, &vectors, err));
        EXPECT(vectors.count == MIN(left, 3));
    }
    CALL(vector_missing(tx, ours, world->arena, doc.id, S("n"), 4, &chunks, err));
    EXPECT(chunks.count == 4 && str_is(chunks.at[0].text, "a"));
    floats.number = chunks.at[0].number;
    CALL(vector_add(tx, ours, world->arena, doc.id, S("n"), &floats, 1, err));
    CALL(vector_add(tx, ours, world->arena, doc.id, S("n"), &stray, 1, err));
    CALL(document_find(tx, ours, world->arena, doc.id, &doc, err));
    EXPECT(doc.vector_count == 1 && str_is(doc.vector_model, "n"));
    CALL(vector_find_many(tx, ours, world->arena, S("n"), &floats.number, 1, &vectors, err));
    EXPECT(vectors.count == 1 && vectors.at[0].form == VECTOR_FLOAT);
    CALL(vector_count(tx, ours, S("n"), &count, err));
    EXPECT(count == 1);
    CALL(document_trash(tx, ours, doc.id, 1, err));
    CALL(vector_find_many(tx, ours, world->arena, S("n"), &floats.number, 1, &vectors, err));
    EXPECT(vectors.count == 0); /* those of the trash are not searched */
    CALL(document_restore(tx, ours, doc.id, err));
    CALL(vector_find_many(tx, ours, world->arena, S("n"), &floats.number, 1, &vectors, err));
    EXPECT(vectors.count == 1);
    CALL(chunk_replace(tx, ours, world->arena, doc.id, 1, NULL, 0, err));
    CALL(vector_find_many(tx, ours, world->arena, S("n"), &floats.number, 1, &vectors, err));
    EXPECT(vectors.count == 0);
    CALL(chunk_count(tx, ours, &count, err));
    EXPECT(count == 3);
    CALL(document_find(tx, ours, world->arena, other.id, &other, err));
    EXPECT(other.vector_count == 3 && str_is(other.vector_model, "m"));
    CALL(vector_remove_model(tx, &world->system, S("m"), 2, &count, err));
    EXPECT(count == 2);
    CALL(document_find(tx, ours, world->arena, other.id, &other, err));
    EXPECT(other.vector_count == 0 && !other.vector_model.length); /* to be embedded again */
    return true;
}
