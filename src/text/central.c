/* central.c - see central.h. */
#include "text/central.h"

#include <assert.h>
#include <math.h>

#include "base/map.h"

/* Shares and bounds as measured best on the open half of bench/summary. */
#define MEANING_SHARE 0.4 /* of likeness, where there are vectors */
#define MEANING_FLOOR 0.2 /* a cosine that any two sentences of one language have */
#define WALK_SHARE 0.4    /* of the next step along a likeness; else to a likely sentence */
#define SCORE_SHARE 0.6   /* of a choice; the rest is how unlike it is to what was chosen */
#define CRUMBS 0.5        /* of the score of what did not fit: less does not stand for it */
#define REPEATS 0.75      /* so alike to what was chosen says the same */
#define HEARD 0.1         /* what a sentence of a part that was heard loses */
#define STEPS_MAX 60
#define STEP_MIN 1e-7

/* --- Words as numbers --- */

typedef struct Term {
    uint32_t id;
    double weight;
} Term;

typedef struct Terms {
    VEC(Term) at; /* each id once */
} Terms;

typedef struct Reader {
    Arena *arena;
    Map ids;              /* word -> id + 1 */
    VEC(uint32_t) counts; /* of sentences that have it */
    VEC(uint32_t) last;   /* sentence + 1 that had it last */
    VEC(uint32_t) place;  /* where it stands in that sentence's terms */
    uint32_t sentence;
    Terms *terms;
} Reader;

static void read_word(void *self, const Word *word)
{
    Reader *reader = self;
    bool is_new;
    if (word->is_extra || word->is_stop)
        return;
    MapEntry *entry = map_find(&reader->ids, word->text);
    if (!entry) {
        entry = map_add(&reader->ids, str_copy(reader->arena, word->text), &is_new);
        *vec_push(reader->arena, &reader->counts) = 0;
        *vec_push(reader->arena, &reader->last) = 0;
        *vec_push(reader->arena, &reader->place) = 0;
        entry->number = (int64_t)reader->counts.count;
    }
    uint32_t id = (uint32_t)entry->number - 1;
    if (reader->last.at[id] != reader->sentence + 1) {
        reader->last.at[id] = reader->sentence + 1;
        reader->place.at[id] = (uint32_t)reader->terms->at.count;
        reader->counts.at[id]++;
        *vec_push(reader->arena, &reader->terms->at) = (Term){ id, 0 };
    }
    reader->terms->at.at[reader->place.at[id]].weight++;
}

/* The words of each sentence with how often they come in it. */
static Terms *read_terms(Reader *reader, Words *words, const CentralText *text)
{
    Terms *all = arena_new_array(reader->arena, Terms, text->count + 1);
    reader->ids = map_new(reader->arena);
    for (size_t i = 0; i < text->count; i++) {
        reader->sentence = (uint32_t)i;
        reader->terms = &all[i];
        words_split(words, text->language, text->sentences[i], read_word, reader);
    }
    return all;
}

/* --- Likeness --- */

/* tf-idf with the text as its own collection, each sentence of length 1. */
static void weigh(const Reader *reader, Terms *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        for (size_t t = 0; t < all[i].at.count; t++) {
            Term *term = &all[i].at.at[t];
            term->weight = (1 + log(term->weight)) *
                           log(1 + (double)count / (double)reader->counts.at[term->id]);
            sum += term->weight * term->weight;
        }
        for (size_t t = 0; t < all[i].at.count && sum > 0; t++)
            all[i].at.at[t].weight /= sqrt(sum);
    }
}

/* Cosines of the words of sentence i with those of the sentences from `first` on, into row. */
static void compare_one(double *weights, const Terms *all, size_t i, size_t first, size_t end,
                        float *row)
{
    for (size_t t = 0; t < all[i].at.count; t++)
        weights[all[i].at.at[t].id] = all[i].at.at[t].weight;
    for (size_t j = first; j < end; j++) {
        double sum = 0;
        for (size_t t = 0; t < all[j].at.count; t++)
            sum += weights[all[j].at.at[t].id] * all[j].at.at[t].weight;
        row[j - first] = (float)MIN(sum, 1.0);
    }
    for (size_t t = 0; t < all[i].at.count; t++)
        weights[all[i].at.at[t].id] = 0;
}

