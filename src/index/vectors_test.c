/* vectors_test.c - the vector index against exact answers, its kernels, deletes and damaged files.
 */
#include "index/vectors.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>

#include "base/file.h"
#include "index/vectors_cells.h"
#include "index/vectors_private.h"

#define DIMS 96
#define COUNT_ALL 6000
#define CLUSTERS 150

static uint32_t next_random(uint32_t *state) { return *state = *state * 1664525u + 1013904223u; }

/* Near normal, from a few uniform numbers. */
static float noise(uint32_t *state)
{
    float sum = 0;
    for (int i = 0; i < 6; i++)
        sum += (float)(next_random(state) >> 8) / (float)(1 << 24) - 0.5f;
    return sum;
}

/* Vectors in clusters, as those of texts are. */
static void fill(float *vectors, size_t count, uint32_t seed)
{
    static float centres[CLUSTERS][DIMS];
    uint32_t state = 99;
    for (size_t c = 0; c < CLUSTERS; c++)
        for (size_t d = 0; d < DIMS; d++)
            centres[c][d] = noise(&state);
    state = seed;
    for (size_t i = 0; i < count; i++) {
        size_t c = (next_random(&state) >> 8) % CLUSTERS;
        for (size_t d = 0; d < DIMS; d++)
            vectors[i * DIMS + d] = centres[c][d] + 0.7f * noise(&state);
    }
}

typedef struct Fixture {
    Arena *arena;
    VectorIndex *index;
    float *vectors;
    char folder[64];
} Fixture;

static Fixture fixture(size_t count)
{
    Fixture f = { .arena = arena_new(MB(64)), .folder = "/tmp/lectern-vectors-XXXXXX" };
    cr_assert(mkdtemp(f.folder));
    f.index = vectors_new(f.folder, DIMS, 1, false);
    f.vectors = arena_new_array(f.arena, float, COUNT_ALL *DIMS);
    fill(f.vectors, COUNT_ALL, 5);
    for (size_t i = 0; i < count; i++) {
        vectors_add(f.index, i, 0, f.vectors + i * DIMS);
        if (i % 700 == 0)
            vectors_publish(f.index);
    }
    vectors_publish(f.index);
    return f;
}

static void finish(Fixture *f)
{
    Error err = { 0 };
    vectors_free(f->index);
    cr_expect(folder_remove(f->folder, &err));
    arena_free(f->arena);
}

static float cosine(const float *a, const float *b)
{
    double inner = 0, left = 0, right = 0;
    for (size_t d = 0; d < DIMS; d++) {
        inner += (double)a[d] * (double)b[d];
        left += (double)a[d] * (double)a[d];
        right += (double)b[d] * (double)b[d];
    }
    return (float)(inner / sqrt(left * right));
}

/* How many of the true ten, among keys with key % step == 0 and at or past `from`, are in hits. */
static size_t true_ones(const Fixture *f, const float *query, size_t step, size_t from,
                        const LegHit *hits, size_t count)
{
    float best[10];
    size_t have = 0, found = 0;
    for (size_t i = from; i < COUNT_ALL; i++) {
        float score = cosine(query, f->vectors + i * DIMS);
        if (i % step || (have == 10 && score <= best[9]))
            continue;
        size_t at = have < 10 ? have++ : 9;
        for (; at && best[at - 1] < score; at--)
            best[at] = best[at - 1];
        best[at] = score;
    }
    for (size_t h = 0; h < count; h++)
        found += hits[h].key >= from && hits[h].key % step == 0 &&
                 cosine(query, f->vectors + hits[h].key * DIMS) >= best[have - 1];
    return found;
}

static bool every_hundredth(void *self, uint64_t key)
{
    (void)self;
    return key % 100 == 0;
}

static bool every_third(void *self, uint64_t key)
{
    (void)self;
    return key % 3 == 0;
}

