/* keyword_phrase.c - see keyword_phrase.h.
 *
 * The rarest word of the phrase leads; the others are asked whether they have the document, and
 * only then are positions read. */
#include "index/keyword_phrase.h"

#define POSITIONS_MAX 4096 /* of one word in one document; the rest is not looked at */

typedef struct WordCursor {
    const KeywordView *view;
    KeywordTerm info;
    uint32_t block; /* the one unpacked; UINT32_MAX: none */
    KeywordPostings postings;
    uint32_t at;           /* in it */
    uint32_t positions_at; /* number of the posting that `rest` begins with */
    Str rest;              /* positions not read yet */
    uint32_t *positions;   /* of the current document */
    uint32_t position_count;
} WordCursor;

static void load_block(WordCursor *c, uint32_t block)
{
    c->block = block;
    keyword_unpack(c->view, &c->info, block, &c->postings);
    c->rest = keyword_positions(c->view, c->info.block_first + block);
    c->at = c->positions_at = 0;
}

/* Move to the document, which never is before the last one asked for. */
static bool seek(WordCursor *c, uint32_t document)
{
    uint32_t block = c->block == UINT32_MAX ? 0 : c->block, blocks = keyword_block_count(&c->info);
    while (block < blocks && c->view->blocks[c->info.block_first + block].last_document < document)
        block++;
    if (block >= blocks)
        return false;
    if (block != c->block)
        load_block(c, block);
    while (c->at < c->postings.count && c->postings.documents[c->at] < document)
        c->at++;
    return c->at < c->postings.count && c->postings.documents[c->at] == document;
}

/* The positions of the current posting in these fields; those of the ones before are stepped over.
 */
static void read_positions(WordCursor *c, uint32_t fields)
{
    uint32_t count = 0, kept = 0;
    for (; c->positions_at <= c->at; c->positions_at++)
        count = keyword_next_positions(&c->rest, c->positions,
                                       c->positions_at == c->at ? POSITIONS_MAX : 0);
    for (uint32_t i = 0; i < count; i++)
        if (fields >> (c->positions[i] >> KEYWORD_FIELD_BITS) & 1)
            c->positions[kept++] = c->positions[i];
    c->position_count = kept;
}

static bool has_position(const WordCursor *c, uint32_t position)
{
    uint32_t low = 0, high = c->position_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (c->positions[middle] < position)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->position_count && c->positions[low] == position;
}

static bool stand_side_by_side(const WordCursor *words, size_t count)
{
    for (uint32_t i = 0; i < words[0].position_count; i++) {
        size_t w = 1;
        while (w < count && has_position(&words[w], words[0].positions[i] + (uint32_t)w))
            w++;
        if (w == count)
            return true;
    }
    return false;
}

/* All words within a stretch of `span` words, in any order: the first of them moves on until they
 * are (fields lie far apart). */
static bool stand_near(const WordCursor *words, size_t count, uint32_t span)
{
    uint32_t at[QUERY_PHRASE_MAX] = { 0 };
    for (;;) {
        size_t first = 0;
        uint32_t last = 0;
        bool is_shared = false;
        for (size_t w = 0; w < count; w++) {
            if (at[w] == words[w].position_count)
                return false;
            uint32_t position = words[w].positions[at[w]];
            for (size_t v = 0; v < w && !is_shared; v++)
                if (words[v].positions[at[v]] == position)
                    is_shared = true, at[w]++; /* one word cannot stand for two */
            if (is_shared)
                break;
            if (position < words[first].positions[at[first]])
                first = w;
            last = MAX(last, position);
        }
        if (is_shared)
            continue;
        if (last - words[first].positions[at[first]] < span)
            return true;
        at[first]++;
    }
}

/* A phrase being looked for in a segment, and where. */
typedef struct PhraseSearch {
    const QueryClause *clause;
    const QueryPhrase *phrase;
    uint32_t fields;
    WordCursor *words;
    size_t *looks;
} PhraseSearch;

/* The document that a word of the phrase has. */
static bool has_phrase(const PhraseSearch *s, uint32_t document)
{
    size_t count = s->phrase->count;
    if (count == 1 && !s->clause->fields)
        return true;
    for (size_t w = 0; w < count; w++)
        if (!seek(&s->words[w], document))
            return false;
    if (!*s->looks)
        return false;
    --*s->looks;
    for (size_t w = 0; w < count; w++) {
        read_positions(&s->words[w], s->fields);
        if (!s->words[w].position_count)
            return false;
    }
    return s->clause->slop ? stand_near(s->words, count, (uint32_t)count + s->clause->slop)
                           : stand_side_by_side(s->words, count);
}

static void match_phrase(const Segment *segment, const QueryClause *clause,
                         const QueryPhrase *phrase, const uint64_t *allowed, uint64_t *matches,
                         size_t *looks)
{
    const KeywordView *view = segment->view;
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    WordCursor *words = arena_new_array(arena, WordCursor, phrase->count);
    PhraseSearch search = { clause, phrase, clause->fields ? clause->fields : UINT32_MAX, words,
                            looks };
    size_t rarest = 0;

    for (size_t w = 0; w < phrase->count; w++) {
        words[w] = (WordCursor){ .view = view, .block = UINT32_MAX };
        if (!keyword_find_term(view, phrase->words[w], &words[w].info))
            return;
        words[w].positions = arena_new_array(arena, uint32_t, POSITIONS_MAX);
        if (words[w].info.document_count < words[rarest].info.document_count)
            rarest = w;
    }
    KeywordPostings lead;
    for (uint32_t b = 0; b < keyword_block_count(&words[rarest].info); b++) {
        keyword_unpack(view, &words[rarest].info, b, &lead);
        for (uint32_t i = 0; i < lead.count; i++) {
            uint32_t document = lead.documents[i];
            if (allowed[document / 64] >> (document % 64) & 1 && has_phrase(&search, document))
                matches[document / 64] |= UINT64_C(1) << (document % 64);
        }
    }
}

void keyword_apply_clauses(const Segment *segment, const Query *query, uint64_t *allowed,
                           size_t *looks)
{
    size_t words = bitmap_words(segment->count);
    AUTO_FREE uint64_t *matches = heap_alloc((words + 1) * sizeof(*matches));
    for (size_t c = 0; c < query->clauses.count; c++) {
        const QueryClause *clause = &query->clauses.at[c];
        memset(matches, 0, words * sizeof(*matches));
        for (size_t p = 0; p < clause->phrases.count && *looks; p++)
            match_phrase(segment, clause, &clause->phrases.at[p], allowed, matches, looks);
        if (!*looks)
            return;
        uint64_t left = 0;
        for (size_t w = 0; w < words; w++)
            left |= allowed[w] &= clause->is_excluded ? ~matches[w] : matches[w];
        if (!left)
            return;
    }
}
