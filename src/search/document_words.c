/* document_words.c - see document_words.h. */
#include "search/document_words.h"

#include "base/map.h"

#define WORD_MIN 2
#define WORD_BYTES 32
/* A word of fewer documents is looked for in their names. */
#define FREQUENT_OF 128
#define SLOTS 256 /* a power of two */
#define CHOOSING_MAX MB(64)

typedef struct Word {
    char text[WORD_BYTES];
    size_t length;
    uint64_t *bits;
} Word;

struct DocumentWords {
    Word at[WORDS_MAX];
    size_t count;
    size_t room;                /* words of the bits of each */
    unsigned char slots[SLOTS]; /* 1 more than where a word is; 0: free */
};

DocumentWords *document_words_new(void) { return heap_alloc(sizeof(DocumentWords)); }

static void forget_words(DocumentWords *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->at[i].bits);
    words->count = 0;
    memset(words->slots, 0, sizeof words->slots);
}

void document_words_free(DocumentWords *words)
{
    if (!words)
        return;
    forget_words(words);
    free(words);
}

size_t document_words_bytes(const DocumentWords *words)
{
    return words->count * words->room * sizeof *words->at->bits + sizeof *words;
}

void document_words_reserve(DocumentWords *words, size_t room)
{
    size_t wanted = room / 64;
    for (size_t i = 0; i < words->count && wanted > words->room; i++) {
        uint64_t **bits = &words->at[i].bits;
        *bits = heap_grow(*bits, wanted * sizeof **bits);
        memset(*bits + words->room, 0, (wanted - words->room) * sizeof **bits);
    }
    words->room = MAX(words->room, wanted);
}

/* --- Words --- */

static bool is_of_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static bool next_word(Str *rest, Str *word_r)
{
    size_t from = 0, to;
    while (from < rest->length && !is_of_word(rest->at[from]))
        from++;
    for (to = from; to < rest->length && is_of_word(rest->at[to]);)
        to++;
    *word_r = str_slice(*rest, from, to);
    *rest = str_from(*rest, to);
    return word_r->length;
}

/* FNV-1a; of few words, and of each word of each name. Where it is, or would be. */
static unsigned char *find_slot_of(DocumentWords *words, Str word)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < word.length; i++)
        hash = (hash ^ (unsigned char)word.at[i]) * 16777619u;
    size_t at = (hash ^ hash >> 16) % SLOTS;
    for (; words->slots[at]; at = (at + 1) % SLOTS) {
        const Word *one = &words->at[words->slots[at] - 1];
        if (str_equal(word, (Str){ one->text, one->length }))
            break;
    }
    return &words->slots[at];
}

static void add_word(DocumentWords *words, Str text)
{
    unsigned char *slot = find_slot_of(words, text);
    Word *word = &words->at[words->count];
    memcpy(word->text, text.at, text.length);
    word->length = text.length;
    word->bits = heap_alloc((words->room + 1) * sizeof *word->bits);
    *slot = (unsigned char)++words->count;
}

static int most_frequent_first(const void *a, const void *b)
{
    const MapEntry *x = *(const MapEntry *const *)a, *y = *(const MapEntry *const *)b;
    return x->number != y->number ? (x->number < y->number ? 1 : -1) : str_compare(x->key, y->key);
}

static Map count_words(Arena *arena, const Str *texts, size_t text_count)
{
    Map counts = map_new(arena);
    for (size_t i = 0; i < text_count; i++)
        for (Str rest = texts[i], word; next_word(&rest, &word);)
            if (word.length >= WORD_MIN && word.length <= WORD_BYTES)
                map_add(&counts, word, NULL)->number++;
    return counts;
}

void document_words_choose(DocumentWords *words, const Str *texts, size_t text_count)
{
    AUTO_ARENA Arena *arena = arena_new(CHOOSING_MAX);
    Map counts = count_words(arena, texts, text_count);
    const MapEntry **frequent = arena_new_array(arena, const MapEntry *, counts.capacity + 1);
    size_t count = 0;
    for (size_t i = 0; i < counts.capacity; i++)
        if (counts.slots[i].key.at && counts.slots[i].number * FREQUENT_OF >= (int64_t)text_count)
            frequent[count++] = &counts.slots[i];
    if (count)
        qsort(frequent, count, sizeof *frequent, most_frequent_first);
    forget_words(words);
    for (size_t i = 0; i < MIN(count, (size_t)WORDS_MAX); i++)
        add_word(words, frequent[i]->key);
}

/* --- Documents --- */

void document_words_add(DocumentWords *words, size_t place, Str text)
{
    for (Str word; words->count && next_word(&text, &word);) {
        const unsigned char *slot = find_slot_of(words, word);
        if (*slot)
            words->at[*slot - 1].bits[place / 64] |= UINT64_C(1) << place % 64;
    }
}

void document_words_clear(DocumentWords *words, size_t place)
{
    for (size_t i = 0; i < words->count; i++)
        words->at[i].bits[place / 64] &= ~(UINT64_C(1) << place % 64);
}

void document_words_with(const DocumentWords *words, uint64_t *bits, size_t count, Str part)
{
    for (size_t i = 0; i < words->count; i++) {
        const Word *word = &words->at[i];
        if (str_find((Str){ word->text, word->length }, part) < 0)
            continue;
        for (size_t n = 0; n < MIN(count, words->room); n++)
            bits[n] |= word->bits[n];
    }
}
