/* document_names.c - see document_names.h. */
#include "search/document_names.h"

#include "search/document_parts.h"
#include "search/document_words.h"

#define NAMES_MAX GB(1)
#define ROOM_FIRST 64 /* a multiple of 64 */
#define LABEL_NONE INT64_MIN
#define LABEL_END (INT64_C(1) << 62) /* labels are between 0 and this */

typedef struct NamePair {
    const char *at; /* the name, and behind it the title */
    uint32_t name, title;
} NamePair;

struct DocumentNames {
    Arena *arena; /* of the texts */
    DocumentParts *parts;
    DocumentWords *of_names, *of_titles;
    size_t worded; /* places when their words were chosen */
    NamePair *pairs;
    int64_t *labels;
    uint32_t *order; /* the places in the order of their names */
    uint32_t *fresh; /* those that are not in it */
    size_t count, room, ordered, fresh_count;
};

DocumentNames *document_names_new(void)
{
    DocumentNames *names = heap_alloc(sizeof *names);
    names->arena = arena_new(NAMES_MAX);
    names->parts = document_parts_new();
    names->of_names = document_words_new();
    names->of_titles = document_words_new();
    return names;
}

void document_names_free(DocumentNames *names)
{
    if (!names)
        return;
    arena_free(names->arena);
    document_parts_free(names->parts);
    document_words_free(names->of_names);
    document_words_free(names->of_titles);
    free(names->pairs);
    free(names->labels);
    free(names->order);
    free(names->fresh);
    free(names);
}

size_t document_names_bytes(const DocumentNames *names)
{
    size_t row = sizeof *names->pairs + sizeof *names->labels + 2 * sizeof *names->order;
    return names->room * row + arena_used(names->arena) + document_parts_bytes(names->parts) +
           document_words_bytes(names->of_names) + document_words_bytes(names->of_titles);
}

static void grow(DocumentNames *names, size_t room)
{
    names->room = room;
    document_words_reserve(names->of_names, room);
    document_words_reserve(names->of_titles, room);
    names->pairs = heap_grow(names->pairs, room * sizeof *names->pairs);
    names->labels = heap_grow(names->labels, room * sizeof *names->labels);
    names->order = heap_grow(names->order, room * sizeof *names->order);
    names->fresh = heap_grow(names->fresh, room * sizeof *names->fresh);
}

void document_names_reserve(DocumentNames *names, size_t room)
{
    if (room > names->room)
        grow(names, room);
    document_parts_reserve(names->parts, room);
}

static Str name_at(const DocumentNames *names, size_t place)
{
    return (Str){ names->pairs[place].at, names->pairs[place].name };
}

static Str title_at(const DocumentNames *names, size_t place)
{
    const NamePair *pair = &names->pairs[place];
    return (Str){ pair->at + pair->name, pair->title };
}

Str document_names_at(const DocumentNames *names, size_t place) { return name_at(names, place); }
Str document_names_title_at(const DocumentNames *names, size_t place)
{
    return title_at(names, place);
}
const uint32_t *document_names_order(const DocumentNames *names, size_t *count_r)
{
    *count_r = names->ordered;
    return names->order;
}
const int64_t *document_names_labels(const DocumentNames *names) { return names->labels; }

/* --- The order --- */

typedef struct Ordering {
    const DocumentNames *names;
    const DocumentKeyBytes *keys;
} Ordering;

static int compare(const DocumentNames *names, const DocumentKeyBytes *keys, size_t place, Str name,
                   const DocumentKeyBytes *key)
{
    int by_name = str_compare(name_at(names, place), name);
    return by_name ? by_name : memcmp(&keys[place], key, sizeof *key);
}

static int compare_places(const void *a, const void *b, void *argument)
{
    const Ordering *in = argument;
    size_t y = *(const uint32_t *)b;
    return compare(in->names, in->keys, *(const uint32_t *)a, name_at(in->names, y), &in->keys[y]);
}

