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

/* The positions of the current posting; those of the ones before are stepped over. */
static void read_positions(WordCursor *c)
{
    const uint8_t *at = (const uint8_t *)c->rest.at, *from = at, *end = at + c->rest.length;
    c->position_count = 0;
    while (c->rest.length && c->positions_at <= c->at) {
        uint32_t count, gap, position = 0;
        bool wanted = c->positions_at++ == c->at;
        if (!varint_read(&at, end, &count))
            break;
        for (uint32_t i = 0; i < count && varint_read(&at, end, &gap); i++) {
            position += gap;
            if (wanted && c->position_count < POSITIONS_MAX)
                c->positions[c->position_count++] = position;
        }
    }
    c->rest = str_from(c->rest, (size_t)(at - from));
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

/* The words stand side by side in the document that all cursors are at. */
static bool stand_together(WordCursor *words, size_t count)
{
    for (size_t w = 0; w < count; w++)
        read_positions(&words[w]);
    for (uint32_t i = 0; i < words[0].position_count; i++) {
        size_t w = 1;
        while (w < count && has_position(&words[w], words[0].positions[i] + (uint32_t)w))
            w++;
        if (w == count)
            return true;
    }
    return false;
}

static void match_phrase(const Segment *segment, const QueryPhrase *phrase, uint64_t *matches)
{
    const KeywordView *view = segment->view;
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    WordCursor *words = arena_new_array(arena, WordCursor, phrase->count);
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
            size_t w = 0;
            while (phrase->count > 1 && w < phrase->count && seek(&words[w], document))
                w++;
            if (phrase->count == 1 || (w == phrase->count && stand_together(words, phrase->count)))
                matches[document / 64] |= UINT64_C(1) << (document % 64);
        }
    }
}

void keyword_apply_clauses(const Segment *segment, const Query *query, uint64_t *allowed)
{
    size_t words = bitmap_words(segment->count);
    AUTO_FREE uint64_t *matches = heap_alloc((words + 1) * sizeof(*matches));
    for (size_t c = 0; c < query->clauses.count; c++) {
        const QueryClause *clause = &query->clauses.at[c];
        memset(matches, 0, words * sizeof(*matches));
        for (size_t p = 0; p < clause->phrase_count; p++)
            match_phrase(segment, &clause->phrases[p], matches);
        for (size_t w = 0; w < words; w++)
            allowed[w] &= clause->is_excluded ? ~matches[w] : matches[w];
    }
}
