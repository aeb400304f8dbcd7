/* document_words_test.c - words that many names have. */
#include "search/document_words.h"

#include <criterion/criterion.h>

#define PLACES 128
#define TEXTS 300

static const struct {
    const char *part;
    bool is_told; /* only words of many have it */
} cases[] = { { "report", true }, { "po", true },     { "r", false },    { "2019", true },
              { "19", false },    { "2019/", false }, { "rare", false }, { "", false } };

/* Every other one is a report, one of three of 2019, and one alone is rare. */
static Str name_of(Arena *arena, size_t i)
{
    return str_format(arena, "%s/%s %zu%s", i % 3 ? "2020" : "2019", i % 2 ? "letter" : "report", i,
                      i == 7 ? " rare" : "");
}

static DocumentWords *words_of_names(Arena *arena)
{
    DocumentWords *words = document_words_new();
    Str *names = arena_new_array(arena, Str, TEXTS);
    document_words_reserve(words, PLACES);
    for (size_t i = 0; i < TEXTS; i++)
        names[i] = name_of(arena, i);
    document_words_choose(words, names, TEXTS);
    for (size_t i = 0; i < PLACES; i++)
        document_words_add(words, i, names[i]);
    return words;
}

static bool has(const uint64_t *bits, size_t place) { return bits[place / 64] >> place % 64 & 1; }

Test(search, a_part_of_a_frequent_word_is_in_the_names_that_have_it_and_no_others)
{
    Arena *arena = arena_new(MB(4));
    DocumentWords *words = words_of_names(arena);
    for (size_t n = 0; n < COUNT(cases); n++) {
        uint64_t bits[PLACES / 64] = { 0 };
        Str part = str(cases[n].part);
        document_words_with(words, bits, COUNT(bits), part);
        for (size_t i = 0; i < PLACES; i++) {
            bool is_in = str_find(name_of(arena, i), part) >= 0;
            cr_expect(is_in || !has(bits, i), "%zu, '%s'", i, cases[n].part);
            if (cases[n].is_told)
                cr_expect_eq(has(bits, i), is_in, "%zu, '%s'", i, cases[n].part);
        }
    }
    document_words_free(words);
    arena_free(arena);
}

Test(search, a_name_that_changed_has_its_words_alone)
{
    Arena *arena = arena_new(MB(4));
    DocumentWords *words = words_of_names(arena);
    uint64_t reports[PLACES / 64] = { 0 }, letters[PLACES / 64] = { 0 }, later[4] = { 0 };
    document_words_clear(words, 4);
    document_words_add(words, 4, S("a letter"));
    document_words_with(words, reports, COUNT(reports), S("report"));
    document_words_with(words, letters, COUNT(letters), S("letter"));
    cr_expect(!has(reports, 4) && has(letters, 4));
    cr_expect(has(reports, 2) && !has(letters, 2));
    document_words_reserve(words, 4 * 64);
    document_words_add(words, 200, S("report"));
    document_words_with(words, later, COUNT(later), S("report"));
    cr_expect(has(later, 200) && has(later, 2) && !has(later, 199));
    document_words_free(words);
    arena_free(arena);
}
