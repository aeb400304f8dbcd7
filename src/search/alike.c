/* alike.c - see alike.h. */
#include "search/alike.h"

#define COMMON_MIN 0.9
#define WORDS_MIN 8

/* Bytes of other scripts than Latin count as letters; only ASCII has its case folded. */
static bool is_letter(char c)
{
    return (c & 0x80) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The slot of the word, or the free one where it belongs. */
static uint32_t slot_of(const WordSet *set, uint32_t word)
{
    uint32_t slot = word * 2654435769u >> (32 - set->bits); /* Knuth's multiplicative hashing */
    while (set->slots[slot] && set->slots[slot] != word)
        slot = (slot + 1) & ((1u << set->bits) - 1);
    return slot;
}

static void add_word(WordSet *set, uint32_t word)
{
    uint32_t slot = slot_of(set, word);
    if (set->slots[slot])
        return;
    set->slots[slot] = set->at[set->count++] = word;
    if (word & 1) /* their order must not count */
        set->numbers += (word ^ UINT64_C(14695981039346656037)) * UINT64_C(1099511628211);
}

WordSet word_set(Arena *arena, Str text)
{
    size_t words_max = text.length / 2 + 1;
    WordSet set = { .at = arena_new_array(arena, uint32_t, words_max), .bits = 4 };
    while ((size_t)1 << set.bits < words_max * 3 / 2)
        set.bits++;
    set.slots = arena_new_array(arena, uint32_t, (size_t)1 << set.bits);
    for (size_t i = 0; i < text.length; i++) {
        uint32_t hash = 2166136261u; /* FNV-1a */
        bool has_digit = false;
        size_t start = i;
        for (; i < text.length && is_letter(text.at[i]); i++) {
            char c = text.at[i];
            has_digit |= c >= '0' && c <= '9';
            hash = (hash ^ (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c)) * 16777619u;
        }
        if (i > start) /* the lowest bit says what it is; 0 is a free slot */
            add_word(&set, has_digit ? hash | 1 : (hash & ~1u) | 2);
    }
    return set;
}

bool word_sets_alike(const WordSet *a, const WordSet *b)
{
    const WordSet *fewer = a->count < b->count ? a : b, *more = fewer == a ? b : a;
    size_t common = 0;
    if (a->numbers != b->numbers ||
        (double)fewer->count < COMMON_MIN * (double)more->count) /* they cannot have enough */
        return false;
    for (size_t i = 0; i < fewer->count; i++)
        common += more->slots[slot_of(more, fewer->at[i])] != 0;
    size_t all = a->count + b->count - common;
    if (fewer->count < WORDS_MIN)
        return all && common == all;
    return (double)common >= COMMON_MIN * (double)all;
}
