/* search_explain.c - see search_explain.h. */
#include "search/search_explain.h"

static void add_shares(Arena *arena, const IndexHit *hit, SearchExplanation *explanation)
{
    explanation->shares = arena_new_array(arena, SearchShare, SHARE_COUNT);
    for (size_t i = 0; i < SHARE_COUNT; i++)
        if (hit->shares[i] > 0)
            explanation->shares[explanation->share_count++] =
                (SearchShare){ shares_about[i].name, shares_about[i].title,
                               (double)hit->shares[i] };
}

/* Mixing takes the same part from every share, so either leg says how much was kept. */
static double kept_of(const IndexHit *hit)
{
    float given =
        (1 - hit->vector_weight) * hit->keyword_normal + hit->vector_weight * hit->vector_normal;
    float kept = hit->shares[SHARE_KEYWORD] + hit->shares[SHARE_SEMANTIC];
    return given > 0 ? (double)(kept / given) : 1;
}

static void add_legs(const IndexHit *hit, SearchExplanation *explanation)
{
    double kept = kept_of(hit), weight = (double)hit->vector_weight;
    if (hit->keyword_rank)
        explanation->legs[explanation->leg_count++] = (SearchLegShare){
            "keyword", (double)hit->keyword_score,        (double)hit->keyword_normal, 1 - weight,
            kept,      (double)hit->shares[SHARE_KEYWORD]
        };
    if (hit->vector_rank)
        explanation->legs[explanation->leg_count++] = (SearchLegShare){
            "semantic", (double)hit->vector_score,          (double)hit->vector_normal, weight,
            kept,       (double)hit->shares[SHARE_SEMANTIC]
        };
}

static int by_score(const void *a, const void *b)
{
    double left = ((const KeywordTermScore *)a)->score,
           right = ((const KeywordTermScore *)b)->score;
    return (left < right) - (left > right);
}

static void add_terms(Arena *arena, Index *index, const Query *query, const IndexHit *hit,
                      SearchExplanation *explanation)
{
    KeywordExplanation keyword = index_explain_keyword(index, arena, query, hit->key);
    if (!keyword.term_count || keyword.score <= 0)
        return;
    qsort(keyword.terms, keyword.term_count, sizeof *keyword.terms, by_score);
    explanation->term_count = MIN(keyword.term_count, (size_t)SEARCH_TERMS_EXPLAINED);
    explanation->terms = arena_new_array(arena, SearchTermShare, explanation->term_count);
    for (size_t i = 0; i < explanation->term_count; i++) {
        const KeywordTermScore *how = &keyword.terms[i];
        double part = how->score / keyword.score;
        explanation->terms[i] =
            (SearchTermShare){ .word = str_slice(query->text, how->start, how->end),
                               .how = *how,
                               .value = part * (double)hit->shares[SHARE_KEYWORD] };
    }
}

const SearchExplanation *search_explain(Arena *arena, Index *index, const Query *query,
                                        const IndexHit *hit)
{
    SearchExplanation *explanation = arena_new_one(arena, SearchExplanation);
    add_shares(arena, hit, explanation);
    add_legs(hit, explanation);
    if (hit->keyword_rank)
        add_terms(arena, index, query, hit, explanation);
    return explanation;
}
