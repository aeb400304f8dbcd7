/* chunk_bits.h - sets of chunk numbers, a bit each (ChunkBits in search.h). They grow in the arena;
 * numbers past their end are not in them. */
#pragma once

#include "search/search.h"

void chunk_bits_add_range(ChunkBits *set, Arena *arena, const NumberRange *range);
/* All of a bitmap. */
void chunk_bits_add(ChunkBits *set, Arena *arena, const uint64_t *bits, uint64_t bit_count);
/* Every number below bit_count that is in none of the ranges. */
ChunkBits chunk_bits_without(Arena *arena, int64_t bit_count, const NumberRangeList *ranges);
/* It has a number of the range. */
bool chunk_bits_meet(const ChunkBits *set, const NumberRange *range);
