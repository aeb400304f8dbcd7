/* search_diverse.c - results that differ from each other: maximal marginal relevance (Carbonell and
 * Goldstein, 1998, "The use of MMR"), with likeness by the encoder and by where a passage stands.
 */
#include "search/search_int.h"

/* Of a choice: the score. The rest is how unlike it is to what was chosen before. */
#define SCORE_SHARE 0.4
#define COMPARED_TOKENS 96
#define SAME_DOCUMENT 0.9
#define SAME_COLLECTION 0.3

typedef struct Diversity {
    const SearchResults *results;
    size_t dims; /* 0: no vectors */
    const float *vectors;
    double *likeness; /* of each hit to the most like that was chosen */
    bool *is_chosen;
} Diversity;

static double likeness_of(const Diversity *diversity, size_t a, size_t b)
{
    const ChunkHit *left = &diversity->results->at[a].row, *right = &diversity->results->at[b].row;
    double like = str_equal(left->chunk.document, right->chunk.document) ? SAME_DOCUMENT
                  : str_equal(left->collection, right->collection)       ? SAME_COLLECTION
                                                                         : 0;
    double cosine = 0;
    for (size_t d = 0; d < diversity->dims; d++)
        cosine += (double)diversity->vectors[a * diversity->dims + d] *
                  (double)diversity->vectors[b * diversity->dims + d];
    return MAX(like, cosine);
}

static size_t choose_next(const Diversity *diversity)
{
    const SearchResults *results = diversity->results;
    size_t best = results->count;
    double best_value = -2;
    for (size_t i = 0; i < results->count; i++) {
        double value =
            SCORE_SHARE * results->at[i].score - (1 - SCORE_SHARE) * diversity->likeness[i];
        if (!diversity->is_chosen[i] && value > best_value) {
            best = i;
            best_value = value;
        }
    }
    return best;
}

static void take_vectors(Searcher *searcher, Arena *arena, Diversity *diversity)
{
    size_t count = diversity->results->count, dims;
    Str *texts = arena_new_array(arena, Str, count);
    float *vectors;
    for (size_t i = 0; i < count; i++)
        texts[i] = diversity->results->at[i].row.chunk.text;
    if (search_embed(searcher, arena, texts, count, COMPARED_TOKENS, &dims, &vectors)) {
        diversity->dims = dims;
        diversity->vectors = vectors;
    }
}

void search_diversify(Searcher *searcher, Arena *arena, SearchResults *results, size_t count)
{
    Diversity diversity = { .results = results,
                            .likeness = arena_new_array(arena, double, results->count + 1),
                            .is_chosen = arena_new_array(arena, bool, results->count + 1) };
    SearchHit *chosen = arena_new_array(arena, SearchHit, count + 1);
    size_t taken = 0;
    count = MIN(count, results->count);
    if (results->count < 2)
        return;
    take_vectors(searcher, arena, &diversity);
    while (taken < count) {
        size_t next = choose_next(&diversity);
        diversity.is_chosen[next] = true;
        chosen[taken++] = results->at[next];
        for (size_t i = 0; i < results->count; i++)
            diversity.likeness[i] = MAX(diversity.likeness[i], likeness_of(&diversity, i, next));
    }
    results->at = chosen;
    results->count = taken;
}
