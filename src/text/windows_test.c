/* windows_test.c - pieces of whole sentences, about equally long; of words where there are none. */
#include "text/windows.h"

#include <criterion/criterion.h>

#define SMALL "the bird was seen on the island in spring , as boats came from the north . "
#define LONG "The bird was seen on the island in spring, when the boats came back from the north. "

Test(text, windows_end_with_sentences_and_leave_nothing_out)
{
    static const struct {
        const char *about, *text;
        size_t most, expected;
    } cases[] = {
        { "empty", "", 4, 0 },
        { "short", "A bird. A boat.", 4, 0 },
        { "as many as its length allows", LONG LONG LONG, 4, 2 },
        { "as many as asked for", LONG LONG LONG LONG LONG LONG LONG LONG, 3, 3 },
        { "one more than one is wanted", LONG LONG LONG LONG, 1, 0 },
        { "all that may be", LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG, 7, 7 },
        { "without capitals", SMALL SMALL SMALL SMALL SMALL SMALL, 3, 3 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str windows[16], text = str(cases[i].text);
        size_t count = windows_make(text, cases[i].most, windows), length = 0;
        cr_expect_eq(count, cases[i].expected, "%s: %zu", cases[i].about, count);
        for (size_t w = 0; w < count; w++) {
            length += windows[w].length;
            cr_expect(HAS_CHAR(windows[w].at[windows[w].length - 1], "."), "%s", cases[i].about);
            cr_expect(w == 0 || windows[w].at == windows[w - 1].at + windows[w - 1].length + 1);
        }
        cr_expect(!count || length == str_trim(text).length - (count - 1), "%s", cases[i].about);
    }
}

Test(text, windows_of_text_without_signs_end_between_words)
{
    char words[1000];
    Str windows[4];
    for (size_t i = 0; i < sizeof words; i++)
        words[i] = i % 7 == 6 ? ' ' : 'a';
    size_t count = windows_make((Str){ words, sizeof words }, 4, windows);
    cr_assert_eq(count, 4);
    for (size_t w = 0; w < count; w++)
        cr_expect(w + 1 == count || windows[w].length % 7 == 6);
    memset(words, 'a', sizeof words);
    cr_expect_eq(windows_make((Str){ words, sizeof words }, 4, windows), 0);
}
