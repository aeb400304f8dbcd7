/* extraction_overlap.c - a page that two readers have read: nothing is said twice.
 *
 * A picture of a whole page shows its text again; what recognition found is compared with what
 * stands there already by pairs of neighbouring words, since it misreads single letters. */
#include "base/map.h"
#include "base/utf8.h"
#include "library/extraction_int.h"

/* So many of a block's pairs of words stand on the page already: the block is known. */
#define KNOWN_SHARE 0.6
enum { WORD_MAX_BYTES = 200 };

/* The next run of letters and digits, in lower case. */
static bool next_word(Str *rest, char word[WORD_MAX_BYTES], size_t *length_r)
{
    size_t length = 0;
    while (rest->length) {
        unsigned char c = (unsigned char)rest->at[0];
        bool is_part =
            c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_part && length)
            break;
        if (is_part && length < WORD_MAX_BYTES)
            word[length++] = (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
        *rest = str_from(*rest, 1);
    }
    *length_r = length;
    return length > 0;
}

/* Calls with a number for each pair of neighbours, and one for a word that is alone. */
typedef void OnPair(void *self, uint64_t pair);

static void each_pair(Str text, OnPair *on_pair, void *self)
{
    char word[WORD_MAX_BYTES];
    size_t length, count = 0;
    uint64_t last = 0;
    for (; next_word(&text, word, &length); count++) {
        uint64_t hash = str_hash((Str){ word, length });
        if (count)
            on_pair(self, last * 31 + hash);
        last = hash;
    }
    if (count == 1)
        on_pair(self, last);
}

/* --- What stands on the page --- */

typedef struct Pairs {
    Arena *arena;
    uint64_t *slots; /* 0: free */
    size_t slot_count, count;
    size_t known; /* of those looked for */
} Pairs;

static void add_pair(void *self, uint64_t pair)
{
    Pairs *pairs = self;
    pair |= pair == 0;
    size_t at = pair % pairs->slot_count;
    while (pairs->slots[at] && pairs->slots[at] != pair)
        at = (at + 1) % pairs->slot_count;
    pairs->slots[at] = pair;
    pairs->count++;
}

static void look_for_pair(void *self, uint64_t pair)
{
    Pairs *pairs = self;
    pair |= pair == 0;
    size_t at = pair % pairs->slot_count;
    while (pairs->slots[at] && pairs->slots[at] != pair)
        at = (at + 1) % pairs->slot_count;
    pairs->known += pairs->slots[at] == pair;
    pairs->count++;
}

/* The blocks of the page whose mark is the last one before `at`. */
static void page_range(const DocNode *node, size_t at, size_t *first_r, size_t *end_r)
{
    size_t first = MIN(at, node->blocks.count), end = first;
    while (first && node->blocks.at[first - 1].kind != BLOCK_PAGE)
        first--;
    while (end < node->blocks.count && node->blocks.at[end].kind != BLOCK_PAGE)
        end++;
    *first_r = first;
    *end_r = end;
}

void overlap_drop_known(const DocNode *node, size_t at, DocNode *found)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    size_t first, end, bytes = 0, kept = 0;
    page_range(node, at, &first, &end);
    for (size_t i = first; i < end; i++)
        bytes += node->blocks.at[i].text.length;
    if (!bytes || bytes > MB(1))
        return;
    Pairs pairs = { .slot_count = bytes * 2 + 16 };
    pairs.slots = arena_new_array(arena, uint64_t, pairs.slot_count);
    for (size_t i = first; i < end; i++)
        each_pair(node->blocks.at[i].text, add_pair, &pairs);
    for (size_t i = 0; i < found->blocks.count; i++) {
        const Block *block = &found->blocks.at[i];
        pairs.count = pairs.known = 0;
        if (block->kind != BLOCK_META)
            each_pair(block->text, look_for_pair, &pairs);
        if (!pairs.count || (double)pairs.known < KNOWN_SHARE * (double)pairs.count)
            found->blocks.at[kept++] = *block;
    }
    found->blocks.count = kept;
}

static bool has_box(const Block *block) { return block->place.y1 > block->place.y0; }

size_t overlap_place(const DocNode *node, size_t at, const DocNode *found)
{
    const Block *highest = NULL;
    size_t first, end;
    for (size_t i = 0; i < found->blocks.count; i++) {
        const Block *block = &found->blocks.at[i];
        if (has_box(block) && (!highest || block->place.y0 < highest->place.y0))
            highest = block;
    }
    page_range(node, at, &first, &end);
    for (size_t i = at; highest && i < end; i++) {
        const Block *block = &node->blocks.at[i];
        if (!has_box(block))
            continue;
        if (block->place.y1 > highest->place.y0)
            break;
        at = i + 1;
    }
    return at;
}

void overlap_drop_page(DocNode *node, size_t at, const DocNode *found)
{
    size_t first, end;
    bool has_text = false;
    for (size_t i = 0; i < found->blocks.count; i++)
        has_text |= found->blocks.at[i].text.length > 0;
    page_range(node, at, &first, &end);
    for (size_t i = first; has_text && i < end; i++)
        node->blocks.at[i].kind = BLOCK_KIND_COUNT;
}
