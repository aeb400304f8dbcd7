/* keyword_coverage.c - how much of a query's words chunks have, by how rare the words are.
 *
 * Chunks that are not asked about cost nothing but the blocks' last documents: a block is unpacked
 * only when one of those asked about may be in it. */
#include "index/keyword.h"
#include "index/keyword_segment.h"

/* The chunks asked about that live in a segment, ascending. */
typedef struct Asked {
    uint32_t *entries;
    size_t *places; /* of theirs, in the caller's array */
    size_t count;
} Asked;

static Asked asked_of(const Segment *segment, Arena *arena, const uint64_t *keys, size_t count)
{
    Asked asked = { arena_new_array(arena, uint32_t, count + 1),
                    arena_new_array(arena, size_t, count + 1), 0 };
    for (size_t i = 0; i < count; i++) {
        uint32_t entry = segment_lower(segment, keys[i]);
        if (entry == segment->count || segment->names[entry] != keys[i] ||
            !segment_is_live(segment, entry))
            continue;
        asked.entries[asked.count] = entry;
        asked.places[asked.count++] = i;
    }
    return asked;
}

/* Those that have the term are marked. */
static void mark(const Segment *segment, const Asked *asked, const KeywordTerm *info, bool *has)
{
    const KeywordView *view = segment->view;
    uint32_t documents[KEYWORD_BLOCK];
    uint32_t block = 0, blocks = keyword_block_count(info), count = 0;
    bool is_unpacked = false;
    for (size_t i = 0; i < asked->count; i++) {
        uint32_t entry = asked->entries[i];
        for (; block < blocks && view->blocks[info->block_first + block].last_document < entry;
             block++)
            is_unpacked = false;
        if (block == blocks)
            return;
        if (!is_unpacked) {
            count = keyword_unpack_documents(view, info, block, documents);
            is_unpacked = true;
        }
        uint32_t at = count ? keyword_documents_before(documents, entry) : 0;
        has[asked->places[i]] |= at < count && documents[at] == entry;
    }
}

/* The same in all segments. Returns how rare the term is; 0: it is nowhere. */
static double mark_all(const Snapshot *now, const Asked *asked, const QueryTerm *term, bool *has)
{
    double documents = 0;
    for (size_t s = 0; s < now->count; s++) {
        KeywordTerm info;
        if (!keyword_find_term(now->at[s]->view, term->text, &info))
            continue;
        documents += info.document_count;
        mark(now->at[s], &asked[s], &info, has);
    }
    if (term->rarity > 0 || documents <= 0)
        return documents > 0 ? (double)term->rarity : 0;
    return keyword_rarity_together(now->at, now->count, documents);
}

static bool is_first_of_word(const Query *query, size_t t)
{
    for (size_t i = 0; i < t; i++)
        if (query->terms.at[i].start == query->terms.at[t].start)
            return false;
    return true;
}

void keyword_coverage(KeywordIndex *index, const Query *query, const uint64_t *keys, size_t count,
                      Arena *arena, float *covered)
{
    AUTO_SNAPSHOT Snapshot *now = keyword_snapshot(index);
    Asked *asked = arena_new_array(arena, Asked, now->count + 1);
    double *sums = arena_new_array(arena, double, count + 1), all = 0;
    bool *has = arena_new_array(arena, bool, count + 1);
    for (size_t s = 0; s < now->count; s++)
        asked[s] = asked_of(now->at[s], arena, keys, count);
    for (size_t first = 0; first < query->terms.count; first++) {
        double rarity = 0; /* of the word typed there: its forms count together, as the rarest */
        bool is_anywhere = false;
        if (query->terms.at[first].is_frame || !is_first_of_word(query, first))
            continue;
        memset(has, 0, count * sizeof(*has));
        for (size_t t = first; t < query->terms.count; t++)
            if (query->terms.at[t].start == query->terms.at[first].start)
                rarity = MAX(rarity, mark_all(now, asked, &query->terms.at[t], has));
        for (size_t i = 0; i < count; i++) {
            sums[i] += has[i] ? rarity : 0;
            is_anywhere |= has[i];
        }
        all += is_anywhere ? rarity : 0;
    }
    for (size_t i = 0; i < count; i++)
        covered[i] = all > 0 ? (float)(sums[i] / all) : 0;
}
