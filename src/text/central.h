/* central.h - which sentences say most of a text.
 *
 *     sentences -> how alike each two are (words, and vectors where there are some)
 *               -> central_rank(): a sentence counts as much as those that say alike
 *               -> central_choose(): the best that do not say the same again
 *
 * LexRank without a threshold (Erkan and Radev 2004, section 3.2), begun anew at likely sentences
 * rather than at any (Otterbacher, Erkan and Radev 2005), then maximal marginal relevance
 * (Carbonell and Goldstein 1998). Any language that words.h reads. Pure but for Words; any thread.
 */
#pragma once

#include "text/words.h"

#define CENTRAL_MAX 400 /* sentences that are compared with each other */

typedef struct CentralText {
    const Str *sentences;
    size_t count;
    const double *priors; /* above 0: how likely each is before anything is compared; NULL: alike */
    const float *vectors; /* a unit vector of `dims` values each; NULL: words alone */
    size_t dims;
    Language language;
    const size_t *parts; /* number of the part that each stands in, rising; NULL: no parts */
} CentralText;

typedef struct Central {
    size_t count;
    double *scores; /* 0 to 1; the best has 1 */
    float *alike;   /* [count][count], 0 to 1 */
} Central;

/* `text` has at most CENTRAL_MAX sentences: see central_narrow(). */
void central_rank(Arena *arena, Words *words, const CentralText *text, Central *central_r);

typedef struct CentralWish {
    size_t count_max;
    const size_t *sizes; /* of the sentences; NULL: only their number counts */
    size_t size_max;     /* of those that are chosen; the first is taken whatever its size */
    const size_t *parts; /* as in CentralText: one that was heard counts less; NULL: none */
} CentralWish;
/* Numbers of sentences, best first, into chosen[count_max]; returns how many. */
size_t central_choose(Arena *arena, const Central *central, const CentralWish *wish,
                      size_t *chosen);

/* How alike by their words the first `split` sentences are to each of the others:
 * [split][count - split], 0 to 1. The words of all of them weigh alike. */
float *central_likeness(Arena *arena, Words *words, const CentralText *text, size_t split);

/* Of a long text: the numbers of at most `max` sentences that are worth comparing, in their order,
 * into kept[max]. One pass over the words; each part has a seat, as far as half of the seats go, so
 * that none goes unheard. Without parts they are of equal length. */
size_t central_narrow(Arena *arena, Words *words, const CentralText *text, size_t max,
                      size_t *kept);
