#include "text/bpe.h"

#define NO_LINK UINT32_MAX
#define NO_MERGE UINT32_MAX /* of a free slot */

typedef struct PairSlot {
    uint64_t pair;
    uint32_t merged, rank;
} PairSlot;

struct Bpe {
    PairSlot *slots;
    size_t mask;
};

/* A symbol and its neighbours; a merged one lives on in the left of the two. */
struct BpeLink {
    uint32_t symbol, before, after;
    bool is_gone;
};

/* A pair that can be merged, or could when it was found. */
struct BpeWaiting {
    uint32_t rank, at, merged;
};

/* --- Pairs ------------------------------------------------------------------------------ */

static uint64_t pair_of(uint32_t left, uint32_t right) { return (uint64_t)left << 32 | right; }

/* The slot of the pair, or the free one where it belongs. */
static PairSlot *slot_of(const Bpe *bpe, uint64_t pair)
{
    uint64_t hash = pair * UINT64_C(0x9E3779B97F4A7C15);
    size_t i = (size_t)(hash >> 32 ^ hash) & bpe->mask;
    while (bpe->slots[i].merged != NO_MERGE && bpe->slots[i].pair != pair)
        i = (i + 1) & bpe->mask;
    return &bpe->slots[i];
}

bool bpe_new(const BpeMerge *merges, size_t count, Bpe **bpe_r, Error *err)
{
    if (count > BPE_MERGES_MAX)
        return fail(err, ERROR_TOO_LARGE, "there are %zu merges", count);
    Bpe *bpe = heap_alloc(sizeof *bpe);
    size_t slots = 16;
    while (slots < count * 2)
        slots *= 2;
    bpe->mask = slots - 1;
    bpe->slots = heap_alloc(slots * sizeof *bpe->slots);
    for (size_t i = 0; i < slots; i++)
        bpe->slots[i].merged = NO_MERGE;
    for (size_t i = 0; i < count; i++) {
        uint64_t pair = pair_of(merges[i].left, merges[i].right);
        *slot_of(bpe, pair) = (PairSlot){ pair, merges[i].merged, merges[i].rank };
    }
    *bpe_r = bpe;
    return true;
}

void bpe_free(Bpe *bpe)
{
    if (!bpe)
        return;
    free(bpe->slots);
    free(bpe);
}

/* --- The heap: the lowest rank first, of equal ones the leftmost ------------------------- */

static bool is_before(const struct BpeWaiting *a, const struct BpeWaiting *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void push(struct BpeWaiting *heap, size_t *count, struct BpeWaiting one)
{
    size_t i = (*count)++;
    while (i && is_before(&one, &heap[(i - 1) / 2])) {
        heap[i] = heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap[i] = one;
}

static struct BpeWaiting pop(struct BpeWaiting *heap, size_t *count)
{
    struct BpeWaiting first = heap[0], last = heap[--*count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < *count; i = child) {
        if (child + 1 < *count && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &last))
            break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return first;
}

/* --- Merging ---------------------------------------------------------------------------- */

/* What the symbol at this place and the one after it become; NULL: nothing. */
static const PairSlot *merge_at(const Bpe *bpe, const struct BpeLink *links, uint32_t at)
{
    if (links[at].is_gone || links[at].after == NO_LINK)
        return NULL;
    const PairSlot *slot = slot_of(bpe, pair_of(links[at].symbol, links[links[at].after].symbol));
    return slot->merged == NO_MERGE ? NULL : slot;
}

static void look(const Bpe *bpe, BpeRoom *room, size_t *waiting, uint32_t at)
{
    const PairSlot *slot = merge_at(bpe, room->links, at);
    if (slot)
        push(room->waiting, waiting, (struct BpeWaiting){ slot->rank, at, slot->merged });
}

static void join(struct BpeLink *links, uint32_t at, uint32_t merged)
{
    uint32_t gone = links[at].after, after = links[gone].after;
    links[gone].is_gone = true;
    links[at].symbol = merged;
    links[at].after = after;
    if (after != NO_LINK)
        links[after].before = at;
}

/* Each merge takes one pair away and finds two at most, so the heap never has more than
 * count + 2 * count. */
static void make_room(BpeRoom *room, size_t count)
{
    if (count <= room->link_room)
        return;
    room->link_room = count * 2 + 64;
    room->waiting_room = room->link_room * 3;
    room->links = heap_grow(room->links, room->link_room * sizeof *room->links);
    room->waiting = heap_grow(room->waiting, room->waiting_room * sizeof *room->waiting);
}

size_t bpe_merge(const Bpe *bpe, BpeRoom *room, uint32_t *symbols, size_t count)
{
    size_t waiting = 0, left = 0;
    make_room(room, count);
    struct BpeLink *links = room->links;
    for (size_t i = 0; i < count; i++)
        links[i] = (struct BpeLink){ symbols[i], i ? (uint32_t)i - 1 : NO_LINK,
                                     i + 1 < count ? (uint32_t)i + 1 : NO_LINK, false };
    for (size_t i = 0; i < count; i++)
        look(bpe, room, &waiting, (uint32_t)i);
    while (waiting) {
        struct BpeWaiting next = pop(room->waiting, &waiting);
        const PairSlot *now = merge_at(bpe, links, next.at);
        if (!now || now->merged != next.merged)
            continue; /* one of the two was merged with another meanwhile */
        join(links, next.at, next.merged);
        if (links[next.at].before != NO_LINK)
            look(bpe, room, &waiting, links[next.at].before);
        look(bpe, room, &waiting, next.at);
    }
    for (size_t i = 0; i < count; i++)
        if (!links[i].is_gone)
            symbols[left++] = links[i].symbol;
    return left;
}

void bpe_room_free(BpeRoom *room)
{
    free(room->links);
    free(room->waiting);
}
