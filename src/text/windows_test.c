/* windows_test.c - pieces of whole sentences, about equally long. */
#include "text/windows.h"

#include <criterion/criterion.h>

#define LONG "The bird was seen on the island in spring, when the boats came back from the north. "

Test(text, windows_are_whole_sentences_one_after_another)
{
    static const struct {
        const char *about, *text;
        size_t most, expected;
    } cases[] = {
        { "empty", "", 4, 0 },
        { "short", "A bird. A boat.", 4, 0 },
        { "one sentence cannot be cut", LONG, 4, 0 },
        { "as many as its length allows", LONG LONG LONG, 4, 2 },
        { "as many as asked for", LONG LONG LONG LONG LONG LONG LONG LONG, 3, 3 },
        { "one more than one is wanted", LONG LONG LONG LONG, 1, 0 },
        { "all that may be", LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG, 15, 8 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str windows[16], text = str(cases[i].text);
        size_t count = windows_make(text, cases[i].most, windows);
        cr_expect_eq(count, cases[i].expected, "%s: %zu", cases[i].about, count);
        for (size_t w = 0; w < count; w++) {
            cr_expect(str_starts(windows[w], S("The bird")) && str_ends(windows[w], S("north.")));
            cr_expect(w == 0 || windows[w].at > windows[w - 1].at + windows[w - 1].length);
        }
        cr_expect(!count || windows[0].at == text.at);
        cr_expect(!count || windows[count - 1].at + windows[count - 1].length ==
                                str_trim(text).at + str_trim(text).length);
    }
}
