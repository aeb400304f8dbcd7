/* keyword_matches.c - all chunks that have words of a query, not only the best: for counting. */
#include "index/keyword.h"
#include "index/keyword_segment.h"

/* A segment is checked only by its checksum, so a document may be past its end. */
static void set_bits(const Segment *segment, const KeywordPostings *postings, uint64_t *having)
{
    for (uint32_t i = 0; i < postings->count; i++) {
        uint32_t document = postings->documents[i];
        if (document < segment->count)
            having[document / 64] |= UINT64_C(1) << (document % 64);
    }
}

void keyword_having_in(const Segment *segment, const Query *query, uint64_t *having)
{
    const KeywordView *view = segment->view;
    KeywordPostings postings;
    KeywordTerm info;
    for (size_t t = 0; t < query->terms.count; t++) {
        if (!keyword_find_term(view, query->terms.at[t].text, &info))
            continue;
        for (uint32_t b = 0; b < keyword_block_count(&info); b++) {
            keyword_unpack(view, &info, b, &postings);
            set_bits(segment, &postings, having);
        }
    }
}

KeyFilter keyword_having(KeywordIndex *index, const Query *query, const KeyFilter *filter,
                         Arena *arena)
{
    AUTO_SNAPSHOT Snapshot *now = keyword_snapshot(index);
    uint64_t end = snapshot_keys_end(now);
    uint64_t *bits = arena_new_array(arena, uint64_t, bitmap_words(end) + 1);
    for (size_t i = 0; i < now->count; i++) {
        const Segment *segment = now->at[i];
        size_t words = bitmap_words(segment->count), living;
        AUTO_FREE uint64_t *allowed = segment_allowed(segment, filter, &living);
        AUTO_FREE uint64_t *having = heap_alloc((words + 1) * sizeof(*having));
        keyword_having_in(segment, query, having);
        for (size_t w = 0; w < words; w++)
            for (uint64_t rest = having[w] & (allowed ? allowed[w] : ~UINT64_C(0)); rest;
                 rest &= rest - 1) {
                uint64_t key = segment->names[w * 64 + (size_t)__builtin_ctzll(rest)];
                bits[key / 64] |= UINT64_C(1) << (key % 64);
            }
    }
    return (KeyFilter){ .bits = bits, .bit_count = end };
}
