/* vector_exact.c - see vector_exact.h. */
#include "library/vector_exact.h"

#include <math.h>

#include "base/clock.h"
#include "index/vectors.h"

#define SLICE_BYTES MB(16) /* of rows, if all had as many values as they may */
#define SLICE_MIN 64
#define SLICE_MAX 2000
#define LANES 8

/* --- Comparing --- */

static float sum_of(const float *lanes)
{
    float sum = 0;
    for (size_t i = 0; i < LANES; i++)
        sum += lanes[i];
    return sum;
}

/* Sums side by side, which the compiler may leave to vector instructions. */
static float cosine(const float *query, float query_square, const float *values, size_t dims)
{
    float products[LANES] = { 0 }, squares[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= dims; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++) {
            products[lane] += query[i + lane] * values[i + lane];
            squares[lane] += values[i + lane] * values[i + lane];
        }
    for (; i < dims; i++) {
        products[0] += query[i] * values[i];
        squares[0] += values[i] * values[i];
    }
    float square = sum_of(squares) * query_square;
    return square > 0 ? sum_of(products) / sqrtf(square) : 0;
}

size_t vector_exact_hits(const VectorSpace *space, const VectorList *rows, const float *query,
                         const KeyFilter *filter, Arena *arena, LegHit *hits)
{
    float query_square = 0;
    size_t dims = space->dims, count = 0;
    float *values = arena_new_array(arena, float, dims);
    for (size_t i = 0; i < dims; i++)
        query_square += query[i] * query[i];
    for (size_t i = 0; i < rows->count; i++) {
        const Vector *row = &rows->at[i];
        size_t parts = vector_parts(row, dims);
        if (parts > VECTOR_PARTS_MAX || (filter && !key_allowed(filter, (uint64_t)row->number)))
            continue;
        for (size_t part = 0; part < parts; part++) {
            vector_values(row, part, dims, values);
            hits[count++] = (LegHit){ (uint64_t)row->number,
                                      cosine(query, query_square, values, dims), (uint32_t)part };
        }
    }
    return count;
}

/* --- All that is allowed --- */

typedef struct Pass {
    const VectorSpace *space;
    const float *query;
    const KeyFilter *filter;
    size_t k, slice;
    int64_t until_ms;
    LegHit *best; /* k and what comes of a slice */
    size_t count;
    size_t word; /* of the bitmap: what is before it was compared */
    uint64_t left;
    int64_t *numbers; /* of a slice */
} Pass;

/* The next allowed keys; how many. */
static size_t next_numbers(Pass *pass)
{
    size_t words = bitmap_words(pass->filter->bit_count), count = 0;
    while (count < pass->slice && pass->word < words) {
        uint64_t key = pass->word * 64 + (pass->left ? (uint64_t)__builtin_ctzll(pass->left) : 0);
        if (pass->left && key < pass->filter->bit_count)
            pass->numbers[count++] = (int64_t)key;
        pass->left &= pass->left - (pass->left != 0);
        if (!pass->left && ++pass->word < words)
            pass->left = pass->filter->bits[pass->word];
    }
    return count;
}

static bool pass_work(DbTx *tx, void *argument, Error *err)
{
    Pass *pass = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Scope scope = { .workspace = pass->space->workspace, .role = ROLE_OWNER };
    pass->count = 0; /* it may run again */
    pass->word = 0;
    pass->left = pass->filter->bit_count ? pass->filter->bits[0] : 0;
    for (size_t count; (count = next_numbers(pass)) > 0; arena_reset(arena)) {
        VectorList rows;
        if (monotonic_ms() > pass->until_ms)
            return fail(err, ERROR_TIMEOUT,
                        "comparing all vectors that a filter allows took more "
                        "than a search may");
        if (!vector_find_many(tx, &scope, arena, pass->space->model, pass->numbers, count, &rows,
                              err))
            return false;
        pass->count += vector_exact_hits(pass->space, &rows, pass->query, pass->filter, arena,
                                         pass->best + pass->count);
        pass->count = vector_store_best(pass->best, pass->count, pass->k);
    }
    return true;
}

static bool nearest(void *self, const VectorSpace *space, Arena *arena, const float *query,
                    const KeyFilter *filter, size_t k, int64_t until_ms, LegHit *hits,
                    size_t *count_r, Error *err)
{
    Scope scope = { .workspace = space->workspace, .role = ROLE_OWNER };
    size_t most = SLICE_BYTES / (space->dims * sizeof(float) * VECTOR_PARTS_MAX);
    size_t slice = MIN(MAX(most, (size_t)SLICE_MIN), (size_t)SLICE_MAX);
    Pass pass = { .space = space,
                  .query = query,
                  .filter = filter,
                  .k = k,
                  .slice = slice,
                  .until_ms = until_ms,
                  .best = arena_new_array(arena, LegHit, k + slice * VECTOR_PARTS_MAX),
                  .numbers = arena_new_array(arena, int64_t, slice) };
    if (!store_read(self, &scope, pass_work, &pass, err))
        return false;
    if (pass.count)
        memcpy(hits, pass.best, pass.count * sizeof *hits);
    *count_r = pass.count;
    return true;
}

VectorExact vector_exact_of(Db *db) { return (VectorExact){ .nearest = nearest, .self = db }; }
