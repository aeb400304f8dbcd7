/* query_vector.c - see query_vector.h. */
#include "search/query_vector.h"

#include <pthread.h>

#include "base/hash.h"

typedef struct Kept {
    uint64_t used; /* when, as a count; 0: the place is free */
    uint32_t hash; /* of what follows */
    char *name;    /* workspace, model and text */
    size_t name_size, dims;
    float *values;
} Kept;

struct QueryVectors {
    pthread_mutex_t lock;
    uint64_t uses;
    Kept at[QUERY_VECTORS_KEPT];
};

QueryVectors *query_vectors_new(void)
{
    QueryVectors *kept = heap_alloc(sizeof *kept);
    pthread_mutex_init(&kept->lock, NULL);
    return kept;
}

static void forget(Kept *one)
{
    free(one->name);
    free(one->values);
    *one = (Kept){ 0 };
}

void query_vectors_free(QueryVectors *kept)
{
    if (!kept)
        return;
    for (size_t i = 0; i < COUNT(kept->at); i++)
        forget(&kept->at[i]);
    pthread_mutex_destroy(&kept->lock);
    free(kept);
}

/* The parts of the name have no zero byte. */
static Str name_of(const QueryVector *vector, Arena *arena)
{
    Buf name = buf_new(arena, KB(64));
    buf_add(&name, vector->workspace);
    buf_add_bytes(&name, "", 1);
    buf_add(&name, vector->model);
    buf_add_bytes(&name, "", 1);
    buf_add(&name, vector->text);
    return buf_str(&name);
}

/* The lock is held. */
static Kept *find(QueryVectors *kept, Str name, uint32_t hash)
{
    for (size_t i = 0; i < COUNT(kept->at); i++) {
        Kept *one = &kept->at[i];
        if (one->used && one->hash == hash && one->name_size == name.length &&
            memcmp(one->name, name.at, name.length) == 0)
            return one;
    }
    return NULL;
}

static Kept *oldest(QueryVectors *kept)
{
    Kept *found = &kept->at[0];
    for (size_t i = 1; i < COUNT(kept->at); i++)
        if (kept->at[i].used < found->used)
            found = &kept->at[i];
    return found;
}

static bool take_kept(QueryVector *vector)
{
    Str name = vector->name;
    QueryVectors *kept = vector->kept;
    pthread_mutex_lock(&kept->lock);
    Kept *one = find(kept, name, crc32c(0, name.at, name.length));
    bool is_there = one && one->dims == vector->dims;
    if (is_there) {
        one->used = ++kept->uses;
        memcpy(vector->values, one->values, one->dims * sizeof *one->values);
    }
    pthread_mutex_unlock(&kept->lock);
    return is_there;
}

static void keep(const QueryVector *vector)
{
    QueryVectors *kept = vector->kept;
    Str name = vector->name;
    uint32_t hash = crc32c(0, name.at, name.length);
    size_t size = vector->dims * sizeof *vector->values;
    pthread_mutex_lock(&kept->lock);
    Kept *one = find(kept, name, hash);
    if (!one) {
        one = oldest(kept);
        forget(one);
        *one = (Kept){ .hash = hash, .name_size = name.length, .dims = vector->dims };
        one->name = heap_alloc(name.length);
        one->values = heap_alloc(size);
        memcpy(one->name, name.at, name.length);
    }
    memcpy(one->values, vector->values, size);
    one->used = ++kept->uses;
    pthread_mutex_unlock(&kept->lock);
}

bool query_vector_begin(QueryVector *vector, EncodeQueue *queue, Arena *arena, Error *err)
{
    vector->values = arena_new_array(arena, float, vector->dims);
    vector->name = name_of(vector, arena);
    vector->is_there = vector->kept && !vector->anew && take_kept(vector);
    if (!vector->is_there)
        vector->call = encode_queue_begin(queue, ENCODE_QUERY, vector->text, vector->values, err);
    return vector->is_there || vector->call;
}

const float *query_vector_await(QueryVector *vector, Error *err)
{
    if (vector->call) {
        vector->is_there = encode_queue_await(vector->call, err);
        vector->call = NULL;
        if (vector->is_there && vector->kept)
            keep(vector);
    }
    return vector->is_there ? vector->values : NULL;
}
