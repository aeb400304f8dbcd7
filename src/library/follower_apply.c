/* follower_apply.c - rows and changes of the database into an index; see follower_int.h. */
#include "base/file.h"
#include "base/log.h"
#include "extract/document.h"
#include "library/follower_int.h"
#include "store/blocks_store.h"
#include "text/language.h"

/* --- Rows --- */

static Str title_of(const ChunkHit *row)
{
    if (row->title.length)
        return row->title;
    Str name = path_name(row->name);
    ptrdiff_t dot = str_find_last_char(name, '.');
    return dot > 0 ? str_slice(name, 0, (size_t)dot) : name;
}

/* The part of the block that lies in the row's text. */
static Str part_in(const ChunkHit *row, const StoredBlock *block)
{
    int64_t start = (int64_t)block->start - row->chunk.start,
            end = MIN(start + (int64_t)block->length, (int64_t)row->chunk.text.length);
    start = MAX(start, 0);
    return start < end ? str_slice(row->chunk.text, (size_t)start, (size_t)end) : STR_NONE;
}

static StrList headings_in(Arena *arena, const ChunkHit *row, const StoredBlockList *blocks)
{
    VEC(Str) found = { 0 };
    for (size_t i = 0; i < blocks->count; i++) {
        const StoredBlock *block = &blocks->at[i];
        Str text = block->kind == BLOCK_HEADING && block->ordinal >= row->chunk.first_block &&
                           block->ordinal <= row->chunk.last_block
                       ? part_in(row, block)
                       : STR_NONE;
        if (text.length)
            *vec_push(arena, &found) = text;
    }
    return (StrList){ found.at, found.count };
}

static bool are_of_one_text(const ChunkHit *a, const ChunkHit *b)
{
    return a->chunk.version == b->chunk.version && str_equal(a->chunk.document, b->chunk.document);
}

/* The blocks of the first rows that are of one text; *end_r: the row after them. */
static BlockRange blocks_of(const ChunkHit *rows, size_t first, size_t count, size_t *end_r)
{
    size_t end = first + 1;
    while (end < count && are_of_one_text(&rows[first], &rows[end]))
        end++;
    *end_r = end;
    int64_t from = MIN(rows[first].chunk.first_block, rows[end - 1].chunk.first_block),
            to = MAX(rows[first].chunk.last_block, rows[end - 1].chunk.last_block);
    return (BlockRange){ .document = rows[first].chunk.document,
                         .version = rows[first].chunk.version,
                         .first = from,
                         .count = to - from + 1 };
}

/* Blocks that cannot be read cost the rows of their text their inner headings, not the index. */
static bool find_blocks(DbTx *tx, const Scope *scope, Arena *arena, BlockRange *ranges,
                        size_t count, Error *err)
{
    if (!count || block_list_many(tx, scope, arena, ranges, count, err))
        return true;
    if (err->code != ERROR_DAMAGED)
        return false;
    if (count > 1) {
        for (size_t i = 0; i < count; i++)
            if (!find_blocks(tx, scope, arena, &ranges[i], 1, err))
                return false;
        return true;
    }
    log_warn("index", "headings inside passages are not found by heading: %s", err->message);
    *err = (Error){ 0 };
    ranges->found = (StoredBlockList){ 0 };
    return true;
}

bool find_inner_headings(DbTx *tx, const Scope *scope, Arena *arena, const ChunkHit *rows,
                         size_t count, StrList **inner_r, Error *err)
{
    StrList *inner = arena_new_array(arena, StrList, count);
    BlockRange *ranges = arena_new_array(arena, BlockRange, count);
    size_t range_count = 0, end;
    for (size_t first = 0; first < count; first = end) {
        BlockRange range = blocks_of(rows, first, count, &end);
        if (rows[first].is_live)
            ranges[range_count++] = range;
    }
    if (!find_blocks(tx, scope, arena, ranges, range_count, err))
        return false;
    const BlockRange *range = ranges;
    for (size_t first = 0; first < count; first = end) {
        (void)blocks_of(rows, first, count, &end);
        if (!rows[first].is_live)
            continue;
        for (size_t i = first; i < end; i++)
            inner[i] = headings_in(arena, &rows[i], &range->found);
        range++;
    }
    *inner_r = inner;
    return true;
}

void add_row(Index *index, const ChunkHit *row, const StrList *inner)
{
    IndexChunk chunk = { .key = (uint64_t)row->chunk.number,
                         .title = title_of(row),
                         .headings = row->chunk.heading,
                         .inner_headings = inner->at,
                         .inner_count = inner->count,
                         .name = path_name(row->name),
                         .is_first = row->chunk.ordinal == 0,
                         .body = row->chunk.text,
                         .language = language_read_as(row->language) };
    index_add_chunk(index, &chunk);
}

/* The row has the chunk's vectors one after another. */
void add_vectors(Arena *arena, Index *index, size_t dims, bool is_coming, const Vector *row)
{
    size_t parts = vector_parts(row, dims);
    if (parts > INDEX_PARTS_MAX)
        return;
    float *values = arena_new_array(arena, float, dims);
    for (size_t part = 0; part < parts; part++) {
        vector_values(row, part, dims, values);
        if (is_coming)
            index_add_coming(index, (uint64_t)row->number, (uint32_t)part, values);
        else
            index_add_vector(index, (uint64_t)row->number, (uint32_t)part, values);
    }
}

/* --- Changes --- */

typedef VEC(int64_t) Numbers;

/* Chunks that changes of one workspace name, whose rows are read at once: a round trip to the
 * database for each change is what catching up would take its time for. What is read is as it is
 * after all these changes, so in which order they came does not matter: what went goes first, and
 * what is there now is added. */
