/* trie.h - byte strings to numbers, with all the prefixes of a text that are in it.
 *
 * A hash table from (node, byte) to node: one probe a byte, and building it cannot go quadratic
 * on a strange vocabulary. Any thread may read what nobody adds to. */
#pragma once

#include "base/base.h"

#define TRIE_NODE_MAX (1u << 24) /* a key is node << 8 | byte */
#define TRIE_NONE UINT32_MAX     /* no string ends here */

typedef struct TrieSlot {
    uint32_t key, child; /* child 0: free */
} TrieSlot;

typedef struct Trie {
    TrieSlot *slots;
    size_t slot_mask;
    uint32_t *values; /* of each node; TRIE_NONE when no string ends there */
    uint32_t node_count, node_capacity;
} Trie;

/* Nodes 1 to roots are the beginnings of separate tries; node 0 means "none". */
void trie_begin(Trie *trie, uint32_t roots);
void trie_end(Trie *trie);
/* Adds or replaces. */
MUST_CHECK bool trie_add(Trie *trie, uint32_t root, Str text, uint32_t value, Error *err);
/* The value of exactly this text; TRIE_NONE when it is not there. */
uint32_t trie_find(const Trie *trie, uint32_t root, Str text);

static inline size_t trie_slot(const Trie *trie, uint32_t key)
{
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & trie->slot_mask;
}

/* The node after this byte, 0 when there is none. */
static inline uint32_t trie_child(const Trie *trie, uint32_t node, uint8_t byte)
{
    uint32_t key = node << 8 | byte;
    for (size_t i = trie_slot(trie, key);; i = (i + 1) & trie->slot_mask) {
        const TrieSlot *slot = &trie->slots[i];
        if (!slot->child || slot->key == key)
            return slot->child;
    }
}
