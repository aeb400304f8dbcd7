/* keyword_explain.c - see keyword_explain.h. */
#include "index/keyword_explain.h"

#include "index/keyword.h"
#include "index/keyword_segment.h"

#define POSITIONS_MAX 4096

/* The document's posting of a term: its weighted count, and the occurrences by field. */
static uint32_t posting_of(const KeywordView *view, const KeywordTerm *info, uint32_t document,
                           uint32_t in_field[KEYWORD_FIELDS_MAX])
{
    KeywordPostings postings;
    uint32_t positions[POSITIONS_MAX], block = 0;
    while (block < keyword_block_count(info) &&
           view->blocks[info->block_first + block].last_document < document)
        block++;
    if (block == keyword_block_count(info))
        return 0;
    keyword_unpack(view, info, block, &postings);
    Str rest = keyword_positions(view, info->block_first + block);
    for (uint32_t i = 0; i < postings.count && postings.documents[i] <= document; i++) {
        bool is_it = postings.documents[i] == document;
        uint32_t count = keyword_next_positions(&rest, positions, is_it ? POSITIONS_MAX : 0);
        for (uint32_t p = 0; p < count; p++)
            if (!keyword_is_aside(positions[p]))
                in_field[positions[p] >> KEYWORD_FIELD_BITS]++;
        if (is_it)
            return postings.counts[i];
    }
    return 0;
}

static void explain_terms(Segment *const *segments, size_t count, const Segment *segment,
                          uint32_t document, const Query *query, KeywordExplanation *explanation)
{
    for (size_t t = 0; t < query->terms.count; t++) {
        const QueryTerm *term = &query->terms.at[t];
        KeywordTermScore *one = &explanation->terms[explanation->term_count];
        KeywordTerm info;
        if (!keyword_find_term(segment->view, term->text, &info))
            continue;
        *one = (KeywordTermScore){ .text = term->text,
                                   .start = term->start,
                                   .end = term->end,
                                   .weight = (double)term->weight };
        one->frequency = posting_of(segment->view, &info, document, one->in_field);
        if (one->frequency <= 0)
            continue;
        one->rarity = term->rarity > 0 ? (double)term->rarity
                                       : keyword_rarity_in(segments, count, term->text);
        one->score =
            one->weight * one->rarity * one->frequency / (one->frequency + explanation->damping);
        explanation->score += one->score;
        explanation->term_count++;
    }
}

KeywordExplanation keyword_explain(KeywordIndex *index, const Query *query, uint64_t key,
                                   Arena *arena)
{
    AUTO_SNAPSHOT Snapshot *now = keyword_snapshot(index);
    KeywordExplanation explanation = {
        .terms = arena_new_array(arena, KeywordTermScore, query->terms.count + 1),
        .average_length = keyword_average_length(now->at, now->count)
    };
    for (size_t i = 0; i < now->count; i++) {
        const Segment *segment = now->at[i];
        const KeywordView *view = segment->view;
        uint32_t entry = segment_lower(segment, key);
        if (entry == segment->count || segment->names[entry] != key ||
            !segment_is_live(segment, entry))
            continue;
        explanation.length = view->lengths[entry];
        explanation.damping = (double)KEYWORD_K1 *
                              (1 - (double)KEYWORD_B +
                               (double)KEYWORD_B * explanation.length / explanation.average_length);
        explain_terms(now->at, now->count, segment, entry, query, &explanation);
        break;
    }
    return explanation;
}