static void compare_words(const Reader *reader, const Terms *all, Central *central)
{
    double *weights = arena_new_array(reader->arena, double, reader->counts.count + 1);
    for (size_t i = 0; i < central->count; i++)
        compare_one(weights, all, i, i + 1, central->count,
                    &central->alike[i * central->count + i + 1]);
}

float *central_likeness(Arena *arena, Words *words, const CentralText *text, size_t split)
{
    Reader reader = { .arena = arena };
    Terms *terms = read_terms(&reader, words, text);
    size_t columns = text->count - split;
    float *alike = arena_new_array(arena, float, split *columns + 1);
    double *weights = arena_new_array(arena, double, reader.counts.count + 1);
    weigh(&reader, terms, text->count);
    for (size_t i = 0; i < split; i++)
        compare_one(weights, terms, i, split, text->count, alike + i * columns);
    return alike;
}

static float meaning(const CentralText *text, size_t a, size_t b)
{
    const float *left = text->vectors + a * text->dims, *right = text->vectors + b * text->dims;
    float sum = 0;
    for (size_t d = 0; d < text->dims; d++)
        sum += left[d] * right[d];
    return MAX(0.0F, (sum - (float)MEANING_FLOOR) / (1 - (float)MEANING_FLOOR));
}

static void compare(const CentralText *text, Central *central)
{
    size_t count = central->count;
    for (size_t i = 0; i < count; i++) {
        central->alike[i * count + i] = 1;
        for (size_t j = i + 1; j < count; j++) {
            float *alike = &central->alike[i * count + j];
            if (text->vectors)
                *alike = (float)MEANING_SHARE * meaning(text, i, j) +
                         (1 - (float)MEANING_SHARE) * *alike;
            *alike = MIN(*alike, 1.0F);
            central->alike[j * count + i] = *alike;
        }
    }
}

/* --- The walk --- */

/* Where a walk begins anew. */
static double *starts(Arena *arena, const CentralText *text)
{
    double *start = arena_new_array(arena, double, text->count + 1), sum = 0;
    for (size_t i = 0; i < text->count; i++)
        sum += start[i] = text->priors ? text->priors[i] : 1;
    for (size_t i = 0; i < text->count && sum > 0; i++)
        start[i] /= sum;
    return start;
}

static double *degrees(Arena *arena, const Central *central)
{
    double *degree = arena_new_array(arena, double, central->count + 1);
    for (size_t i = 0; i < central->count; i++)
        for (size_t j = 0; j < central->count; j++)
            degree[i] += i == j ? 0 : (double)central->alike[i * central->count + j];
    return degree;
}

/* One step of the walk; how far it went. A sentence like no other leads to any. */
static double walk(const Central *central, const double *start, const double *degree,
                   const double *from, double *to)
{
    double lost = 0, moved = 0;
    for (size_t i = 0; i < central->count; i++)
        lost += degree[i] > 0 ? 0 : from[i];
    for (size_t j = 0; j < central->count; j++) {
        double sum = lost * start[j];
        for (size_t i = 0; i < central->count; i++)
            if (i != j && degree[i] > 0)
                sum += from[i] * (double)central->alike[i * central->count + j] / degree[i];
        to[j] = (1 - WALK_SHARE) * start[j] + WALK_SHARE * sum;
        moved += fabs(to[j] - from[j]);
    }
    return moved;
}

void central_rank(Arena *arena, Words *words, const CentralText *text, Central *central_r)
{
    assert(text->count <= CENTRAL_MAX);
    Reader reader = { .arena = arena };
    Central central = { .count = text->count,
                        .scores = arena_new_array(arena, double, text->count + 1),
                        .alike = arena_new_array(arena, float, text->count * text->count + 1) };
    Terms *terms = read_terms(&reader, words, text);
    weigh(&reader, terms, text->count);
    compare_words(&reader, terms, &central);
    compare(text, &central);
    double *start = starts(arena, text), *degree = degrees(arena, &central), best = 0;
    double *from = central.scores, *to = arena_new_array(arena, double, text->count + 1);
    memcpy(from, start, text->count * sizeof *from);
    for (int step = 0; step < STEPS_MAX; step++) {
        double moved = walk(&central, start, degree, from, to), *swap = from;
        from = to;
        to = swap;
        if (moved < STEP_MIN)
            break;
    }
    for (size_t i = 0; i < text->count; i++)
        best = MAX(best, from[i]);
    for (size_t i = 0; i < text->count && best > 0; i++)
        from[i] /= best;
    central.scores = from;
    *central_r = central;
}

/* --- Choosing --- */