Test(index, nearly_all_true_neighbours_are_found)
{
    Fixture f = fixture(COUNT_ALL);
    float queries[50 * DIMS];
    size_t all = 0, hundredth = 0, third = 0;
    KeyFilter hundredths = { .allows = every_hundredth }, thirds = { .allows = every_third };
    fill(queries, 50, 77);
    for (size_t q = 0; q < 50; q++) {
        LegHit hits[10];
        const float *query = queries + q * DIMS;
        cr_assert_eq(vectors_search(f.index, query, NULL, 10, hits), 10);
        all += true_ones(&f, query, 1, 0, hits, 10);
        cr_expect(fabsf(hits[0].score - cosine(query, f.vectors + hits[0].key * DIMS)) < 0.01f);
        cr_assert_eq(vectors_search(f.index, query, &hundredths, 10, hits), 10);
        hundredth += true_ones(&f, query, 100, 0, hits, 10);
        cr_assert_eq(vectors_search(f.index, query, &thirds, 10, hits), 10);
        third += true_ones(&f, query, 3, 0, hits, 10);
    }
    cr_expect_geq(all, 492, "%zu of 500", all);
    cr_expect_geq(third, 492, "%zu of 500", third);
    cr_expect_geq(hundredth, 495, "%zu of 500", hundredth);
    finish(&f);
}

Test(index, vectors_are_replaced_deleted_and_kept_on_disk)
{
    Fixture f = fixture(COUNT_ALL);
    Error err = { 0 };
    uint64_t generation = 0;
    LegHit hits[10], again[10];
    float zeros[DIMS] = { 0 };
    for (uint64_t key = 0; key < 3000; key++)
        cr_assert(vectors_delete(f.index, key));
    cr_expect_not(vectors_delete(f.index, 0));
    vectors_add(f.index, 5000, 0, f.vectors);
    vectors_add(f.index, 5001, 0, zeros);
    cr_assert(vectors_commit(f.index, 7, &err), "%s", err.message);
    cr_expect_lt(vectors_size(f.index).dead, 1500, "dead vectors leave the files");
    cr_assert_eq(vectors_search(f.index, f.vectors, NULL, 10, hits), 10);
    cr_expect_eq(hits[0].key, 5000);
    cr_expect_gt(hits[0].score, 0.999f);
    for (size_t i = 0; i < 10; i++)
        cr_expect_geq(hits[i].key, 3000);
    vectors_free(f.index);
    f.index = vectors_new(f.folder, DIMS, 1, false);
    cr_assert_eq(vectors_load(f.index, &generation, &err), SHELF_LOADED, "%s", err.message);
    cr_expect_eq(generation, 7);
    cr_expect_eq(vectors_size(f.index).entries, 3000);
    cr_assert_eq(vectors_search(f.index, f.vectors, NULL, 10, again), 10);
    for (size_t i = 0; i < 10; i++)
        cr_expect(hits[i].key == again[i].key && hits[i].score == again[i].score);
    vectors_free(f.index);
    f.index = vectors_new(f.folder, DIMS / 2, 1, false);
    cr_expect_eq(vectors_load(f.index, &generation, &err), SHELF_DAMAGED, "other dimensions");
    finish(&f);
}

Test(index, damaged_vector_files_are_reported)
{
    Fixture f = fixture(300);
    Error err = { 0 };
    uint64_t generation;
    Str bytes;
    cr_assert(vectors_commit(f.index, 7, &err));
    char *path = path_join(f.arena, str(f.folder), S("00000001.seg"));
    cr_assert(file_read(f.arena, path, MB(16), &bytes, &err), "%s", err.message);
    for (size_t at = 0; at < bytes.length; at += bytes.length / 23 + 1) {
        char *copy = str_c(f.arena, bytes);
        copy[at] ^= 1;
        for (int round = 0; round < 2; round++) {
            Str damaged = { round ? bytes.at : copy, round ? at : bytes.length };
            cr_assert(file_write(path, damaged, 0600, &err));
            VectorIndex *index = vectors_new(f.folder, DIMS, 1, false);
            cr_expect_eq(vectors_load(index, &generation, &err), SHELF_DAMAGED);
            vectors_free(index);
        }
    }
    finish(&f);
}

static const VectorKernels *plain_kernels(void)
{
    size_t k = 0;
    while (vector_kernels_all[k + 1])
        k++;
    return vector_kernels_all[k];
}

