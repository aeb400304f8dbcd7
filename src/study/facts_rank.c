/* facts_rank.c - which facts are worth being learned: what the material is about, said by a
 * sentence that can be asked for something, early under its heading. */
#include "study/facts.h"
#include "text/central.h"

#define EMBEDDED_TOKENS 96

/* Of the score; the rest is for standing early under a heading. */
#define CENTRAL_SHARE 0.55
#define ASKABLE_SHARE 0.35

/* Sentences beyond CENTRAL_MAX that are not worth comparing stay with 0. */
static void rank_centrality(Arena *arena, Words *words, Searcher *searcher, Language language,
                            Facts *facts)
{
    Str *texts = arena_new_array(arena, Str, facts->count + 1);
    facts->compared = arena_new_array(arena, size_t, CENTRAL_MAX);
    for (size_t i = 0; i < facts->count; i++)
        texts[i] = facts->at[i].plain;
    CentralText text = { .sentences = texts, .count = facts->count, .language = language };
    facts->compared_count = central_narrow(arena, words, &text, CENTRAL_MAX, facts->compared);
    for (size_t i = 0; i < facts->compared_count; i++)
        texts[i] = facts->at[facts->compared[i]].plain;
    text.count = facts->compared_count;
    float *vectors = NULL;
    facts->by_meaning = searcher && search_embed(searcher, arena, texts, text.count,
                                                 EMBEDDED_TOKENS, &text.dims, &vectors);
    text.vectors = facts->by_meaning ? vectors : NULL;
    central_rank(arena, words, &text, &facts->central);
    for (size_t i = 0; i < facts->compared_count; i++)
        facts->at[facts->compared[i]].centrality = facts->central.scores[i];
}

static double askable(const Fact *fact)
{
    double best = fact->key_count ? key_kinds[fact->keys[0].kind].weight : 0;
    return fact->gives_reason ? MAX(best, 0.8) : best;
}

/* 1 for the first sentence under its heading, less for each that follows. */
static double early(const Material *material, const Fact *fact)
{
    const Piece *first = fact->piece;
    size_t before = 0;
    while (first > material->pieces && first[-1].section == fact->piece->section &&
           first[-1].document == fact->piece->document && first[-1].kind != PIECE_HEADING &&
           before < 20) {
        first--;
        before++;
    }
    return 1.0 / (double)(1 + before);
}

static int by_score(const void *a, const void *b, void *self)
{
    const Facts *facts = self;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    double left = facts->at[x].score, right = facts->at[y].score;
    return left > right ? -1 : left < right ? 1 : (x > y) - (x < y);
}

void facts_rank(Arena *arena, Words *words, Searcher *searcher, const Material *material,
                Facts *facts)
{
    if (!facts->count)
        return;
    rank_centrality(arena, words, searcher, material->language, facts);
    facts->order = arena_new_array(arena, size_t, facts->count);
    for (size_t i = 0; i < facts->count; i++) {
        Fact *fact = &facts->at[i];
        facts->order[i] = i;
        fact->score = CENTRAL_SHARE * fact->centrality + ASKABLE_SHARE * askable(fact) +
                      (1 - CENTRAL_SHARE - ASKABLE_SHARE) * early(material, fact);
    }
    qsort_r(facts->order, facts->count, sizeof(*facts->order), by_score, facts);
}
