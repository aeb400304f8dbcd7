/* keyword_search.c - the best k documents by BM25 without scoring every match.
 *
 * Documents are taken in windows. In each window the blocks that reach into it bound what a term
 * can add (block-max; Ding and Suel 2011). Terms are ordered by bound: those whose bounds together
 * cannot pass the k-th best score so far are not walked (MaxScore; Turtle and Flood 1995); the
 * others fill an array of scores, and only documents that can still pass are completed. */
#include <emmintrin.h>
#include <math.h>

#include "index/keyword.h"
#include "index/keyword_phrase.h"
#include "index/keyword_segment.h"

#define WINDOW 2048u
/* Bounds are sums in another order than scores: rounding must not lose a document. */
#define ROUNDING 1.00001f

typedef struct TermCursor {
    float weight; /* idf times how often it was typed */
    float bound;  /* of its score in the current window */
    KeywordTerm info;
    uint32_t block;    /* the first that ends at or behind the window's beginning */
    uint32_t sought;   /* the block of the document completed last */
    uint32_t unpacked; /* UINT32_MAX: none */
    KeywordPostings postings;
} TermCursor;

/* A heap with the worst hit on top. */
typedef struct Best {
    LegHit *hits;
    size_t count, most;
} Best;

typedef struct Search {
    const Segment *segment;
    const KeywordView *view;
    const uint64_t *allowed; /* NULL: all */
    TermCursor *terms;
    TermCursor **order; /* by bound in the window, least first */
    size_t term_count;
    float length_base, length_factor; /* K of a document = base + factor * length */
    float bound_scale;
    Best *best;
    float scores[WINDOW] __attribute__((aligned(16)));
} Search;

static bool is_worse(const LegHit *a, const LegHit *b)
{
    return a->score != b->score ? a->score < b->score : a->key > b->key;
}

static void sink(Best *best, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= best->count)
            return;
        if (child + 1 < best->count && is_worse(&best->hits[child + 1], &best->hits[child]))
            child++;
        if (!is_worse(&best->hits[child], &best->hits[at]))
            return;
        LegHit swap = best->hits[at];
        best->hits[at] = best->hits[child];
        best->hits[child] = swap;
        at = child;
    }
}

static void offer(Best *best, LegHit hit)
{
    if (best->count < best->most) {
        size_t at = best->count++;
        best->hits[at] = hit;
        while (at && is_worse(&best->hits[at], &best->hits[(at - 1) / 2])) {
            LegHit swap = best->hits[at];
            best->hits[at] = best->hits[(at - 1) / 2];
            best->hits[(at - 1) / 2] = swap;
            at = (at - 1) / 2;
        }
    } else if (is_worse(&best->hits[0], &hit)) {
        best->hits[0] = hit;
        sink(best, 0);
    }
}

/* What a score must reach to matter; scores equal to it may win by their key. */
static float threshold(const Best *best)
{
    return best->count < best->most ? 0 : best->hits[0].score;
}

static float term_score(const Search *s, const TermCursor *term, uint32_t document, uint32_t count)
{
    float tf = (float)count;
    return term->weight * tf /
           (tf + s->length_base + s->length_factor * (float)s->view->lengths[document]);
}

static const KeywordBlock *blocks_of(const Search *s, const TermCursor *term)
{
    return s->view->blocks + term->info.block_first;
}

static void unpack(const Search *s, TermCursor *term, uint32_t block)
{
    if (term->unpacked == block)
        return;
    keyword_unpack(s->view, &term->info, block, &term->postings);
    term->unpacked = block;
}

/* Bounds of all terms in [start, end), ascending in s->order; terms without a document there get
 * 0. Returns the sum. */
static float window_bounds(Search *s, uint32_t start, uint32_t end)
{
    float sum = 0;
    for (size_t t = 0; t < s->term_count; t++) {
        TermCursor *term = &s->terms[t];
        const KeywordBlock *blocks = blocks_of(s, term);
        uint32_t count = keyword_block_count(&term->info), b = term->block;
        while (b < count && blocks[b].last_document < start)
            b++;
        term->block = term->sought = b;
        float bound = 0;
        for (; b < count; b++) {
            /* A block begins behind the last document of the one before. */
            if (b > term->block && blocks[b - 1].last_document + 1 >= end)
                break;
            bound = MAX(bound, blocks[b].bound);
        }
        term->bound = MIN(bound * s->bound_scale, 1) * term->weight;
        sum += term->bound;
        size_t at = t;
        for (; at && s->order[at - 1]->bound > term->bound; at--)
            s->order[at] = s->order[at - 1];
        s->order[at] = term;
    }
    return sum;
}