static bool is_heard(const CentralWish *wish, const size_t *chosen, size_t taken, size_t sentence)
{
    for (size_t i = 0; wish->parts && i < taken; i++)
        if (wish->parts[chosen[i]] == wish->parts[sentence])
            return true;
    return false;
}

size_t central_choose(Arena *arena, const Central *central, const CentralWish *wish, size_t *chosen)
{
    size_t taken = 0, size = 0, n = central->count;
    double *told = arena_new_array(arena, double, n + 1); /* by what was chosen */
    bool *is_over = arena_new_array(arena, bool, n + 1);
    double least = 0;
    while (taken < wish->count_max) {
        size_t best = n;
        double best_value = -2;
        for (size_t i = 0; i < n; i++) {
            double value = SCORE_SHARE * central->scores[i] - (1 - SCORE_SHARE) * told[i] -
                           (is_heard(wish, chosen, taken, i) ? HEARD : 0);
            if (!is_over[i] && told[i] < REPEATS && value > best_value) {
                best = i;
                best_value = value;
            }
        }
        if (best == n)
            break;
        is_over[best] = true;
        if (central->scores[best] < least)
            continue;
        if (taken && wish->sizes && size + wish->sizes[best] > wish->size_max) {
            least = MAX(least, CRUMBS * central->scores[best]); /* a shorter one may still fit */
            continue;
        }
        size += wish->sizes ? wish->sizes[best] : 0;
        chosen[taken++] = best;
        for (size_t i = 0; i < n; i++)
            told[i] = MAX(told[i], (double)central->alike[best * n + i]);
    }
    return taken;
}

/* --- Narrowing --- */

typedef struct Salience {
    double score;
    size_t sentence;
} Salience;

static int by_score(const void *a, const void *b)
{
    const Salience *left = a, *right = b;
    if (left->score != right->score)
        return left->score < right->score ? 1 : -1;
    return left->sentence < right->sentence ? -1 : left->sentence > right->sentence;
}

/* How often the words of a sentence come in the whole text, in the mean (SumBasic, Nenkova and
 * Vanderwende 2005, with logarithms so that one word does not decide). */
static Salience *weigh_sentences(Arena *arena, Words *words, const CentralText *text)
{
    Reader reader = { .arena = arena };
    Terms *terms = read_terms(&reader, words, text);
    Salience *list = arena_new_array(arena, Salience, text->count + 1);
    for (size_t i = 0; i < text->count; i++) {
        double sum = 0;
        for (size_t t = 0; t < terms[i].at.count; t++)
            sum += log(1 + (double)reader.counts.at[terms[i].at.at[t].id]);
        list[i].sentence = i;
        list[i].score =
            sum / (double)(terms[i].at.count + 4) * (text->priors ? text->priors[i] : 1);
    }
    return list;
}

/* The number of the part, of `bands` at most. */
static size_t band_of(const CentralText *text, size_t sentence, size_t bands)
{
    size_t last = text->parts ? text->parts[text->count - 1] + 1 : text->count;
    size_t part = text->parts ? text->parts[sentence] : sentence;
    return last <= bands ? part : part * bands / last;
}

/* The best of each part; returns how many. */
static size_t seat_parts(const CentralText *text, const Salience *list, size_t bands, bool *is_kept)
{
    size_t seats = 0;
    for (size_t i = 0, end; i < text->count; i = end) {
        size_t best = i;
        for (end = i; end < text->count && band_of(text, end, bands) == band_of(text, i, bands);
             end++)
            best = list[end].score > list[best].score ? end : best;
        is_kept[best] = true;
        seats++;
    }
    return seats;
}

size_t central_narrow(Arena *arena, Words *words, const CentralText *text, size_t max, size_t *kept)
{
    bool *is_kept = arena_new_array(arena, bool, text->count + 1);
    size_t count = 0;
    if (text->count <= max) {
        for (size_t i = 0; i < text->count; i++)
            kept[i] = i;
        return text->count;
    }
    Salience *list = weigh_sentences(arena, words, text);
    size_t seats = max - seat_parts(text, list, max / 2, is_kept);
    qsort(list, text->count, sizeof *list, by_score);
    for (size_t i = 0; seats && i < text->count; i++) {
        seats -= !is_kept[list[i].sentence];
        is_kept[list[i].sentence] = true;
    }
    for (size_t i = 0; i < text->count; i++)
        if (is_kept[i])
            kept[count++] = i;
    return count;
}
