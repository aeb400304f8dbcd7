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

/* A form of a word in a segment that has it. */
typedef struct Form {
    size_t segment;
    uint64_t word; /* its bit */
    KeywordTerm info;
} Form;

struct KeywordCoverage {
    Arena *arena;
    Snapshot *now;
    size_t word_count;
    double rarities[KEYWORD_COVERED_MAX]; /* of words; their forms count together, as the rarest */
    VEC(Form) forms;
};

/* In all segments. Returns how rare the term is; 0: it is nowhere. */
static double add_forms(KeywordCoverage *coverage, const QueryTerm *term, uint64_t word)
{
    const Snapshot *now = coverage->now;
    double documents = 0;
    for (size_t s = 0; s < now->count; s++) {
        KeywordTerm info;
        if (!keyword_find_term(now->at[s]->view, term->text, &info))
            continue;
        documents += info.document_count;
        *vec_push(coverage->arena, &coverage->forms) = (Form){ s, word, info };
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

KeywordCoverage *keyword_coverage_begin(KeywordIndex *index, const Query *query, Arena *arena)
{
    KeywordCoverage *coverage = arena_new_one(arena, KeywordCoverage);
    *coverage = (KeywordCoverage){ .arena = arena, .now = keyword_snapshot(index) };
    for (size_t first = 0; first < query->terms.count; first++) {
        if (coverage->word_count == KEYWORD_COVERED_MAX || query->terms.at[first].is_frame ||
            !is_first_of_word(query, first))
            continue;
        size_t word = coverage->word_count++;
        double *rarity = &coverage->rarities[word];
        for (size_t t = first; t < query->terms.count; t++)
            if (query->terms.at[t].start == query->terms.at[first].start)
                *rarity =
                    MAX(*rarity, add_forms(coverage, &query->terms.at[t], UINT64_C(1) << word));
    }
    return coverage;
}

void keyword_coverage_end(KeywordCoverage *coverage) { snapshot_release(coverage->now); }

/* Those that have the form get its word. */
static void mark(const Segment *segment, const Asked *asked, const Form *form, uint64_t *marks)
{
    const KeywordView *view = segment->view;
    const KeywordTerm *info = &form->info;
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
        if (at < count && documents[at] == entry)
            marks[asked->places[i]] |= form->word;
    }
}

void keyword_coverage_mark(const KeywordCoverage *coverage, const uint64_t *keys, size_t count,
                           uint64_t *marks)
{
    const Snapshot *now = coverage->now;
    memset(marks, 0, count * sizeof(*marks));
    for (size_t s = 0; s < now->count; s++) {
        Asked asked = asked_of(now->at[s], coverage->arena, keys, count);
        for (size_t i = 0; asked.count && i < coverage->forms.count; i++)
            if (coverage->forms.at[i].segment == s)
                mark(now->at[s], &asked, &coverage->forms.at[i], marks);
    }
}

static double sum_of(const KeywordCoverage *coverage, uint64_t marks)
{
    double sum = 0;
    for (size_t word = 0; word < coverage->word_count; word++)
        sum += marks >> word & 1 ? coverage->rarities[word] : 0;
    return sum;
}

void keyword_coverage_share(const KeywordCoverage *coverage, const uint64_t *marks, size_t count,
                            float *shares)
{
    uint64_t anywhere = 0;
    for (size_t i = 0; i < count; i++)
        anywhere |= marks[i];
    double all = sum_of(coverage, anywhere);
    for (size_t i = 0; i < count; i++)
        shares[i] = all > 0 ? (float)(sum_of(coverage, marks[i]) / all) : 0;
}
