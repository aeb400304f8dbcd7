/* chunk_bits.c - see chunk_bits.h. */
#include "search/chunk_bits.h"

static void make_room(ChunkBits *set, Arena *arena, uint64_t bit_count)
{
    if (bit_count <= set->bit_count)
        return;
    uint64_t *grown = arena_new_array(arena, uint64_t, (bit_count + 63) / 64);
    if (set->bit_count)
        memcpy(grown, set->bits, (set->bit_count + 63) / 64 * sizeof *grown);
    *set = (ChunkBits){ grown, bit_count };
}

void chunk_bits_add_range(ChunkBits *set, Arena *arena, const NumberRange *range)
{
    uint64_t number = (uint64_t)range->first, end = number + (uint64_t)range->count;
    if (end > set->bit_count) /* ranges come in ascending order as a rule */
        make_room(set, arena, (end * 2 + 4095) / 64 * 64);
    for (; number < end; number++)
        set->bits[number / 64] |= UINT64_C(1) << (number % 64);
}

void chunk_bits_add(ChunkBits *set, Arena *arena, const uint64_t *bits, uint64_t bit_count)
{
    make_room(set, arena, bit_count);
    for (size_t w = 0; w < (bit_count + 63) / 64; w++)
        set->bits[w] |= bits[w];
}

ChunkBits chunk_bits_without(Arena *arena, int64_t bit_count, const NumberRangeList *ranges)
{
    ChunkBits set = { 0 };
    make_room(&set, arena, (uint64_t)bit_count);
    memset(set.bits, 0xff, ((uint64_t)bit_count + 63) / 64 * sizeof *set.bits);
    for (size_t i = 0; i < ranges->count; i++) {
        const NumberRange *range = &ranges->at[i];
        for (int64_t n = range->first; n < MIN(range->first + range->count, bit_count); n++)
            set.bits[n / 64] &= ~(UINT64_C(1) << (n % 64));
    }
    return set;
}

bool chunk_bits_meet(const ChunkBits *set, const NumberRange *range)
{
    uint64_t from = (uint64_t)range->first;
    uint64_t end = MIN(from + (uint64_t)range->count, set->bit_count);
    while (from < end) {
        uint64_t word = set->bits[from / 64] >> (from % 64);
        if (word)
            return from + (uint64_t)__builtin_ctzll(word) < end;
        from = (from / 64 + 1) * 64;
    }
    return false;
}