/* 6 words have kernels of their own; 17 dimensions more than whole words. */
static void compare_kernels(const VectorKernels *kernels, size_t words, uint32_t *state)
{
    enum { GROUPS = 11, WORDS_MAX = 33, PLACES = GROUPS * 8 };
    const VectorKernels *plain = plain_kernels();
    uint64_t signs[GROUPS * WORDS_MAX * 8], query[WORDS_MAX];
    int8_t bytes[WORDS_MAX * 64];
    uint16_t distances[2][PLACES], near[2][PLACES];
    for (size_t i = 0; i < COUNT(signs); i++)
        signs[i] = (uint64_t)next_random(state) << 32 | next_random(state);
    for (size_t i = 0; i < WORDS_MAX; i++)
        query[i] = (uint64_t)next_random(state) << 32 | next_random(state);
    for (size_t i = 0; i < COUNT(bytes); i++)
        bytes[i] = (int8_t)((int)(next_random(state) >> 8) % 128 * (i % 2 ? 1 : -1));
    for (size_t groups = 0; groups <= GROUPS; groups++) {
        plain->distances(signs, groups, words, query, distances[0]);
        kernels->distances(signs, groups, words, query, distances[1]);
        cr_assert_eq(memcmp(distances[0], distances[1], groups * 16), 0, "%s", kernels->name);
        for (size_t step = 0; step < 12; step++) {
            uint16_t limit = (uint16_t)(words * (26 + step));
            size_t found = plain->select(distances[0], groups * 8, limit, near[0]);
            cr_assert_eq(found, kernels->select(distances[0], groups * 8, limit, near[1]));
            cr_assert_eq(memcmp(near[0], near[1], found * 2), 0, "%s", kernels->name);
            cr_assert_eq(found, kernels->count(distances[0], groups * 8, limit));
        }
    }
    for (size_t lane = 0; lane < 8; lane++)
        cr_expect_eq(plain->sum_signed(bytes, signs + lane, words),
                     kernels->sum_signed(bytes, signs + lane, words), "%s", kernels->name);
}

static void compare_rows(const VectorKernels *kernels, size_t words, uint32_t *state)
{
    enum { ROWS = 12, WORDS_MAX = 33 };
    int8_t query[WORDS_MAX * 64];
    uint8_t values[ROWS * WORDS_MAX * 64];
    int32_t inners[2][ROWS] = { 0 };
    for (size_t i = 0; i < COUNT(query); i++)
        query[i] = (int8_t)(i % 5 ? (int)(next_random(state) >> 8) % 128 : -127);
    for (size_t i = 0; i < COUNT(values); i++)
        values[i] = (uint8_t)(i % 3 ? (next_random(state) >> 8) % 128 : VECTOR_ROW_MAX);
    plain_kernels()->inner_rows(query, values, ROWS, words, inners[0]);
    kernels->inner_rows(query, values, ROWS, words, inners[1]);
    cr_expect_eq(memcmp(inners[0], inners[1], sizeof(inners[0])), 0, "%s, %zu", kernels->name,
                 words);
}

Test(index, every_kernel_gives_the_same)
{
    enum { VALUES = 391 };
    static const size_t words[] = { 1, 2, 6, 7, 33 };
    int8_t values[VALUES];
    int16_t numbers[VALUES];
    uint32_t state = 3;
    for (size_t i = 0; i < VALUES; i++) {
        numbers[i] = (int16_t)((int)(next_random(&state) >> 19) - VECTOR_QUERY_MAX);
        values[i] = (int8_t)(next_random(&state) >> 24);
    }
    for (size_t k = 0; vector_kernels_all[k]; k++) {
        const VectorKernels *kernels = vector_kernels_all[k];
        if (!kernels->is_supported())
            continue;
        for (size_t i = 0; i < COUNT(words); i++) {
            compare_kernels(kernels, words[i], &state);
            compare_rows(kernels, words[i], &state);
        }
        for (size_t dims = 0; dims <= VALUES; dims += 17)
            cr_expect_eq(plain_kernels()->inner(numbers, values, dims),
                         kernels->inner(numbers, values, dims), "%s, %zu", kernels->name, dims);
    }
}

/* Every entry has one place, with the signs of its values, in a cell that is no empty one. */
static void check_cells(const Segment *segment)
{
    const VectorView *view = segment->view;
    size_t words = words_of(DIMS), places = (size_t)view->cell_groups[view->cell_count] * 8;
    size_t placed = 0;
    AUTO_FREE bool *seen = heap_alloc(segment->count);
    for (size_t place = 0; place < places; place++) {
        uint32_t entry = view->place_entry[place];
        if (entry == NO_ENTRY)
            continue;
        cr_assert_lt(entry, segment->count);
        cr_assert_not(seen[entry]);
        seen[entry] = true;
        placed++;
        for (size_t d = 0; d < DIMS; d++)
            cr_assert_eq(view->signs[(place / 8 * words + d / 64) * 8 + place % 8] >> (d % 64) & 1,
                         view->values[entry * DIMS + d] > 0);
    }
    cr_expect_eq(placed, segment->count);
}

