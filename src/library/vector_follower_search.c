/* vector_follower_search.c - searching a store of vectors that may be behind; see
 * vector_follower.h. */
#include "index/vectors.h"
#include "library/vector_exact.h"
#include "library/vector_follower_int.h"

/* So many that wait are compared by each search, those that came last: the store has the others
 * before long, or it is away. */
#define COMPARE_MAX 512

typedef struct Waiting {
    Arena *arena;
    Scope scope;
    const VectorSpace *space;
    int64_t *numbers;
    size_t count;
    VectorList rows; /* those of them that are live */
} Waiting;

static bool find_rows(DbTx *tx, void *argument, Error *err)
{
    Waiting *waiting = argument;
    return vector_find_many(tx, &waiting->scope, waiting->arena, waiting->space->model,
                            waiting->numbers, waiting->count, &waiting->rows, err);
}

static size_t find_waiting(VectorFollower *follower, const VectorSpace *space, Arena *arena,
                           int64_t **numbers_r)
{
    size_t count = 0;
    pthread_mutex_lock(&follower->lock);
    const Space *found = find_vector_space(follower, space->workspace, space->model);
    if (found && found->changes.waiting) {
        *numbers_r = arena_new_array(arena, int64_t, COMPARE_MAX);
        count = vector_changes_newest(&found->changes, COMPARE_MAX, *numbers_r);
    }
    pthread_mutex_unlock(&follower->lock);
    return count;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* What the store has of those that wait is of before. */
static size_t without(const Waiting *waiting, LegHit *hits, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t number = (int64_t)hits[i].key;
        if (!bsearch(&number, waiting->numbers, waiting->count, sizeof number, by_number))
            hits[kept++] = hits[i];
    }
    return kept;
}

bool vector_follower_search(VectorFollower *follower, const VectorSpace *space, Arena *arena,
                            const float *query, const KeyFilter *filter, size_t k, LegHit *hits,
                            size_t *count_r, Error *err)
{
    VectorStore *store = follower->store;
    Waiting waiting = { .arena = arena,
                        .scope = { .workspace = space->workspace, .role = ROLE_OWNER },
                        .space = space };
    size_t count = 0;
    waiting.count = find_waiting(follower, space, arena, &waiting.numbers);
    if (!waiting.count)
        return store->search(store, space, arena, query, filter, k, hits, count_r, err);
    size_t asked = k + waiting.count;
    LegHit *all = arena_new_array(arena, LegHit, asked + waiting.count * VECTOR_PARTS_MAX);
    if (!store_read(follower->db, &waiting.scope, find_rows, &waiting, err) ||
        !store->search(store, space, arena, query, filter, asked, all, &count, err))
        return false;
    count = without(&waiting, all, count);
    count += vector_exact_hits(space, &waiting.rows, query, filter, arena, all + count);
    *count_r = vector_store_best(all, count, k);
    if (*count_r)
        memcpy(hits, all, *count_r * sizeof *hits);
    return true;
}
