/* alike.c - see alike.h. */
#include "search/alike.h"

#define COMMON_MIN 0.9
#define WORDS_MIN 8

static int ascending(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* Bytes of other scripts than Latin count as letters; only ASCII has its case folded. */
static bool is_letter(char c)
{
    return (c & 0x80) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

WordSet word_set(Arena *arena, Str text)
{
    uint32_t *words = arena_new_array(arena, uint32_t, text.length / 2 + 1);
    size_t count = 0, kept = 0;
    uint64_t numbers = 0;
    for (size_t i = 0; i < text.length; i++) {
        uint32_t hash = 2166136261u; /* FNV-1a */
        bool has_digit = false;
        size_t start = i;
        for (; i < text.length && is_letter(text.at[i]); i++) {
            char c = text.at[i];
            has_digit |= c >= '0' && c <= '9';
            hash = (hash ^ (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c)) * 16777619u;
        }
        if (i == start)
            continue;
        words[count++] = has_digit ? hash | 1 : hash & ~1u;
    }
    qsort(words, count, sizeof(*words), ascending);
    for (size_t i = 0; i < count; i++) {
        if (kept && words[kept - 1] == words[i])
            continue;
        words[kept++] = words[i];
        if (words[i] & 1)
            numbers = (numbers ^ words[i]) * UINT64_C(1099511628211);
    }
    return (WordSet){ .at = words, .count = kept, .numbers = numbers };
}

bool word_sets_alike(const WordSet *a, const WordSet *b)
{
    size_t common = 0, i = 0, j = 0;
    if (a->numbers != b->numbers)
        return false;
    while (i < a->count && j < b->count) {
        if (a->at[i] == b->at[j])
            common++, i++, j++;
        else if (a->at[i] < b->at[j])
            i++;
        else
            j++;
    }
    size_t all = a->count + b->count - common;
    if (MIN(a->count, b->count) < WORDS_MIN)
        return all && common == all;
    return (double)common >= COMMON_MIN * (double)all;
}