Test(index, every_vector_has_one_place_in_a_cell)
{
    static const size_t counts[] = { 1, 7, 1023, 1024, COUNT_ALL };
    for (size_t i = 0; i < COUNT(counts); i++) {
        Fixture f = fixture(0);
        for (size_t key = 0; key < counts[i]; key++)
            vectors_add(f.index, key, 0, f.vectors + key * DIMS);
        vectors_publish(f.index);
        Snapshot *now = vectors_snapshot(f.index);
        for (size_t s = 0; s < now->count; s++) {
            size_t entries = now->at[s]->count;
            const VectorView *view = now->at[s]->view;
            check_cells(now->at[s]);
            cr_expect_eq(view->cell_count > 1, entries >= 1024, "%zu", entries);
        }
        snapshot_release(now);
        finish(&f);
    }
}

/* The mean cosine of entries with the centres of their cells, which each is in once. */
static double mean_cosine(const VectorCells *cells, const int8_t *values, size_t count, size_t dims)
{
    AUTO_FREE bool *seen = heap_alloc(count);
    double all = 0;
    cr_assert_eq(cells->first[0], 0);
    cr_assert_eq(cells->first[cells->count], count);
    for (size_t c = 0; c < cells->count; c++)
        for (size_t i = cells->first[c]; i < cells->first[c + 1]; i++) {
            double inner = 0, square = 0;
            size_t entry = cells->entries[i];
            cr_assert(entry < count && !seen[entry]);
            seen[entry] = true;
            for (size_t d = 0; d < dims; d++) {
                int value = values[entry * dims + d];
                inner += value * (cells->centres[c * words_of(dims) * 64 + d] - CENTRE_ZERO);
                square += value * value;
            }
            all += inner * (double)cells->scales[c] / sqrt(MAX(square, 1.0));
        }
    return all / (double)count;
}

/* int8 vectors in clusters, every eighth one like the one before it, and their signs. */
static void fill_values(int8_t *values, uint64_t *signs, size_t count, size_t dims)
{
    uint32_t state = 7;
    AUTO_FREE float *centres = heap_alloc(CLUSTERS * dims * sizeof(*centres));
    for (size_t i = 0; i < CLUSTERS * dims; i++)
        centres[i] = noise(&state);
    for (size_t i = 0; i < count; i++) {
        size_t cluster = (next_random(&state) >> 8) % CLUSTERS;
        for (size_t d = 0; d < dims; d++) {
            float value = 30 * (centres[cluster * dims + d] + 0.7f * noise(&state));
            int8_t *at = &values[i * dims + d];
            *at = i % 8 == 7 ? at[-(ptrdiff_t)dims] : (int8_t)MAX(MIN(value, 127.0f), -127.0f);
            signs[i * words_of(dims) + d / 64] |= (uint64_t)(*at > 0) << (d % 64);
        }
    }
}

static void start_from(const VectorCells *cells, size_t count, uint32_t *of)
{
    memset(of, 0xFF, count * sizeof(*of));
    for (size_t c = 0; c < cells->count; c++)
        for (size_t i = cells->first[c]; i < cells->first[c + 1]; i++)
            of[cells->entries[i]] = (uint32_t)c;
}

