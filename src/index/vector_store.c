/* vector_store.c - what stores share, and the index's own vectors as one of them; see
 * vector_store.h. */
#include "index/vector_store.h"

#include "index/vectors.h"

VectorStoreKind vector_store_named(Str name)
{
    static const char *const names[] = {
#define VECTOR_STORE(name, setting) setting,
#include "index/vector_stores.def"
#undef VECTOR_STORE
    };
    size_t kind = 0;
    while (kind < COUNT(names) && !str_is(name, names[kind]))
        kind++;
    return (VectorStoreKind)kind;
}

/* --- Spaces --- */

static Str heap_str(Str text)
{
    char *copy = heap_alloc(text.length + 1);
    if (text.length)
        memcpy(copy, text.at, text.length);
    return (Str){ copy, text.length };
}

VectorSpace vector_space_copy(const VectorSpace *space)
{
    return (VectorSpace){ heap_str(space->workspace), heap_str(space->model), space->dims };
}

void vector_space_free(VectorSpace *space)
{
    free((char *)(uintptr_t)space->workspace.at);
    free((char *)(uintptr_t)space->model.at);
    *space = (VectorSpace){ 0 };
}

/* --- What stores share --- */

size_t vector_store_best(LegHit *hits, size_t count, size_t k)
{
    size_t kept = count ? leg_hits_merge_parts(hits, count) : 0;
    if (kept)
        qsort(hits, kept, sizeof *hits, leg_hits_by_score);
    return MIN(kept, k);
}

bool vector_store_allowed(const KeyFilter *filter, Arena *arena, size_t max, uint64_t **keys_r,
                          size_t *count_r)
{
    size_t words = filter->bits ? bitmap_words(filter->bit_count) : 0;
    size_t count = key_filter_count(filter);
    if (!filter->bits || count > max)
        return false;
    uint64_t *keys = arena_new_array(arena, uint64_t, count + 1);
    *count_r = 0;
    for (size_t w = 0; w < words; w++)
        for (uint64_t left = filter->bits[w]; left; left &= left - 1) {
            uint64_t key = w * 64 + (uint64_t)__builtin_ctzll(left);
            if (key < filter->bit_count)
                keys[(*count_r)++] = key;
        }
    *keys_r = keys;
    return true;
}

/* --- The index's own --- */

static VectorIndex *own(VectorStore *store) { return ((EmbeddedStore *)store)->vectors; }

static bool create(VectorStore *store, const VectorSpace *space, Error *err)
{
    size_t dims = vectors_dims(own(store));
    return dims == space->dims ||
           fail(err, ERROR_INVALID, "vectors of %zu values do not fit an index of %zu", space->dims,
                dims);
}

static bool upsert(VectorStore *store, const VectorSpace *space, const StoredVector *vectors,
                   size_t count, Error *err)
{
    (void)space, (void)err;
    for (size_t i = 0; i < count; i++)
        vectors_add(own(store), vectors[i].key, vectors[i].part, vectors[i].values);
    vectors_publish(own(store));
    return true;
}

static bool take_away(VectorStore *store, const VectorSpace *space, const uint64_t *keys,
                      size_t count, Error *err)
{
    (void)space, (void)err;
    for (size_t i = 0; i < count; i++)
        vectors_delete(own(store), keys[i]);
    return true;
}

static bool clear(VectorStore *store, const VectorSpace *space, Error *err)
{
    (void)space, (void)err;
    vectors_clear(own(store));
    return true;
}

static bool count_all(VectorStore *store, const VectorSpace *space, int64_t *count_r, Error *err)
{
    (void)space, (void)err;
    *count_r = (int64_t)vectors_size(own(store)).entries;
    return true;
}

static int by_name(const void *a, const void *b)
{
    const StoredMark *left = a, *right = b;
    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return (left->part > right->part) - (left->part < right->part);
}

/* The files keep no sums: they are checksummed themselves. Segments lie one beside the other, so
 * the least names of all of them make a page. */
static bool list(VectorStore *store, const VectorSpace *space, Arena *arena,
                 const StoredMark *after, StoredMarks *marks_r, Error *err)
{
    AUTO_SNAPSHOT Snapshot *now = vectors_snapshot(own(store));
    uint64_t from = after ? (after->key << VECTOR_PART_BITS | after->part) + 1 : 0;
    VEC(StoredMark) found = { 0 };
    (void)space, (void)err;
    for (size_t s = 0; s < now->count; s++) {
        const Segment *segment = now->at[s];
        size_t taken = 0;
        for (uint32_t entry = segment_lower(segment, from);
             entry < segment->count && taken < VECTOR_STORE_LIST_MAX; entry++)
            if (segment_is_live(segment, entry)) {
                *vec_push(arena, &found) = (StoredMark){
                    .key = segment_key(segment, entry),
                    .part = (uint32_t)(segment->names[entry] & (VECTOR_PARTS_MAX - 1)),
                };
                taken++;
            }
    }
    if (found.count)
        qsort(found.at, found.count, sizeof *found.at, by_name);
    *marks_r = (StoredMarks){ found.at, MIN(found.count, (size_t)VECTOR_STORE_LIST_MAX) };
    return true;
}

static bool search(VectorStore *store, const VectorSpace *space, Arena *arena, const float *query,
                   const KeyFilter *filter, size_t k, LegHit *hits, size_t *count_r, Error *err)
{
    (void)space, (void)arena, (void)err;
    *count_r = vectors_search(own(store), query, filter, k, hits);
    return true;
}

EmbeddedStore vector_store_embedded(VectorIndex *vectors)
{
    return (EmbeddedStore){ .store = { .name = "embedded",
                                       .create = create,
                                       .upsert = upsert,
                                       .remove = take_away,
                                       .clear = clear,
                                       .count = count_all,
                                       .list = list,
                                       .search = search },
                            .vectors = vectors };
}