static void add_scores(Search *s, TermCursor *term, uint32_t start, uint32_t end)
{
    uint32_t count = keyword_block_count(&term->info);
    for (uint32_t b = term->block; b < count; b++) {
        unpack(s, term, b);
        const KeywordPostings *p = &term->postings;
        uint32_t i = 0, stop = p->count;
        while (i < stop && p->documents[i] < start)
            i++;
        while (stop > i && p->documents[stop - 1] >= end)
            stop--;
        for (; i < stop; i++)
            s->scores[p->documents[i] - start] +=
                term_score(s, term, p->documents[i], p->counts[i]);
        if (blocks_of(s, term)[b].last_document >= end - 1)
            break;
    }
}

/* The term's score in one document, or less than 0 when it and `others` cannot lift the score to
 * the threshold; documents come in ascending order within a window. */
static float seek_score(Search *s, TermCursor *term, uint32_t document, float score, float others)
{
    const KeywordBlock *blocks = blocks_of(s, term);
    uint32_t count = keyword_block_count(&term->info), b = term->sought;
    while (b < count && blocks[b].last_document < document)
        b++;
    term->sought = b;
    float bound =
        b < count ? MIN(blocks[b].bound * s->bound_scale, 1) * term->weight * ROUNDING : 0;
    if (score + bound + others < threshold(s->best))
        return -1;
    if (b == count)
        return 0;
    unpack(s, term, b);
    const KeywordPostings *p = &term->postings;
    uint32_t i = keyword_documents_before(p->documents, document);
    return i < p->count && p->documents[i] == document ? term_score(s, term, document, p->counts[i])
                                                       : 0;
}

/* Add the terms that were not walked, greatest bound first, as long as the document can pass. */
static void complete(Search *s, uint32_t document, float score, size_t unwalked, const float *sums)
{
    if (s->allowed && !(s->allowed[document / 64] >> (document % 64) & 1))
        return;
    for (size_t t = unwalked; t-- > 0;) {
        if (score + sums[t] < threshold(s->best))
            return;
        float more = seek_score(s, s->order[t], document, score, t ? sums[t - 1] : 0);
        if (more < 0)
            return;
        score += more;
    }
    offer(s->best, (LegHit){ s->segment->names[document], score });
}

/* Of the 16 scores from here on, those that are there and with `rest` reach the threshold. */
static uint32_t passing(const float *scores, float rest, float least)
{
    uint32_t mask = 0;
    const __m128 rests = _mm_set1_ps(rest), leasts = _mm_set1_ps(least), none = _mm_setzero_ps();
    for (uint32_t i = 0; i < 4; i++) {
        __m128 four = _mm_load_ps(scores + 4 * i);
        __m128 pass =
            _mm_and_ps(_mm_cmpge_ps(_mm_add_ps(four, rests), leasts), _mm_cmpgt_ps(four, none));
        mask |= (uint32_t)_mm_movemask_ps(pass) << 4 * i;
    }
    return mask;
}

static void search_window(Search *s, uint32_t start, uint32_t end)
{
    float sums[QUERY_TERMS_MAX], sum = window_bounds(s, start, end), before = 0;
    size_t unwalked = 0;
    if (sum <= 0 || sum < threshold(s->best))
        return;
    for (; unwalked < s->term_count; unwalked++) {
        before += s->order[unwalked]->bound;
        if (before >= threshold(s->best) && s->order[unwalked]->bound > 0)
            break;
        sums[unwalked] = before * ROUNDING;
    }
    memset(s->scores, 0, (size_t)(end - start + 15) / 16 * 16 * sizeof(s->scores[0]));
    for (size_t t = unwalked; t < s->term_count; t++)
        add_scores(s, s->order[t], start, end);
    float rest = unwalked ? sums[unwalked - 1] : 0;
    for (uint32_t i = 0; i < end - start; i += 16)
        for (uint32_t mask = passing(s->scores + i, rest, threshold(s->best)); mask;
             mask &= mask - 1) {
            uint32_t at = i + (uint32_t)__builtin_ctz(mask);
            complete(s, start + at, s->scores[at], unwalked, sums);
        }
}

/* What all segments together say about the collection. */
typedef struct Statistics {
    double documents, average;
} Statistics;

static Statistics statistics(Segment *const *segments, size_t count)
{
    double documents = 0, length = 0;
    for (size_t i = 0; i < count; i++) {
        const KeywordView *view = segments[i]->view;
        documents += view->head->document_count;
        length += (double)view->head->total_length;
    }
    return (Statistics){ documents, documents && length ? length / documents : 1 };
}

static double document_frequency(Segment *const *segments, size_t count, Str term)
{
    double documents = 0;
    KeywordTerm info;
    for (size_t i = 0; i < count; i++)
        if (keyword_find_term(segments[i]->view, term, &info))
            documents += info.document_count;
    return documents;
}