/* With the same entries and with more of them. */
Test(index, cells_made_of_earlier_ones_are_as_near)
{
    enum { FIRST = 3000, ALL = 4500 };
    static const size_t dims[] = { 17, 64, 200, 384, 1536 };
    for (size_t i = 0; i < COUNT(dims); i++) {
        AUTO_FREE int8_t *values = heap_alloc(ALL * dims[i]);
        AUTO_FREE uint64_t *signs = heap_alloc(ALL * words_of(dims[i]) * sizeof(*signs));
        AUTO_FREE uint32_t *of = heap_alloc(ALL * sizeof(*of));
        double means[2];
        size_t counts[2];
        fill_values(values, signs, ALL, dims[i]);
        memset(of, 0xFF, ALL * sizeof(*of));
        VectorCells cells =
            vector_cells_make(values, signs, FIRST, dims[i], &(VectorCentres){ 0 }, of);
        double first = mean_cosine(&cells, values, FIRST, dims[i]);
        for (size_t round = 0; round < 2; round++) {
            const VectorCentres before = { cells.count, cells.centres };
            size_t count = round ? ALL : FIRST;
            start_from(&cells, count, of);
            VectorCells next = vector_cells_make(values, signs, count, dims[i], &before, of);
            means[round] = mean_cosine(&next, values, count, dims[i]);
            counts[round] = next.count;
            vector_cells_free(&cells);
            cells = next;
        }
        vector_cells_free(&cells);
        cr_expect_geq(means[0], first - 0.001, "%zu: %g, %g", dims[i], means[0], first);
        cr_expect_gt(means[1], first - 0.03, "%zu: %g, %g", dims[i], means[1], first);
        cr_expect_gt(counts[1], counts[0]);
    }
}

/* All of one direction, all nothing, or all the same: one cell has all, or none is nearer. */
Test(index, vectors_that_make_no_cells_are_found)
{
    enum { SAME = 3000 };
    for (int shape = 0; shape < 3; shape++) {
        Fixture f = fixture(0);
        float vector[DIMS];
        LegHit hits[SAME];
        for (uint64_t key = 0; key < SAME; key++) {
            for (size_t d = 0; d < DIMS; d++)
                vector[d] = shape ? (float)(shape == 2 ? 1 : key + 1) : 0;
            vectors_add(f.index, key, 0, vector);
        }
        vectors_publish(f.index);
        for (size_t k = 1; k <= SAME; k = k * 5 + 1)
            cr_expect_eq(vectors_search(f.index, f.vectors, NULL, k, hits), k, "%d", shape);
        cr_expect_eq(vectors_search(f.index, f.vectors, NULL, SAME, hits), SAME);
        finish(&f);
    }
}

/* Parts of one key are near to each other, so that few keys fill the candidates. */
enum { PARTED_KEYS = 400 };

static size_t parts_of(uint64_t key) { return 1 + key * 7 % VECTOR_PARTS_MAX; }

static Fixture parted_fixture(float **parts_r)
{
    Fixture f = fixture(0);
    float *parts = arena_new_array(f.arena, float, PARTED_KEYS *VECTOR_PARTS_MAX *DIMS);
    uint32_t state = 7;
    for (size_t key = 0; key < PARTED_KEYS; key++)
        for (size_t part = 0; part < parts_of(key); part++) {
            float *vector = parts + (key * VECTOR_PARTS_MAX + part) * DIMS;
            for (size_t d = 0; d < DIMS; d++)
                vector[d] = f.vectors[key * DIMS + d] + 0.2f * noise(&state);
            vectors_add(f.index, key, (uint32_t)part, vector);
            if (key % 90 == 0)
                vectors_publish(f.index);
        }
    vectors_publish(f.index);
    *parts_r = parts;
    return f;
}

Test(index, a_key_is_found_once_by_its_best_part)
{
    float *parts;
    Fixture f = parted_fixture(&parts);
    static const size_t counts[] = { 1, 10, 150, PARTED_KEYS, PARTED_KEYS + 5 };
    size_t missed = 0, looked = 0;
    for (size_t c = 0; c < COUNT(counts); c++)
        for (size_t q = 0; q < 5; q++) {
            LegHit hits[PARTED_KEYS + 5];
            const float *query = f.vectors + (q * 31 + c) * DIMS;
            size_t got = vectors_search(f.index, query, NULL, counts[c], hits);
            bool seen[PARTED_KEYS] = { 0 };
            cr_assert_eq(got, MIN(counts[c], PARTED_KEYS));
            for (size_t i = 0; i < got; i++) {
                uint64_t key = hits[i].key;
                const float *all = parts + key * VECTOR_PARTS_MAX * DIMS;
                cr_assert(key < PARTED_KEYS && !seen[key], "each key once");
                seen[key] = true;
                cr_assert_lt(hits[i].part, parts_of(key));
                float score = cosine(query, all + hits[i].part * DIMS);
                cr_expect_lt(fabsf(hits[i].score - score), 0.01f);
                looked += i < 10;
                for (size_t part = 0; i < 10 && part < parts_of(key); part++)
                    if (cosine(query, all + part * DIMS) > score + 0.01f) {
                        missed++;
                        break;
                    }
            }
        }
    cr_expect_leq(missed * 50, looked, "%zu of %zu keys have a better part", missed, looked);
    finish(&f);
}

