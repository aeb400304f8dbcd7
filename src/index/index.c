/* index.c - making, writing and merging the index; see index.h. */
#include "index/index_private.h"

#include <assert.h>
#include <dirent.h>
#include <malloc.h>

#include "base/file.h"
#include "base/hash.h"

#define TITLE_WEIGHT 3
#define HEADINGS_WEIGHT 2
#define NAME_WEIGHT 2
#define FIRST_NAME_WEIGHT 12

/* Each model's vectors have a folder of their own, so that two may be written at a time. */
#define VECTOR_FOLDER "vectors-"

static VectorIndex *new_vectors(const Index *index, size_t dims, Str model)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    uint32_t identity = crc32c(index->database, model.at, model.length);
    Str name = str_format(arena, VECTOR_FOLDER "%08" PRIx32, identity);
    VectorIndex *vectors =
        vectors_new(path_join(arena, str(index->folder), name), dims, identity, index->is_exact);
    shelf_merge_later(vectors_shelf(vectors));
    return vectors;
}

Index *index_new(const IndexOptions *options)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Index *index = heap_alloc(sizeof(*index));
    index->folder = heap_text(options->folder);
    index->database = crc32c(0, options->identity.at, options->identity.length);
    index->is_exact = options->is_exact;
    index->keyword =
        keyword_new(path_join(arena, str(options->folder), S("keyword")), index->database);
    shelf_merge_later(keyword_shelf(index->keyword));
    if (options->dims)
        index->vectors = new_vectors(index, options->dims, options->model);
    index->embedded = vector_store_embedded(index->vectors);
    pthread_mutex_init(&index->writing, NULL);
    pthread_cond_init(&index->merged, NULL);
    pthread_mutex_init(&index->lock, NULL);
    index->words = words_new();
    return index;
}

void index_use_outside(Index *index, const IndexOutside *outside)
{
    assert(!index->vectors);
    vector_space_free(&index->outside.space);
    index->outside = *outside;
    index->outside.space = vector_space_copy(&outside->space);
}

void index_free(Index *index)
{
    if (!index)
        return;
    if (index->has_merger)
        pthread_join(index->merger, NULL);
    keyword_free(index->keyword);
    vectors_free(index->vectors);
    vectors_free(index->coming);
    vector_space_free(&index->outside.space);
    free(index->folder);
    words_free(index->words);
    for (size_t i = 0; i < index->idle_count; i++)
        words_free(index->idle[i]);
    pthread_cond_destroy(&index->merged);
    pthread_mutex_destroy(&index->writing);
    pthread_mutex_destroy(&index->lock);
    free(index);
}

IndexOpened index_load(Index *index)
{
    IndexOpened opened = { 0 };
    pthread_mutex_lock(&index->writing);
    opened.keyword.state =
        keyword_load(index->keyword, &opened.keyword.generation, &opened.keyword.reason);
    if (index->vectors)
        opened.vectors.state =
            vectors_load(index->vectors, &opened.vectors.generation, &opened.vectors.reason);
    pthread_mutex_unlock(&index->writing);
    return opened;
}

/* --- Large merges, beside the writer --- */

#define SHELVES_MAX 3

/* The writer's lock is held. */
static size_t shelves_of(const Index *index, Shelf *shelves[SHELVES_MAX])
{
    size_t count = 0;
    shelves[count++] = keyword_shelf(index->keyword);
    if (index->vectors)
        shelves[count++] = vectors_shelf(index->vectors);
    if (index->coming)
        shelves[count++] = vectors_shelf(index->coming);
    return count;
}

/* The writer's lock is held, but for the merge itself. */
static bool merge_shelf(Index *index, Shelf *shelf)
{
    ShelfMerge *merge = shelf_merge_begin(shelf);
    if (!merge)
        return false;
    pthread_mutex_unlock(&index->writing);
    shelf_merge_run(merge);
    pthread_mutex_lock(&index->writing);
    shelf_merge_end(shelf, merge);
    return true;
}