static double rarity_of(const Statistics *all, double n)
{
    return log1p((all->documents - n + 0.5) / (n + 0.5));
}

static double rarity(const Statistics *all, Segment *const *segments, size_t count, Str term)
{
    return rarity_of(all, document_frequency(segments, count, term));
}

double keyword_rarity_together(Segment *const *segments, size_t segment_count, double documents)
{
    Statistics all = statistics(segments, segment_count);
    return rarity_of(&all, MIN(documents, all.documents));
}

double keyword_average_length(Segment *const *segments, size_t segment_count)
{
    return statistics(segments, segment_count).average;
}

double keyword_rarity_in(Segment *const *segments, size_t segment_count, Str word)
{
    Statistics all = statistics(segments, segment_count);
    return rarity(&all, segments, segment_count, word);
}

static void search_segment(Search *s, const Segment *segment, const Query *query,
                           const float *weights, const KeywordTerm *infos, const KeyFilter *filter,
                           const Statistics *all)
{
    size_t allowed_count;
    s->segment = segment;
    s->view = segment->view;
    s->term_count = 0;
    for (size_t t = 0; t < query->terms.count; t++) {
        TermCursor *term = &s->terms[s->term_count];
        term->weight = weights[t];
        term->block = 0;
        term->unpacked = UINT32_MAX;
        term->info = infos[t];
        s->term_count += infos[t].document_count > 0;
    }
    if (!s->term_count)
        return;
    AUTO_FREE uint64_t *allowed = segment_allowed(segment, filter, &allowed_count);
    if (query->clauses.count && !allowed) {
        allowed = heap_alloc((bitmap_words(segment->count) + 1) * sizeof(*allowed));
        memset(allowed, 0xFF, bitmap_words(segment->count) * sizeof(*allowed));
    }
    size_t looks = PHRASE_LOOKS_MAX;
    if (query->clauses.count)
        keyword_apply_clauses(segment, query, allowed, &looks);
    s->allowed = allowed;
    /* share = tf / (tf + K): when K shrinks by a factor, the share grows by less than it. */
    double own = (double)s->view->head->total_length / MAX(s->view->head->document_count, 1u);
    s->bound_scale = (float)(own > 0 ? MAX(1.0, all->average / own) * 1.0001 : 1e9);
    for (uint32_t start = 0; start < segment->count && allowed_count; start += WINDOW)
        search_window(s, start, MIN(start + WINDOW, segment->count));
}

static int compare_segments(const void *a, const void *b)
{
    const Segment *left = *(Segment *const *)a, *right = *(Segment *const *)b;
    return (left->count < right->count) - (left->count > right->count);
}

size_t keyword_search_segments(Segment *const *segments, size_t segment_count, const Query *query,
                               const KeyFilter *filter, size_t k, LegHit *hits)
{
    size_t terms = query->terms.count;
    Best best = { hits, 0, k };
    float weights[QUERY_TERMS_MAX];
    if (!segment_count || !terms || !k)
        return 0;
    Statistics all = statistics(segments, segment_count);
    /* The largest first: its best scores let the others be skipped. */
    AUTO_FREE Segment **sorted = heap_alloc(segment_count * sizeof(*sorted));
    memcpy(sorted, segments, segment_count * sizeof(*sorted));
    qsort(sorted, segment_count, sizeof(*sorted), compare_segments);
    AUTO_FREE KeywordTerm *infos = heap_alloc(segment_count * terms * sizeof(*infos));
    for (size_t t = 0; t < terms; t++) {
        const QueryTerm *term = &query->terms.at[t];
        double documents = 0;
        for (size_t i = 0; i < segment_count; i++)
            if (keyword_find_term(sorted[i]->view, term->text, &infos[i * terms + t]))
                documents += infos[i * terms + t].document_count;
        double own = term->rarity > 0 ? (double)term->rarity : rarity_of(&all, documents);
        weights[t] = (float)((double)term->weight * own);
    }
    AUTO_FREE Search *s = heap_alloc(sizeof(*s));
    AUTO_FREE TermCursor *cursors = heap_alloc(terms * sizeof(*cursors));
    AUTO_FREE TermCursor **order = heap_alloc(terms * sizeof(*order));
    s->terms = cursors;
    s->order = order;
    s->best = &best;
    s->length_base = KEYWORD_K1 * (1 - KEYWORD_B);
    s->length_factor = (float)(KEYWORD_K1 * KEYWORD_B / all.average);
    for (size_t i = 0; i < segment_count; i++)
        search_segment(s, sorted[i], query, weights, infos + i * terms, filter, &all);

    size_t found = best.count;
    while (best.count > 1) {
        LegHit worst = hits[0];
        hits[0] = hits[--best.count];
        sink(&best, 0);
        hits[best.count] = worst;
    }
    return found;
}