Test(index, parts_are_replaced_alone_and_deleted_together)
{
    float *parts, opposite[DIMS], cosines[4];
    Fixture f = parted_fixture(&parts);
    Error err = { 0 };
    uint64_t generation;
    KeyFilter thirds = { .allows = every_third };
    LegHit hits[PARTED_KEYS];
    size_t left = vectors_size(f.index).entries;
    for (uint64_t key = 0; key < PARTED_KEYS; key += 2) {
        cr_assert(vectors_delete(f.index, key));
        cr_expect_not(vectors_delete(f.index, key));
        left -= parts_of(key);
    }
    cr_expect_eq(vectors_size(f.index).entries, left);
    for (size_t d = 0; d < DIMS; d++)
        opposite[d] = -parts[(3 * VECTOR_PARTS_MAX + 2) * DIMS + d];
    vectors_add(f.index, 3, 2, opposite);
    cr_assert(vectors_commit(f.index, 1, &err), "%s", err.message);
    cr_expect_eq(vectors_size(f.index).entries, left, "a part added again replaces itself");
    vectors_free(f.index);
    f.index = vectors_new(f.folder, DIMS, 1, false);
    cr_assert_eq(vectors_load(f.index, &generation, &err), SHELF_LOADED, "%s", err.message);
    cr_assert_eq(vectors_search(f.index, opposite, NULL, 1, hits), 1);
    cr_expect(hits[0].key == 3 && hits[0].part == 2);
    cr_expect_eq(vectors_search(f.index, opposite, &thirds, PARTED_KEYS, hits),
                 PARTED_KEYS / 6 + 1);
    /* Cosines are of the part named, else of the first. */
    LegHit pair[] = { { .key = 3, .part = 2 }, { .key = 3, .part = 15 } };
    vectors_similarities(f.index, pair, 2, cosines);
    float expected = cosine(opposite, parts + 3 * VECTOR_PARTS_MAX * DIMS);
    cr_expect_lt(fabsf(cosines[1] - expected), 0.01f, "%g", (double)cosines[1]);
    vectors_erase(f.index, 3);
    cr_expect_eq(vectors_size(f.index).entries, left - parts_of(3));
    finish(&f);
}

Test(index, cosines_of_hits_with_each_other_are_theirs)
{
    enum { HITS = 11, GONE = 6 };
    float *parts, cosines[HITS * HITS];
    Fixture f = parted_fixture(&parts);
    LegHit hits[HITS];
    for (uint64_t i = 0; i < HITS; i++)
        hits[i] = (LegHit){ .key = i == GONE ? PARTED_KEYS + 1 : 7 * i };
    vectors_similarities(f.index, hits, HITS, cosines);
    for (size_t i = 0; i < HITS; i++)
        for (size_t j = 0; j < HITS; j++) {
            const float *left = parts + hits[i].key * VECTOR_PARTS_MAX * DIMS,
                        *right = parts + hits[j].key * VECTOR_PARTS_MAX * DIMS;
            bool is_none = i == j || i == GONE || j == GONE;
            float expected = is_none ? 0 : cosine(left, right);
            cr_expect_lt(fabsf(cosines[i * HITS + j] - expected), 0.01f, "%zu %zu", i, j);
        }
    finish(&f);
}