/* Until nothing is due: what was published meanwhile has started no merge of its own. */
static void *merge_beside(void *argument)
{
    Index *index = argument;
    bool has_merged = true;
    pthread_mutex_lock(&index->writing);
    while (has_merged) {
        Shelf *shelves[SHELVES_MAX]; /* they stay while is_merging */
        has_merged = false;
        for (size_t i = shelves_of(index, shelves); i-- > 0;)
            has_merged |= merge_shelf(index, shelves[i]);
    }
    index->is_merging = false;
    pthread_cond_broadcast(&index->merged);
    pthread_mutex_unlock(&index->writing);
    return NULL;
}

/* The writer's lock is held. */
static void merge_when_due(Index *index)
{
    Shelf *shelves[SHELVES_MAX];
    bool is_due = false;
    if (index->is_held)
        return;
    for (size_t i = shelves_of(index, shelves); i-- > 0 && !index->is_merging;)
        is_due |= shelf_is_due(shelves[i]);
    if (!is_due)
        return;
    if (index->has_merger)
        pthread_join(index->merger, NULL); /* it has ended but for its return */
    index->is_merging = index->has_merger =
        pthread_create(&index->merger, NULL, merge_beside, index) == 0;
}

/* The writer's lock is held. */
static void await_merges(Index *index)
{
    while (index->is_merging)
        pthread_cond_wait(&index->merged, &index->writing);
}

void index_hold(Index *index, bool is_held)
{
    pthread_mutex_lock(&index->writing);
    index->is_held = is_held;
    await_merges(index);
    pthread_mutex_unlock(&index->writing);
}

void index_wait_merges(Index *index)
{
    pthread_mutex_lock(&index->writing);
    await_merges(index);
    pthread_mutex_unlock(&index->writing);
}

/* --- Writing --- */

void index_add_chunk(Index *index, const IndexChunk *chunk)
{
    KeywordDocument document = {
        chunk->key,
        chunk->language,
        { { chunk->title, TITLE_WEIGHT },
          { chunk->headings, HEADINGS_WEIGHT, chunk->inner_headings, chunk->inner_count },
          { chunk->body, 1 },
          { chunk->name, chunk->is_first ? FIRST_NAME_WEIGHT : NAME_WEIGHT } }
    };
    pthread_mutex_lock(&index->writing);
    keyword_add(index->keyword, index->words, &document);
    pthread_mutex_unlock(&index->writing);
}

void index_add_vector(Index *index, uint64_t key, uint32_t part, const float *vector)
{
    assert(index->vectors);
    pthread_mutex_lock(&index->writing);
    vectors_add(index->vectors, key, part, vector);
    pthread_mutex_unlock(&index->writing);
}

void index_delete(Index *index, const uint64_t *keys, size_t count)
{
    pthread_mutex_lock(&index->writing);
    for (size_t i = 0; i < count; i++) {
        keyword_delete(index->keyword, keys[i]);
        if (index->vectors)
            vectors_delete(index->vectors, keys[i]);
        if (index->coming)
            vectors_delete(index->coming, keys[i]);
    }
    pthread_mutex_unlock(&index->writing);
}

void index_erase(Index *index, const uint64_t *keys, size_t count)
{
    pthread_mutex_lock(&index->writing);
    for (size_t i = 0; i < count; i++) {
        keyword_erase(index->keyword, keys[i]);
        if (index->vectors)
            vectors_erase(index->vectors, keys[i]);
        if (index->coming)
            vectors_erase(index->coming, keys[i]);
    }
    index->has_erased |= count > 0;
    index->has_stale_vectors |= !index->vectors && count;
    pthread_mutex_unlock(&index->writing);
}