typedef struct Batch {
    Follower *follower;
    WorkspaceIndex *to;
    Arena *arena;
    Scope scope;
    Numbers rows, serving, coming; /* whose words, and vectors of either model, are read */
    ChunkHit *hits;
    StrList *inner; /* of the hits */
    VectorList serving_vectors, coming_vectors;
} Batch;

static bool find_vectors(DbTx *tx, const Batch *batch, const char *model, const Numbers *numbers,
                         VectorList *list_r, Error *err)
{
    return !numbers->count || vector_find_many(tx, &batch->scope, batch->arena, str(model),
                                               numbers->at, numbers->count, list_r, err);
}

static bool find_rows(DbTx *tx, void *argument, Error *err)
{
    Batch *batch = argument;
    const WorkspaceIndex *to = batch->to;
    size_t count = batch->rows.count;
    return (!count || (chunk_find_many(tx, &batch->scope, batch->arena, batch->rows.at, count,
                                       &batch->hits, err) &&
                       find_inner_headings(tx, &batch->scope, batch->arena, batch->hits, count,
                                           &batch->inner, err))) &&
           find_vectors(tx, batch, to->model, &batch->serving, &batch->serving_vectors, err) &&
           find_vectors(tx, batch, to->build.model, &batch->coming, &batch->coming_vectors, err);
}

static bool apply_batch(Batch *batch, Error *err)
{
    WorkspaceIndex *to = batch->to;
    if (!batch->rows.count && !batch->serving.count && !batch->coming.count)
        return true;
    if (!store_read(batch->follower->db, &batch->scope, find_rows, batch, err))
        return false;
    for (size_t i = 0; i < batch->rows.count; i++)
        if (batch->hits[i].chunk.number && batch->hits[i].is_live)
            add_row(to->index, &batch->hits[i], &batch->inner[i]);
    for (size_t i = 0; i < batch->serving_vectors.count; i++)
        add_vectors(batch->arena, to->index, to->dims, false, &batch->serving_vectors.at[i]);
    for (size_t i = 0; i < batch->coming_vectors.count; i++)
        add_vectors(batch->arena, to->index, to->build.dims, true, &batch->coming_vectors.at[i]);
    return true;
}

static void add_numbers(Arena *arena, Numbers *to, NumberList numbers)
{
    for (size_t i = 0; i < numbers.count; i++)
        *vec_push(arena, to) = numbers.at[i];
}

/* Those of the model that serves and of one that comes; `only` (empty: any) names one of them. */
static void want_vectors(Batch *batch, NumberList numbers, Str only)
{
    const WorkspaceIndex *to = batch->to;
    const Build *build = &to->build;
    if (to->dims && !batch->follower->outside && (!only.length || str_is(only, to->model)))
        add_numbers(batch->arena, &batch->serving, numbers);
    if (build->state != BUILD_NONE && build->is_coming &&
        (!only.length || str_is(only, build->model)))
        add_numbers(batch->arena, &batch->coming, numbers);
}

static void apply_remove(const Batch *batch, NumberList numbers, bool for_good)
{
    uint64_t *keys = arena_new_array(batch->arena, uint64_t, numbers.count);
    for (size_t i = 0; i < numbers.count; i++)
        keys[i] = (uint64_t)numbers.at[i];
    if (for_good)
        index_erase(batch->to->index, keys, numbers.count);
    else
        index_delete(batch->to->index, keys, numbers.count);
}

/* Some of the chunks that a change names. */
static void add_to_batch(Batch *batch, const IndexChange *change, NumberList numbers)
{
    switch (change->operation) {
    case INDEX_ADD:
        add_numbers(batch->arena, &batch->rows, numbers);
        /* A document that comes back from the trash has its vectors already. */
        want_vectors(batch, numbers, STR_NONE);
        break;
    case INDEX_REMOVE: apply_remove(batch, numbers, false); break;
    case INDEX_ERASE:
        apply_remove(batch, numbers, true);
        batch->follower->must_save = true; /* nothing of it may stay in the files either */
        break;
    case INDEX_VECTORS: want_vectors(batch, numbers, change->model); break;
    case INDEX_FILTERS:
    case INDEX_NO_COLLECTION:
    case INDEX_GUARD: break; /* nothing that an index has */
    }
}

/* From number `*at` of change `*next` on, until enough are read at once. */
static void fill_batch(Batch *batch, const IndexChange *changes, size_t count, size_t *next,
                       size_t *at)
{
    size_t room = ROWS_AT_ONCE;
    while (*next < count && room) {
        const IndexChange *change = &changes[*next];
        size_t some = MIN(room, change->numbers.count - *at);
        add_to_batch(batch, change, (NumberList){ change->numbers.at + *at, some });
        *at += some;
        room -= some;
        if (*at == change->numbers.count) {
            ++*next;
            *at = 0;
        }
    }
}

bool apply_changes(Follower *follower, WorkspaceIndex *to, const IndexChange *changes, size_t count,
                   Error *err)
{
    for (size_t next = 0, at = 0; next < count;) {
        AUTO_ARENA Arena *arena = arena_new(MB(512));
        Batch batch = {
            .follower = follower, .to = to, .arena = arena, .scope = scope_of_index(to)
        };
        fill_batch(&batch, changes, count, &next, &at);
        if (!apply_batch(&batch, err))
            return false;
    }
    for (size_t i = 0; follower->outside_keeper && i < count; i++)
        vector_follower_note(follower->outside_keeper, &changes[i]);
    return true;
}