/* Keys in a row, with gaps and with parts: a bitmap of any length lets through what it names. */
Test(index, a_bitmap_filter_gives_exactly_its_keys)
{
    Fixture f = fixture(0);
    enum { KEYS = 1500 };
    uint64_t bits[KEYS / 64 + 1];
    uint32_t state = 11;
    for (unsigned shape = 0; shape < 3; shape++) {
        size_t stored = 0;
        bool has[KEYS] = { 0 };
        vectors_clear(f.index);
        for (uint64_t key = 3; key < KEYS; key++) {
            if (shape == 1 && next_random(&state) >> 29 == 0)
                continue;
            for (uint32_t part = 0; part < (shape == 2 && key % 50 == 0 ? 3 : 1); part++)
                vectors_add(f.index, key, part, f.vectors + key * DIMS);
            has[key] = true;
            stored += 1;
        }
        vectors_publish(f.index);
        for (uint64_t key = 70; key < 80; key++)
            has[key] = vectors_delete(f.index, key) && false;
        for (uint64_t count = 1; count <= KEYS; count += 1 + next_random(&state) % 97) {
            LegHit hits[KEYS];
            size_t expected = 0;
            for (size_t w = 0; w < COUNT(bits); w++)
                bits[w] = (uint64_t)next_random(&state) << 32 | next_random(&state);
            KeyFilter filter = { .bits = bits, .bit_count = count };
            for (uint64_t key = 0; key < count; key++)
                expected += has[key] && bits[key / 64] >> (key % 64) & 1;
            size_t got = vectors_search(f.index, f.vectors, &filter, KEYS, hits);
            cr_assert_eq(got, expected, "%zu for %zu keys of %zu", got, (size_t)count, stored);
            for (size_t i = 0; i < got; i++)
                cr_assert(hits[i].key < count && has[hits[i].key] &&
                          bits[hits[i].key / 64] >> (hits[i].key % 64) & 1);
        }
    }
    finish(&f);
}

Test(index, half_precision_finds_the_true_ones)
{
    Fixture f = fixture(0);
    Error err = { 0 };
    uint64_t generation;
    float queries[50 * DIMS];
    size_t found = 0;
    fill(queries, 50, 77);
    VectorIndex *exact = vectors_new(f.folder, DIMS, 1, true);
    for (size_t i = 0; i < COUNT_ALL; i++)
        vectors_add(exact, i, 0, f.vectors + i * DIMS);
    cr_assert(vectors_commit(exact, 3, &err), "%s", err.message);
    for (size_t q = 0; q < 50; q++) {
        LegHit hits[10];
        const float *query = queries + q * DIMS;
        cr_assert_eq(vectors_search(exact, query, NULL, 10, hits), 10);
        found += true_ones(&f, query, 1, 0, hits, 10);
        for (size_t i = 0; i < 10; i++)
            cr_expect_lt(fabsf(hits[i].score - cosine(query, f.vectors + hits[i].key * DIMS)),
                         0.0005f);
    }
    cr_expect_geq(found, 499, "%zu of 500", found);
    vectors_free(exact);
    exact = vectors_new(f.folder, DIMS, 1, true);
    cr_expect_eq(vectors_load(exact, &generation, &err), SHELF_LOADED, "%s", err.message);
    vectors_free(exact);
    cr_expect_eq(vectors_load(f.index, &generation, &err), SHELF_DAMAGED, "without exactness");
    finish(&f);
}

/* Whether a file of the folder has the bytes. */
static bool any_file_has(Fixture *f, Str wanted)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    bool any = false;
    DIR *folder = opendir(f->folder);
    cr_assert(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        Str bytes;
        if (entry->d_name[0] == '.')
            continue;
        char *path = path_join(arena, str(f->folder), str(entry->d_name));
        cr_assert(file_read(arena, path, MB(16), &bytes, &err), "%s", err.message);
        any |= memmem(bytes.at, bytes.length, wanted.at, wanted.length) != NULL;
    }
    closedir(folder);
    return any;
}

/* The first part is the centre of a cell of its own: it comes first, and is like no other. */
enum { ERASED_PARTS = 3, ERASED_KEY = 0, ERASED_AMONG = 600, ERASED_CODES = DIMS / 8 };

static void fill_erased(Fixture *f)
{
    uint32_t state = 4711;
    float common[DIMS];
    for (size_t d = 0; d < DIMS; d++) {
        common[d] = noise(&state);
        f->vectors[d] = noise(&state);
    }
    for (size_t i = DIMS; i < ERASED_AMONG * ERASED_PARTS * DIMS; i++)
        f->vectors[i] = common[i % DIMS] + 0.7f * noise(&state);
}

/* As the centre of a cell has the values of its only entry. */
static void centre_of(const int8_t *values, uint8_t *centre)
{
    int most = 0;
    float largest;
    for (size_t d = 0; d < DIMS; d++)
        most = MAX(most, abs(values[d]));
    largest = (float)VECTOR_QUERY_MAX;
    for (size_t d = 0; d < DIMS; d++) {
        long value = lrintf((float)values[d] * (largest / (float)most));
        centre[d] =
            (uint8_t)(CENTRE_ZERO + lrintf((float)value * ((float)(CENTRE_ZERO - 1) / largest)));
    }
}