void index_publish(Index *index)
{
    pthread_mutex_lock(&index->writing);
    keyword_publish(index->keyword);
    if (index->vectors)
        vectors_publish(index->vectors);
    if (index->coming)
        vectors_publish(index->coming);
    merge_when_due(index);
    pthread_mutex_unlock(&index->writing);
}

void index_clear(Index *index, bool keyword, bool vectors)
{
    pthread_mutex_lock(&index->writing);
    if (keyword)
        keyword_clear(index->keyword);
    if (vectors && index->vectors)
        vectors_clear(index->vectors);
    pthread_mutex_unlock(&index->writing);
}

static bool is_open(VectorIndex *vectors, Str name)
{
    return vectors && str_equal(path_name(str(shelf_folder(vectors_shelf(vectors)))), name);
}

/* Vectors of a model that serves no more, and files that cannot be rewritten now: those are made
 * anew from the database when their leg opens. */
static bool drop_stale_vectors(Index *index, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    if (!index->vectors && !index->has_stale_vectors)
        return true;
    DIR *folder = opendir(index->folder);
    bool ok = true;
    for (struct dirent *entry; ok && folder && (entry = readdir(folder));) {
        Str name = str(entry->d_name);
        /* "vectors" alone is what versions before wrote. */
        if (str_starts(name, S("vectors")) && !is_open(index->vectors, name) &&
            !is_open(index->coming, name))
            ok = folder_remove(path_join(arena, str(index->folder), name), err);
    }
    if (folder)
        closedir(folder);
    index->has_stale_vectors &= !ok;
    return ok;
}

bool index_has_merged(Index *index)
{
    pthread_mutex_lock(&index->writing);
    bool has = shelf_has_merged(keyword_shelf(index->keyword)) ||
               (index->vectors && shelf_has_merged(vectors_shelf(index->vectors)));
    pthread_mutex_unlock(&index->writing);
    return has;
}

bool index_commit(Index *index, uint64_t generation, Error *err)
{
    pthread_mutex_lock(&index->writing);
    /* A merge that began before may be writing what was erased. */
    if (index->has_erased)
        await_merges(index);
    bool ok = keyword_commit(index->keyword, generation, err) &&
              (!index->vectors || vectors_commit(index->vectors, generation, err)) &&
              drop_stale_vectors(index, err);
    index->has_erased &= !ok;
    pthread_mutex_unlock(&index->writing);
    /* What is mapped from files now lay on the heap. */
    (void)malloc_trim(0);
    return ok;
}

/* --- Another model --- */

void index_begin_model(Index *index, size_t dims, Str model)
{
    assert(!index->coming && dims);
    VectorIndex *coming = new_vectors(index, dims, model);
    pthread_mutex_lock(&index->writing);
    index->coming = coming;
    pthread_mutex_unlock(&index->writing);
}

void index_add_coming(Index *index, uint64_t key, uint32_t part, const float *vector)
{
    assert(index->coming);
    pthread_mutex_lock(&index->writing);
    vectors_add(index->coming, key, part, vector);
    pthread_mutex_unlock(&index->writing);
}

void index_adopt_model(Index *index)
{
    assert(index->coming);
    pthread_mutex_lock(&index->writing);
    await_merges(index);
    VectorIndex *before = index->vectors;
    index->vectors = index->coming;
    index->coming = NULL;
    index->embedded = vector_store_embedded(index->vectors);
    pthread_mutex_unlock(&index->writing);
    vectors_free(before); /* its files go with the next commit */
}

IndexStatus index_status(Index *index)
{
    ShelfSize keyword = keyword_size(index->keyword), vectors = { 0 };
    if (index->vectors)
        vectors = vectors_size(index->vectors);
    return (IndexStatus){ .chunks = keyword.entries,
                          .vectors = vectors.entries,
                          .keyword_bytes = keyword.bytes,
                          .vector_bytes = vectors.bytes,
                          .keyword_segments = keyword.segments,
                          .vector_segments = vectors.segments };
}
