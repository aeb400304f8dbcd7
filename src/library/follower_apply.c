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

/* Blocks that cannot be read cost these rows their inner headings, not the index. */
static bool find_blocks(DbTx *tx, const Scope *scope, Arena *arena, const ChunkHit *first,
                        const ChunkHit *last, StoredBlockList *blocks_r, Error *err)
{
    int64_t from = MIN(first->chunk.first_block, last->chunk.first_block),
            to = MAX(first->chunk.last_block, last->chunk.last_block);
    if (block_list(tx, scope, arena, first->chunk.document, first->chunk.version, from,
                   to - from + 1, blocks_r, err))
        return true;
    if (err->code != ERROR_DAMAGED)
        return false;
    log_warn("index", "headings inside passages are not found by heading: %s", err->message);
    *err = (Error){ 0 };
    *blocks_r = (StoredBlockList){ 0 };
    return true;
}

bool find_inner_headings(DbTx *tx, const Scope *scope, Arena *arena, const ChunkHit *rows,
                         size_t count, StrList **inner_r, Error *err)
{
    StrList *inner = arena_new_array(arena, StrList, count);
    for (size_t first = 0, end; first < count; first = end) {
        StoredBlockList blocks = { 0 };
        for (end = first + 1; end < count && are_of_one_text(&rows[first], &rows[end]);)
            end++;
        if (rows[first].is_live &&
            !find_blocks(tx, scope, arena, &rows[first], &rows[end - 1], &blocks, err))
            return false;
        for (size_t i = first; i < end; i++)
            inner[i] = headings_in(arena, &rows[i], &blocks);
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

/* Some of the chunks that a change names. */
typedef struct Change {
    Follower *follower;
    WorkspaceIndex *to;
    Arena *arena;
    Scope scope;
    const int64_t *numbers;
    size_t count;
    Str model; /* whose vectors are read */
    ChunkHit *hits;
    StrList *inner; /* of the hits */
    VectorList vectors;
} Change;

static bool find_rows(DbTx *tx, void *argument, Error *err)
{
    Change *change = argument;
    return chunk_find_many(tx, &change->scope, change->arena, change->numbers, change->count,
                           &change->hits, err) &&
           find_inner_headings(tx, &change->scope, change->arena, change->hits, change->count,
                               &change->inner, err);
}

static bool find_vectors(DbTx *tx, void *argument, Error *err)
{
    Change *change = argument;
    return vector_find_many(tx, &change->scope, change->arena, change->model, change->numbers,
                            change->count, &change->vectors, err);
}

static bool apply_vectors_of(Change *change, const char *model, size_t dims, bool is_coming,
                             Error *err)
{
    change->model = str(model);
    if (!store_read(change->follower->db, &change->scope, find_vectors, change, err))
        return false;
    for (size_t i = 0; i < change->vectors.count; i++)
        add_vectors(change->arena, change->to->index, dims, is_coming, &change->vectors.at[i]);
    return true;
}

/* Those of the model that serves and of one that comes; `only` (empty: any) names one of them. */
static bool apply_vectors(Change *change, Str only, Error *err)
{
    const WorkspaceIndex *to = change->to;
    const Build *build = &to->build;
    bool serves =
        to->dims && !change->follower->outside && (!only.length || str_is(only, to->model));
    bool comes = build->state != BUILD_NONE && build->is_coming &&
                 (!only.length || str_is(only, build->model));
    return (!serves || apply_vectors_of(change, to->model, to->dims, false, err)) &&
           (!comes || apply_vectors_of(change, build->model, build->dims, true, err));
}

static bool apply_add(Change *change, Error *err)
{
    if (!store_read(change->follower->db, &change->scope, find_rows, change, err))
        return false;
    for (size_t i = 0; i < change->count; i++)
        if (change->hits[i].chunk.number && change->hits[i].is_live)
            add_row(change->to->index, &change->hits[i], &change->inner[i]);
    /* A document that comes back from the trash has its vectors already. */
    return apply_vectors(change, STR_NONE, err);
}

static void apply_remove(const Change *change, bool for_good)
{
    uint64_t *keys = arena_new_array(change->arena, uint64_t, change->count);
    for (size_t i = 0; i < change->count; i++)
        keys[i] = (uint64_t)change->numbers[i];
    if (for_good)
        index_erase(change->to->index, keys, change->count);
    else
        index_delete(change->to->index, keys, change->count);
}

static bool apply_part(Change *change, IndexOperation operation, Str model, Error *err)
{
    switch (operation) {
    case INDEX_ADD: return apply_add(change, err);
    case INDEX_REMOVE: apply_remove(change, false); return true;
    case INDEX_ERASE:
        apply_remove(change, true);
        change->follower->must_save = true; /* nothing of it may stay in the files either */
        return true;
    case INDEX_VECTORS: return apply_vectors(change, model, err);
    case INDEX_FILTERS:
    case INDEX_NO_COLLECTION: break; /* nothing that an index has */
    }
    return true;
}

bool apply_change(Follower *follower, WorkspaceIndex *to, const IndexChange *change, Error *err)
{
    for (size_t at = 0; at < change->numbers.count; at += ROWS_AT_ONCE) {
        AUTO_ARENA Arena *arena = arena_new(MB(512));
        Change part = { .follower = follower,
                        .to = to,
                        .arena = arena,
                        .scope = scope_of_index(to),
                        .numbers = change->numbers.at + at,
                        .count = MIN(ROWS_AT_ONCE, change->numbers.count - at) };
        if (!apply_part(&part, change->operation, change->model, err))
            return false;
    }
    if (follower->outside_keeper)
        vector_follower_note(follower->outside_keeper, change);
    return true;
}
