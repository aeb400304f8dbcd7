#include "text/trie.h"

static void put(Trie *trie, uint32_t key, uint32_t child)
{
    size_t i = trie_slot(trie, key);
    while (trie->slots[i].child)
        i = (i + 1) & trie->slot_mask;
    trie->slots[i] = (TrieSlot){ key, child };
}

static void grow(Trie *trie)
{
    TrieSlot *old = trie->slots;
    size_t old_count = old ? trie->slot_mask + 1 : 0;
    size_t count = old ? old_count * 2 : 4096;
    trie->slots = heap_alloc(count * sizeof(TrieSlot));
    trie->slot_mask = count - 1;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].child)
            put(trie, old[i].key, old[i].child);
    free(old);
    /* At most half of the slots are ever used, so a probe ends soon. */
    trie->node_capacity = (uint32_t)(count / 2);
    trie->values = heap_grow(trie->values, trie->node_capacity * sizeof(uint32_t));
}

static uint32_t new_node(Trie *trie)
{
    if (trie->node_count == trie->node_capacity)
        grow(trie);
    trie->values[trie->node_count] = TRIE_NONE;
    return trie->node_count++;
}

void trie_begin(Trie *trie, uint32_t roots)
{
    *trie = (Trie){ 0 };
    while (trie->node_count <= roots)
        new_node(trie);
}

void trie_end(Trie *trie)
{
    free(trie->slots);
    free(trie->values);
}

bool trie_add(Trie *trie, uint32_t root, Str text, uint32_t value, Error *err)
{
    uint32_t node = root;
    for (size_t i = 0; i < text.length; i++) {
        uint8_t byte = (uint8_t)text.at[i];
        uint32_t child = trie_child(trie, node, byte);
        if (!child) {
            if (trie->node_count >= TRIE_NODE_MAX)
                return fail(err, ERROR_TOO_LARGE, "the vocabulary has too many different pieces");
            child = new_node(trie);
            put(trie, node << 8 | byte, child);
        }
        node = child;
    }
    trie->values[node] = value;
    return true;
}

uint32_t trie_find(const Trie *trie, uint32_t root, Str text)
{
    uint32_t node = root;
    for (size_t i = 0; i < text.length && node; i++)
        node = trie_child(trie, node, (uint8_t)text.at[i]);
    return node ? trie->values[node] : TRIE_NONE;
}
