/* bpe.h - byte pair encoding: neighbouring symbols are merged, the pair of the lowest rank first
 * and of equal ones the leftmost, until no pair of them is known (Sennrich et al., "Neural machine
 * translation of rare words with subword units", 2016, section 3.2).
 *
 * The time is n log n also of one endless word: pairs wait in a heap, symbols are a linked list.
 * A Bpe never changes once made: any thread may use it, each with a BpeRoom of its own. */
#pragma once

#include "base/base.h"

#define BPE_MERGES_MAX 2000000

typedef struct Bpe Bpe;

typedef struct BpeMerge {
    uint32_t left, right, merged, rank;
} BpeMerge;

/* Memory that merging needs, kept from one word to the next; all zero at first. */
typedef struct BpeRoom {
    struct BpeLink *links;
    struct BpeWaiting *waiting;
    size_t link_room, waiting_room;
} BpeRoom;

/* Of two merges of the same pair the later one counts. */
MUST_CHECK bool bpe_new(const BpeMerge *merges, size_t count, Bpe **bpe_r, Error *err);
void bpe_free(Bpe *bpe); /* NULL is fine */
/* Merges the symbols in their place; returns how many are left. */
size_t bpe_merge(const Bpe *bpe, BpeRoom *room, uint32_t *symbols, size_t count);
void bpe_room_free(BpeRoom *room);