/* How many of the order come before this one. */
static size_t find_position(const DocumentNames *names, const DocumentKeyBytes *keys, Str name,
                            const DocumentKeyBytes *key)
{
    size_t from = 0, to = names->ordered;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (compare(names, keys, names->order[middle], name, key) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

size_t document_names_position(const DocumentNames *names, const DocumentKeyBytes *keys, Str name,
                               const DocumentKeyBytes *key, bool is_behind)
{
    size_t at = find_position(names, keys, name, key);
    bool is_there = at < names->ordered && !compare(names, keys, names->order[at], name, key);
    return at + (is_behind && is_there);
}

int64_t document_names_label(const DocumentNames *names, const DocumentKeyBytes *keys, Str name,
                             const DocumentKeyBytes *key, bool is_behind)
{
    size_t at = document_names_position(names, keys, name, key, is_behind);
    return at < names->ordered ? names->labels[names->order[at]] : LABEL_END;
}

/* --- Changing --- */

/* The order keeps its gap closed: a name changes seldom. */
static void leave_order(DocumentNames *names, const DocumentKeyBytes *keys, size_t place)
{
    size_t at = find_position(names, keys, name_at(names, place), &keys[place]);
    names->ordered--;
    memmove(&names->order[at], &names->order[at + 1], (names->ordered - at) * sizeof *names->order);
    names->labels[place] = LABEL_NONE;
}

void document_names_put(DocumentNames *names, const DocumentKeyBytes *keys, size_t place, Str name,
                        Str title)
{
    bool is_known = place < names->count;
    if (!is_known && names->count == names->room)
        grow(names, names->room ? names->room * 2 : ROOM_FIRST);
    bool is_same = is_known && str_equal(name_at(names, place), name);
    if (is_same && str_equal(title_at(names, place), title))
        return;
    bool is_ordered = is_known && names->labels[place] != LABEL_NONE;
    if (is_ordered && !is_same)
        leave_order(names, keys, place);
    char *text = arena_alloc_raw(names->arena, name.length + title.length + 1);
    memcpy(text, name.length ? name.at : "", name.length);
    memcpy(text + name.length, title.length ? title.at : "", title.length);
    document_parts_add(names->parts, place, name);
    document_parts_add(names->parts, place, title);
    document_words_clear(names->of_names, place);
    document_words_add(names->of_names, place, name);
    document_words_clear(names->of_titles, place);
    document_words_add(names->of_titles, place, title);
    names->pairs[place] = (NamePair){ text, (uint32_t)name.length, (uint32_t)title.length };
    if (!is_known) {
        names->labels[place] = LABEL_NONE;
        names->count++;
    }
    if (!is_known || (is_ordered && !is_same))
        names->fresh[names->fresh_count++] = (uint32_t)place;
}

/* --- Labels --- */

static void label_all(DocumentNames *names)
{
    int64_t step = LABEL_END / ((int64_t)names->ordered + 1);
    for (size_t i = 0; i < names->ordered; i++)
        names->labels[names->order[i]] = step * ((int64_t)i + 1);
}

/* The order from `from` to before `to` is new; false: there are not enough numbers between those
 * beside it. */
static bool label_some(DocumentNames *names, size_t from, size_t to)
{
    int64_t below = from ? names->labels[names->order[from - 1]] : 0;
    int64_t above = to < names->ordered ? names->labels[names->order[to]] : LABEL_END;
    int64_t step = (above - below) / ((int64_t)(to - from) + 1);
    for (size_t i = from; i < to; i++)
        names->labels[names->order[i]] = below + step * (int64_t)(i - from + 1);
    return step > 0;
}

/* The fresh ones, which are in order among themselves, take their places, the last first: each is
 * replaced by where in the order it is. */
static void merge(DocumentNames *names, const DocumentKeyBytes *keys)
{
    size_t total = names->ordered + names->fresh_count;
    for (size_t left = names->fresh_count; left; left--) {
        size_t place = names->fresh[left - 1], end = names->ordered;
        size_t at = find_position(names, keys, name_at(names, place), &keys[place]);
        memmove(&names->order[at + left], &names->order[at], (end - at) * sizeof *names->order);
        names->order[at + left - 1] = (uint32_t)place;
        names->fresh[left - 1] = (uint32_t)(at + left - 1);
        names->ordered = at;
    }
    names->ordered = total;
}

/* --- Words --- */

#define WORDED_MIN 1024
#define WORD_SAMPLES 4096

/* Of some names, and of their titles. */
static void choose_words(DocumentNames *names)
{
    size_t samples = MIN(names->count, (size_t)WORD_SAMPLES), titled = 0;
    AUTO_FREE Str *texts = heap_alloc(2 * samples * sizeof *texts);
    Str *titles = texts + samples;
    for (size_t i = 0; i < samples; i++) {
        size_t place = i * names->count / samples;
        texts[i] = name_at(names, place);
        if (title_at(names, place).length)
            titles[titled++] = title_at(names, place);
    }
    document_words_choose(names->of_names, texts, samples);
    document_words_choose(names->of_titles, titles, titled);
}

/* Anew when there are twice as many names. */
static void settle_words(DocumentNames *names)
{
    if (names->count < WORDED_MIN || names->count < 2 * names->worded)
        return;
    choose_words(names);
    for (size_t i = 0; i < names->count; i++) {
        document_words_add(names->of_names, i, name_at(names, i));
        document_words_add(names->of_titles, i, title_at(names, i));
    }
    names->worded = names->count;
}

void document_names_settle(DocumentNames *names, const DocumentKeyBytes *keys)
{
    Ordering in = { names, keys };
    bool has_room = true;
    settle_words(names);
    if (!names->fresh_count)
        return;
    qsort_r(names->fresh, names->fresh_count, sizeof *names->fresh, compare_places, &in);
    merge(names, keys);
    for (size_t i = 0, end; i < names->fresh_count && has_room; i = end) {
        for (end = i + 1;
             end < names->fresh_count && names->fresh[end] == names->fresh[end - 1] + 1;)
            end++;
        has_room = label_some(names, names->fresh[i], names->fresh[end - 1] + 1);
    }
    names->fresh_count = 0;
    if (!has_room)
        label_all(names);
}

void document_names_settle_as(DocumentNames *names, const uint32_t *order)
{
    settle_words(names);
    for (size_t i = 0; i < names->count; i++)
        names->order[i] = order[i];
    names->ordered = names->count;
    names->fresh_count = 0;
    label_all(names);
}

/* --- Parts --- */

void document_names_may_have(const DocumentNames *names, uint64_t *words, size_t count, Str part)
{
    document_parts_keep(names->parts, words, count, part);
}

void document_names_surely_have(const DocumentNames *names, uint64_t *words, size_t count, Str part)
{
    document_words_with(names->of_names, words, count, part);
    document_words_with(names->of_titles, words, count, part);
}

void document_names_surely_named(const DocumentNames *names, uint64_t *words, size_t count,
                                 Str part)
{
    document_words_with(names->of_names, words, count, part);
}

bool document_names_next(const DocumentNames *names, const uint64_t *words, size_t count,
                         NameBlock *block)
{
    block->count = 0;
    while (block->count < NAMES_AT_ONCE && (block->left || block->words < count)) {
        if (!block->left) {
            block->left = words[block->words++];
            continue;
        }
        size_t place = (block->words - 1) * 64 + (size_t)__builtin_ctzll(block->left);
        block->left &= block->left - 1;
        block->at[block->count++] = (uint32_t)place;
        __builtin_prefetch(&names->pairs[place]);
    }
    for (size_t i = 0; i < block->count; i++)
        __builtin_prefetch(names->pairs[block->at[i]].at);
    return block->count;
}

/* memmem() makes a table of the part first, which takes longer than to look through a short text.
 */
#define SHORT 64

static bool has_part(Str text, Str part)
{
    if (text.length < part.length)
        return false;
    if (text.length > SHORT || !part.length)
        return memmem(text.at, text.length, part.at, part.length);
    char first = part.at[0], last = part.at[part.length - 1];
    const char *ends = text.at + part.length - 1;
    for (size_t from = 0; from <= text.length - part.length; from++)
        if (text.at[from] == first && ends[from] == last &&
            !memcmp(text.at + from, part.at, part.length))
            return true;
    return false;
}

bool document_names_have(const DocumentNames *names, size_t place, Str part)
{
    return has_part(name_at(names, place), part) || has_part(title_at(names, place), part);
}

bool document_names_have_spaced(const DocumentNames *names, size_t place, Str part)
{
    Str name = name_at(names, place);
    if (!memchr(part.at, ' ', part.length))
        return has_part(name, part);
    for (size_t from = 0; from + part.length <= name.length; from++) {
        size_t same = 0;
        while (same < part.length && document_part_spaced(name.at[from + same]) == part.at[same])
            same++;
        if (same == part.length)
            return true;
    }
    return false;
}