typedef struct CodesFound {
    size_t bytes, halves, signs, centres;
} CodesFound;

/* How many runs of eight values of the parts, int8, binary16 and in a centre, and how many words of
 * their signs are in a file. */
static CodesFound codes_in_files(Fixture *f)
{
    CodesFound found = { 0 };
    for (size_t part = 0; part < ERASED_PARTS; part++) {
        const float *vector = f->vectors + (ERASED_KEY * ERASED_PARTS + part) * DIMS;
        float most = 0;
        double square = 0;
        int8_t values[DIMS];
        uint8_t centre[DIMS];
        uint64_t signs = 0;
        _Float16 halves[DIMS];
        for (size_t d = 0; d < DIMS; d++) {
            most = fmaxf(most, fabsf(vector[d]));
            square += (double)vector[d] * (double)vector[d];
        }
        for (size_t d = 0; d < DIMS; d++) {
            values[d] = (int8_t)lrintf(vector[d] * 127 / most);
            halves[d] = (_Float16)((double)vector[d] / sqrt(square));
            signs |= d < 64 ? (uint64_t)(values[d] > 0) << d : 0;
        }
        centre_of(values, centre);
        for (size_t d = 0; d + 8 <= DIMS; d += 8) {
            found.bytes += any_file_has(f, (Str){ (const char *)(values + d), 8 });
            found.halves += any_file_has(f, (Str){ (const char *)(halves + d), 16 });
            found.centres += any_file_has(f, (Str){ (const char *)(centre + d), 8 });
        }
        found.signs += any_file_has(f, (Str){ (const char *)&signs, 8 });
    }
    return found;
}

Test(index, of_an_erased_vector_no_eight_values_stay)
{
    Fixture f = fixture(0);
    Error err = { 0 };
    fill_erased(&f);
    VectorIndex *index = vectors_new(f.folder, DIMS, 1, true);
    for (uint64_t key = 0; key < ERASED_AMONG; key++)
        for (uint32_t part = 0; part < ERASED_PARTS; part++)
            vectors_add(index, key, part, f.vectors + (key * ERASED_PARTS + part) * DIMS);
    cr_assert(vectors_commit(index, 1, &err), "%s", err.message);
    CodesFound before = codes_in_files(&f);
    cr_expect_eq(before.bytes, ERASED_PARTS * ERASED_CODES);
    cr_expect_eq(before.halves, ERASED_PARTS * ERASED_CODES);
    cr_expect_eq(before.signs, ERASED_PARTS);
    cr_expect_geq(before.centres, ERASED_CODES, "%zu", before.centres);
    vectors_erase(index, ERASED_KEY);
    cr_assert(vectors_commit(index, 2, &err), "%s", err.message);
    CodesFound after = codes_in_files(&f);
    cr_expect_eq(after.bytes + after.halves + after.signs + after.centres, 0);
    cr_expect_eq(vectors_size(index).entries, (ERASED_AMONG - 1) * ERASED_PARTS);
    vectors_free(index);
    finish(&f);
}

/* A checksum keeps torn files out; the reader itself must refuse what it cannot read. */
Test(index, a_vector_segment_with_a_changed_head_or_length_is_refused)
{
    Fixture f = fixture(300);
    Error err = { 0 };
    Snapshot *now = vectors_snapshot(f.index);
    Str bytes = now->at[0]->bytes;
    uint64_t setting = (uint64_t)DIMS << 32 | 1;
    enum { HEAD = 104 };
    char *copy = arena_alloc(f.arena, bytes.length);
    for (size_t at = 0; at < HEAD + 16; at++)
        for (int bit = 0; bit < 8; bit++) {
            Segment segment = { 0 };
            memcpy(copy, bytes.at, bytes.length);
            copy[at] ^= (char)(1 << bit);
            bool is_open =
                vector_segment_kind.open((Str){ copy, bytes.length }, setting, &segment, &err);
            cr_expect(!is_open || at >= HEAD, "byte %zu", at);
            free(segment.view);
        }
    memcpy(copy, bytes.at, bytes.length);
    for (size_t length = 0; length < bytes.length; length += 1 + length / 3) {
        Segment segment = { 0 };
        cr_expect_not(vector_segment_kind.open((Str){ copy, length }, setting, &segment, &err));
        free(segment.view);
    }
    snapshot_release(now);
    finish(&f);
}
