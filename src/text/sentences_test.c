/* sentences_test.c - where sentences end. */
#include "text/sentences.h"

#include <criterion/criterion.h>

static const struct {
    const char *text, *expected; /* sentences joined by | */
} cases[] = {
    { "One. Two! Three? Four", "One.|Two!|Three?|Four" },
    { "Dr. Smith met J. R. Jones at 3.5 p.m. on Friday. He left.",
      "Dr. Smith met J. R. Jones at 3.5 p.m. on Friday.|He left." },
    { "See Fig. 3 and e.g. Table 2. Done.", "See Fig. 3 and e.g. Table 2.|Done." },
    { "Apples, pears, etc. The rest.", "Apples, pears, etc.|The rest." },
    { "\"Stop!\" he said. \"Go.\" She went.", "\"Stop!\" he said.|\"Go.\"|She went." },
    { "Wait... what? Yes.", "Wait... what?|Yes." },
    { "1. First point. 2. Second.", "1. First point.|2. Second." },
    { "今日は。明日！「はい。」終わり", "今日は。|明日！|「はい。」|終わり" },
    { "A heading\n\nA paragraph goes on\nhere. End.", "A heading|A paragraph goes on\nhere.|End." },
    { "Visit example.com. Then go.", "Visit example.com.|Then go." },
    { "It grew in the U.S. market.", "It grew in the U.S. market." },
    { "Am I? So am I. Yes.", "Am I?|So am I.|Yes." },
    { "He said no. Then no. 5 came.", "He said no.|Then no. 5 came." },
    { "  \n ", "" },
    { "No end (really.) Next", "No end (really.)|Next" },
    { "Das ist z.B. Wasser. Gut.", "Das ist z.B. Wasser.|Gut." },
    { "Am 3. Mai 1990 fiel Schnee. Er kam als 3. Bald kamen mehr.",
      "Am 3. Mai 1990 fiel Schnee.|Er kam als 3.|Bald kamen mehr." },
    { "Seit dem 18. Jahrhundert steht sie. Im 2. Weltkrieg brannte der 3. Stock. Gut.",
      "Seit dem 18. Jahrhundert steht sie.|Im 2. Weltkrieg brannte der 3. Stock.|Gut." },
    { "Vom 17. bis 19. Jahrhundert. Der 1. FC gewann. War es am 18. Januar? Nein.",
      "Vom 17. bis 19. Jahrhundert.|Der 1. FC gewann.|War es am 18. Januar?|Nein." },
    { "Wir kommen am 5. Danach nicht mehr.", "Wir kommen am 5.|Danach nicht mehr." },
    { "I am 18. Jane is 20. They won by 3. Others lost.",
      "I am 18.|Jane is 20.|They won by 3.|Others lost." },
};

Test(text, sentences_end_where_the_table_says)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Buf out = buf_new(arena, KB(4));
        Str text = str(cases[i].text);
        Sentence s;
        for (size_t at = 0; sentence_next(text, &at, &s);)
            buf_addf(&out, "%s" STR_FMT, out.length ? "|" : "",
                     STR_ARG(str_slice(text, s.start, s.end)));
        cr_expect_str_eq(buf_c(&out), cases[i].expected, "%s", buf_c(&out));
    }
}
