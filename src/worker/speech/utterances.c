/* utterances.c - see utterances.h.
 *
 * By loudness alone, and leniently: the decoder drops what is silent inside of a piece. What
 * matters here is that cuts fall into pauses and that long silences cost nothing. */
#include "worker/speech/utterances.h"

#include <math.h>

enum { STEPS_A_SECOND = 100, BLOCK = 1000 }; /* of steps; a block's quiet tenth is its noise */
enum { PAUSE_MIN = 50, PAUSE = 60, PAUSE_LONG = 200, EDGE = 25 };
enum { LENGTH_MIN = 15, LENGTH_GOOD = 800, LENGTH_MAX = 1500, CUT_FROM = 700 };
#define ABOVE_NOISE_DB 6.0F
#define QUIET_DB (-60.0F)

typedef struct Levels {
    float *db; /* of each step */
    size_t count;
} Levels;

static Levels measure(Arena *arena, const float *samples, size_t count, size_t step)
{
    Levels levels = { .count = count / step };
    levels.db = arena_new_array(arena, float, levels.count + 1);
    for (size_t i = 0; i < levels.count; i++) {
        float sum = 1e-10F;
        for (size_t k = 0; k < step; k++)
            sum += samples[i * step + k] * samples[i * step + k];
        levels.db[i] = 10 * log10f(sum / (float)step);
    }
    return levels;
}

/* The level below which a tenth of the steps are. */
static float noise_of(const Levels *levels, size_t first, size_t end)
{
    enum { BINS = 120 }; /* of one decibel, from -120 */
    size_t bins[BINS] = { 0 }, below = 0;
    for (size_t i = first; i < end; i++)
        bins[(int)MIN(MAX(levels->db[i] + BINS, 0.0F), BINS - 1.0F)]++;
    for (int i = 0; i < BINS; i++) {
        below += bins[i];
        if (below * 10 >= end - first)
            return (float)(i - BINS);
    }
    return 0;
}

/* Sound without pauses, as music, has no level that is the noise's. */
static void mark_loud(const Levels *levels, bool *is_loud)
{
    for (size_t first = 0; first < levels->count; first += BLOCK) {
        size_t end = MIN(first + BLOCK, levels->count);
        size_t from = first > BLOCK / 2 ? first - BLOCK / 2 : 0;
        float noise = noise_of(levels, from, MIN(end + BLOCK / 2, levels->count));
        float least = MAX(QUIET_DB, MIN(noise + ABOVE_NOISE_DB, -30.0F));
        for (size_t i = first; i < end; i++)
            is_loud[i] = levels->db[i] > least;
    }
}

/* The quietest tenth of a second where a long piece may be cut. */
static size_t find_cut(const Levels *levels, size_t from, size_t to)
{
    size_t best = to;
    float best_sum = INFINITY;
    for (size_t i = from; i + 10 <= to; i++) {
        float sum = 0;
        for (size_t k = 0; k < 10; k++)
            sum += levels->db[i + k];
        if (sum < best_sum) {
            best_sum = sum;
            best = i + 5;
        }
    }
    return best;
}

static void add(Arena *arena, Utterances *list, const Levels *levels, size_t start, size_t end,
                size_t step)
{
    while (end - start > LENGTH_MAX) {
        size_t cut = find_cut(levels, start + CUT_FROM, start + LENGTH_MAX);
        *vec_push(arena, list) = (Utterance){ start * step, cut * step };
        start = cut;
    }
    if (end - start >= LENGTH_MIN)
        *vec_push(arena, list) = (Utterance){ start * step, end * step };
}

/* Words help each other and the mean of what is heard needs some seconds: pauses inside of a piece
 * are passed over until it is long enough. */
static bool is_end(size_t start, size_t last, size_t now)
{
    size_t pause = now - last, length = last - start;
    return pause > (length < LENGTH_GOOD ? PAUSE_LONG : PAUSE) || now - start > LENGTH_MAX;
}

Utterances utterances_find(Arena *arena, const float *samples, size_t count, int rate)
{
    Utterances list = { 0 };
    size_t step = (size_t)rate / STEPS_A_SECOND;
    Levels levels = measure(arena, samples, count, step);
    bool *is_loud = arena_new_array(arena, bool, levels.count + 1);
    mark_loud(&levels, is_loud);
    size_t start = 0, last = 0, loud = 0;
    for (size_t i = 0; i < levels.count; i++) {
        if (!is_loud[i])
            continue;
        if (loud && i - last > PAUSE_MIN && is_end(start, last, i)) {
            if (loud >= LENGTH_MIN)
                add(arena, &list, &levels, start > EDGE ? start - EDGE : 0, last + EDGE, step);
            loud = 0;
        }
        start = loud ? start : i;
        last = i;
        loud++;
    }
    if (loud >= LENGTH_MIN)
        add(arena, &list, &levels, start > EDGE ? start - EDGE : 0, MIN(last + EDGE, levels.count),
            step);
    return list;
}
