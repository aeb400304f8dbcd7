/* meanings.c - what texts and passages mean, as vectors: search_embed() and
 * search_passage_vectors() of search.h. */
#include "search/search_int.h"
#include "store/vectors_store.h"

#define PASSAGES_MAX 10000 /* of a document; what is behind has no vector here */

/* The encoder, with its model loaded; NULL: there is none. */
static EncodeQueue *loaded_encoder(Searcher *searcher, EncodeStatus *status_r)
{
    EncodeQueue *queue = atomic_load(&searcher->encoder);
    Error ignored;
    if (!queue || !encode_queue_load(queue, &ignored))
        return NULL;
    encode_queue_status(queue, status_r);
    return status_r->state == ENCODE_READY ? queue : NULL;
}

bool search_embed(Searcher *searcher, Arena *arena, const Str *texts, size_t count,
                  size_t tokens_max, size_t *dims_r, float **vectors_r)
{
    EncodeStatus status;
    Error ignored;
    EncodeQueue *queue = count ? loaded_encoder(searcher, &status) : NULL;
    if (!queue)
        return false;
    float *vectors = arena_new_array(arena, float, count *status.dims);
    if (!encode_queue_embed(queue, ENCODE_QUERY, texts, count, tokens_max, vectors, &ignored))
        return false;
    *dims_r = status.dims;
    *vectors_r = vectors;
    return true;
}

/* --- Stored vectors --- */

typedef struct PassageWork {
    const Scope *scope;
    Arena *arena;
    Str document, model;
    ChunkList chunks;
    VectorList vectors; /* by number */
} PassageWork;

static bool passage_work(DbTx *tx, void *argument, Error *err)
{
    PassageWork *work = argument;
    Document document;
    if (!document_find(tx, work->scope, work->arena, work->document, &document, err) ||
        !chunk_list(tx, work->scope, work->arena, document.id, document.indexed_version, 0,
                    PASSAGES_MAX, &work->chunks, err))
        return false;
    int64_t *numbers = arena_new_array(work->arena, int64_t, work->chunks.count + 1);
    for (size_t i = 0; i < work->chunks.count; i++)
        numbers[i] = work->chunks.at[i].number;
    return !work->chunks.count ||
           vector_find_many(tx, work->scope, work->arena, work->model, numbers, work->chunks.count,
                            &work->vectors, err);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = ((const Vector *)a)->number, y = ((const Vector *)b)->number;
    return (x > y) - (x < y);
}

bool search_passage_vectors(Searcher *searcher, const Scope *scope, Arena *arena, Str document,
                            PassageVectors *vectors_r, Error *err)
{
    EncodeStatus status;
    PassageVectors passages = { 0 };
    PassageWork work = { .scope = scope, .arena = arena, .document = document };
    if (loaded_encoder(searcher, &status)) {
        work.model = str_copy(arena, str(status.model));
        if (!store_read(searcher->db, scope, passage_work, &work, err))
            return false;
        passages.dims = status.dims;
    }
    int64_t *starts = arena_new_array(arena, int64_t, work.chunks.count + 1);
    float *at = arena_new_array(arena, float, work.chunks.count *passages.dims + 1);
    for (size_t i = 0; i < work.chunks.count; i++) {
        const Chunk *chunk = &work.chunks.at[i];
        const Vector key = { .number = chunk->number };
        const Vector *vector =
            work.vectors.count
                ? bsearch(&key, work.vectors.at, work.vectors.count, sizeof key, by_number)
                : NULL;
        if (!vector || !vector_parts(vector, passages.dims))
            continue;
        vector_values(vector, 0, passages.dims, at + passages.count * passages.dims);
        starts[passages.count++] = chunk->start;
    }
    passages.starts = starts;
    passages.at = at;
    *vectors_r = passages;
    return true;
}
