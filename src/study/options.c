/* options.c - wrong options for a question: of the same kind, from the same material, and surely
 * wrong: what a sentence says that is like the asked one might be right too, and is left out. */
#include <math.h>

#include "base/utf8.h"
#include "study/make_int.h"

#define TOO_ALIKE 0.5 /* words of two sentences in common */
#define WRONG_MAX 3
#define POOL_MAX 200

typedef struct Wrong {
    Str text;
    double distance; /* from the right one: near ones are better */
} Wrong;

static double number_in(Str text)
{
    char digits[32];
    size_t count = 0;
    double number = NAN;
    for (size_t i = 0; i < text.length && count < sizeof digits - 1; i++)
        if ((text.at[i] >= '0' && text.at[i] <= '9') || (text.at[i] == '.' && count))
            digits[count++] = text.at[i];
        else if (count && text.at[i] != ',')
            break;
    return count && str_to_double((Str){ digits, count }, &number) ? number : NAN;
}

/* Numbers by their size, words by their length. */
static double distance(Str right, Str wrong)
{
    double a = number_in(right), b = number_in(wrong);
    if (!isnan(a) && !isnan(b))
        return fabs(log1p(fabs(a)) - log1p(fabs(b)));
    return fabs((double)right.length - (double)wrong.length) / (double)(right.length + 1);
}

static bool is_within(Arena *arena, Str whole, Str part)
{
    return str_find(utf8_fold(arena, whole), utf8_fold(arena, part)) >= 0;
}

static int by_distance(const void *a, const void *b)
{
    const Wrong *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return str_compare(x->text, y->text);
}

/* The nearest three of which none is a part of another, or of the right one. */
static size_t choose(Arena *arena, Str right, Wrong *pool, size_t count, Str wrong[3])
{
    size_t chosen = 0;
    qsort(pool, count, sizeof(*pool), by_distance);
    for (size_t i = 0; i < count && chosen < WRONG_MAX; i++) {
        Str text = pool[i].text;
        bool is_good = !is_within(arena, right, text) && !is_within(arena, text, right);
        for (size_t k = 0; k < chosen && is_good; k++)
            is_good = !is_within(arena, wrong[k], text) && !is_within(arena, text, wrong[k]);
        if (is_good)
            wrong[chosen++] = text;
    }
    return chosen < 2 ? 0 : chosen;
}

size_t wrong_options(Making *making, const Fact *fact, const FactKey *key, Str wrong[3])
{
    Wrong *pool = arena_new_array(making->arena, Wrong, POOL_MAX);
    size_t count = 0;
    for (size_t i = 0; i < making->facts.count; i++) {
        const Fact *other = &making->facts.at[i];
        if (other == fact || facts_overlap(other, fact) >= TOO_ALIKE)
            continue;
        for (size_t k = 0; k < other->key_count && count < POOL_MAX; k++)
            if (other->keys[k].kind == key->kind &&
                !is_within(making->arena, fact->plain, other->keys[k].text))
                pool[count++] =
                    (Wrong){ other->keys[k].text, distance(key->text, other->keys[k].text) };
    }
    return choose(making->arena, key->text, pool, count, wrong);
}

size_t wrong_definitions(Making *making, const Fact *fact, Str wrong[3])
{
    Wrong *pool = arena_new_array(making->arena, Wrong, POOL_MAX);
    size_t count = 0;
    for (size_t i = 0; i < making->facts.count && count < POOL_MAX; i++) {
        const Fact *other = &making->facts.at[i];
        if (!other->definition.length || other->is_of_many != fact->is_of_many ||
            facts_overlap(other, fact) >= TOO_ALIKE ||
            is_within(making->arena, other->plain, fact->term) ||
            is_within(making->arena, fact->term, other->term))
            continue;
        pool[count++] = (Wrong){ other->definition, distance(fact->definition, other->definition) };
    }
    return choose(making->arena, fact->definition, pool, count, wrong);
}

size_t wrong_cells(Making *making, const RowFact *row, Str wrong[3])
{
    Wrong *pool = arena_new_array(making->arena, Wrong, POOL_MAX);
    const Piece *end = making->material.pieces + making->material.piece_count;
    size_t count = 0;
    for (const Piece *piece = row->table_first;
         piece < end && piece->kind == PIECE_ROW && piece->headers.at == row->piece->headers.at &&
         count < POOL_MAX;
         piece++)
        if (piece != row->piece && piece->cells.at[row->column].length)
            pool[count++] = (Wrong){ piece->cells.at[row->column],
                                     distance(row->answer, piece->cells.at[row->column]) };
    return choose(making->arena, row->answer, pool, count, wrong);
}
