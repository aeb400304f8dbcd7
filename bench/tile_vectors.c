/* tile_vectors.c - gives every chunk of a library a vector, for measuring searches.
 *
 * usage: tile_vectors DATABASE MODEL [REAL [EACH]]
 *
 * EACH (1) vectors a chunk. Embedding 100,000 passages takes an hour on two cores, so only the
 * first REAL (512) are embedded; the others get one of these in turn, mixed with another and each
 * value moved a little at random: thousands that are nearly the same would be what no library has,
 * and a search would have to score all of them. No server may have the library open. */
#include "base/base.h"

#include <math.h>

#include "encode/encode_queue.h"
#include "store/settings_store.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"

#define AT_ONCE 512
#define CACHE_KB (1 << 19)
#define MIXED 0.5f
#define MOVED 0.02f

typedef struct Tiling {
    Arena *arena, *batch;
    Scope scope;
    WorkspaceList workspaces;
    EncodeStatus model;
    size_t real_max, real_count, each;
    float *real; /* [real_count][dims] */
    uint64_t random;
    ChunkCursor cursor;
    ChunkHitList chunks;
    size_t done;
} Tiling;

static void quit(const Error *err)
{
    fprintf(stderr, "tile_vectors: %s\n", err->message);
    exit(1);
}

static bool list_workspaces(DbTx *tx, void *argument, Error *err)
{
    Tiling *in = argument;
    return workspace_list(tx, &in->scope, in->arena, &in->workspaces, err);
}

static bool scan(DbTx *tx, void *argument, Error *err)
{
    Tiling *in = argument;
    return chunk_scan(tx, &in->scope, in->batch, &in->cursor, AT_ONCE, &in->chunks, err);
}

/* Marsaglia's xorshift64; -1 to 1. */
static float next_random(Tiling *in)
{
    in->random ^= in->random << 13;
    in->random ^= in->random >> 7;
    in->random ^= in->random << 17;
    return (float)(int64_t)in->random / (float)INT64_MAX;
}

/* A vector of unit length between two of the real ones, nearer to the one whose turn it is. */
static void mix(Tiling *in, size_t turn, float *values)
{
    const size_t dims = in->model.dims;
    const float *real = in->real + turn % in->real_count * dims;
    (void)next_random(in);
    const float *other = in->real + in->random % in->real_count * dims;
    float square = 0;
    for (size_t d = 0; d < dims; d++) {
        values[d] = real[d] + MIXED * other[d] + MOVED * next_random(in);
        square += values[d] * values[d];
    }
    for (size_t d = 0; d < dims; d++)
        values[d] /= sqrtf(square);
}

static Vector tile(Tiling *in, const Chunk *chunk)
{
    size_t dims = in->model.dims, count = dims * in->each;
    float *values = arena_new_array(in->batch, float, count);
    int8_t *bytes = arena_alloc(in->batch, count);
    float largest = 1e-9f;
    for (size_t part = 0; part < in->each; part++)
        mix(in, (size_t)chunk->number + part, values + part * dims);
    for (size_t i = 0; i < count; i++)
        largest = fmaxf(largest, fabsf(values[i]));
    for (size_t i = 0; i < count; i++)
        bytes[i] = (int8_t)lrintf(values[i] * 127 / largest);
    return (Vector){ .number = chunk->number,
                     .form = VECTOR_INT8,
                     .scale = (double)(largest / 127),
                     .bytes = { (char *)bytes, count } };
}

/* One call for the chunks in a row that belong to one document. */
static bool add(DbTx *tx, void *argument, Error *err)
{
    Tiling *in = argument;
    Vector *vectors = arena_new_array(in->batch, Vector, in->chunks.count);
    for (size_t i = 0; i < in->chunks.count; i++)
        vectors[i] = tile(in, &in->chunks.at[i].chunk);
    for (size_t first = 0, end; first < in->chunks.count; first = end) {
        Str document = in->chunks.at[first].chunk.document;
        for (end = first; end < in->chunks.count; end++)
            if (!str_equal(in->chunks.at[end].chunk.document, document))
                break;
        if (!vector_add(tx, &in->scope, in->batch, document, str(in->model.model), vectors + first,
                        end - first, err))
            return false;
    }
    return true;
}

static bool embed_first(Tiling *in, Db *db, EncodeQueue *queue, Error *err)
{
    in->batch = in->arena;
    if (!encode_queue_load(queue, err))
        return false;
    encode_queue_status(queue, &in->model);
    in->real = arena_new_array(in->arena, float, in->real_max * in->model.dims);
    while (in->real_count < in->real_max) {
        if (!store_read(db, &in->scope, scan, in, err))
            return false;
        size_t count = MIN(in->chunks.count, in->real_max - in->real_count);
        Str *texts = arena_new_array(in->arena, Str, count);
        for (size_t i = 0; i < count; i++)
            texts[i] = in->chunks.at[i].chunk.text;
        if (count && !encode_queue_embed(queue, ENCODE_BULK, texts, count, 0,
                                         in->real + in->real_count * in->model.dims, err))
            return false;
        in->real_count += count;
        if (!in->chunks.count)
            return in->real_count || fail(err, ERROR_NOT_FOUND, "the library is empty");
    }
    return true;
}

static bool tile_all(Tiling *in, Db *db, Error *err)
{
    in->cursor = (ChunkCursor){ 0 };
    for (;;) {
        AUTO_ARENA Arena *batch = arena_new(MB(64));
        in->batch = batch;
        if (!store_read(db, &in->scope, scan, in, err))
            return false;
        if (!in->chunks.count)
            return true;
        if (!store_write(db, &in->scope, add, in, err))
            return false;
        in->done += in->chunks.count;
        in->cursor.workspace = in->scope.workspace; /* its text lay in the batch */
    }
}

int main(int argc, char **argv)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Tiling in = { .arena = arena,
                  .scope = scope_system(),
                  .real_max = 512,
                  .each = 1,
                  .random = 88172645463325252 };
    DbOptions options = { .connection_max = 1, .cache_kb = CACHE_KB };
    Error err = { 0 };
    Db *db;
    if (argc < 3) {
        fputs("usage: tile_vectors DATABASE MODEL [REAL [EACH]]\n", stderr);
        return 2;
    }
    int64_t real, each;
    if (argc > 3 && str_to_int(str(argv[3]), 1, 100000, &real))
        in.real_max = (size_t)real;
    if (argc > 4 && str_to_int(str(argv[4]), 1, 8, &each))
        in.each = (size_t)each;
    EncodeQueueOptions encoder = { .folder = argv[2] };
    EncodeQueue *queue = encode_queue_new(&encoder);
    if (!db_open(argv[1], &options, &db, &err) ||
        !store_read(db, &in.scope, list_workspaces, &in, &err))
        quit(&err);
    for (size_t i = 0; i < in.workspaces.count; i++) {
        in.scope = (Scope){ .workspace = in.workspaces.at[i].id, .role = ROLE_OWNER };
        if ((!in.real_count && !embed_first(&in, db, queue, &err)) || !tile_all(&in, db, &err))
            quit(&err);
    }
    printf("{\"vectors\":%zu,\"real\":%zu,\"model\":\"%s\"}\n", in.done, in.real_count,
           in.model.model);
    encode_queue_free(queue);
    db_close(db);
    return 0;
}
