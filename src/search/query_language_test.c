/* query_language_test.c - what people type, and what is understood. */
#include "search/query_language.h"

#include <criterion/criterion.h>

/* One line a part: "kind key op value start-end", "!" before it when negated, "gN" behind it. */
static Str shown(Arena *arena, const QueryReading *reading)
{
    Buf out = buf_new(arena, KB(64));
    for (size_t i = 0; i < reading->parts.count; i++) {
        const QueryPart *part = &reading->parts.at[i];
        buf_addf(&out, "%s%s%s " STR_FMT "%s" STR_FMT " " STR_FMT " %zu-%zu", i ? "; " : "",
                 part->is_negated ? "!" : "", query_part_kind_name(part->kind), STR_ARG(part->key),
                 part->key.length ? " " : "", STR_ARG(part->op), STR_ARG(part->value), part->start,
                 part->end);
        if (part->group)
            buf_addf(&out, " g%d", part->group);
    }
    return buf_str(&out);
}

static const struct {
    const char *about, *text, *parts, *words;
} understood[] = {
    { "nothing", "", "", "" },
    { "words", "sound post", "word = sound 0-5; word = post 6-10", "sound post" },
    { "a filter", "type:pdf gannet", "filter type = pdf 0-8; word = gannet 9-15",
      "         gannet" },
    { "a quoted value", "file:\"report 2024\" x", "filter file = report 2024 0-18; word = x 19-20",
      "                   x" },
    { "curly quotes",
      "file:\xE2\x80\x9C"
      "a b\xE2\x80\x9D",
      "filter file = a b 0-14", "              " },
    { "escapes", "file:\"a \\\"b\\\" c\"", "filter file = a \"b\" c 0-16", "                " },
    { "comparison", "pages>=10", "filter pages >= 10 0-9", "         " },
    { "comparison behind a colon", "pages:>=10", "filter pages >= 10 0-10", "          " },
    { "a fact", "author:smith", "filter author = smith 0-12", "            " },
    { "another name", "format:pdf", "filter type = pdf 0-10", "          " },
    { "an extension", "ext:pdf,", "filter type = pdf, 0-8", "        " },
    { "a year", "year:2024", "filter date = 2024 0-9", "         " },
    { "a ratio", "ratio:3 ratio:1200mm", "word = ratio:3 0-7; word = ratio:1200mm 8-20",
      "ratio:3 ratio:1200mm" },
    { "letter case", "TYPE:PDF", "filter type = PDF 0-8", "        " },
    { "after means at least", "after:2024-01-01", "filter after >= 2024-01-01 0-16",
      "                " },
    { "negated", "-tag:y", "!filter tag = y 0-6", "      " },
    { "NOT", "NOT tag:y", "!filter tag = y 0-9", "         " },
    { "NOT before nothing", "a NOT ", "word = a 0-1", "a NOT " },
    { "NOT before a word", "a NOT b", "word = a 0-1; !exclude = b 2-7", "a    -b" },
    { "a phrase", "\"exact phrase\"", "phrase = exact phrase 0-14", "\"exact phrase\"" },
    { "words that are near", "\"a b\"~5 c", "phrase ~5 a b 0-7; word = c 8-9", "\"a b\"~5 c" },
    { "excluded", "-not -\"not this\"", "!exclude = not 0-4; !exclude = not this 5-16",
      "-not -\"not this\"" },
    { "a field", "title:annual", "word title = annual 0-12", "title:annual" },
    { "a phrase in a field", "heading:\"next steps\"", "phrase heading = next steps 0-20",
      "heading:\"next steps\"" },
    { "words that are near in a field", "body:\"a b\"~5 c",
      "phrase body ~5 a b 0-12; word = c 13-14", "body:\"a b\"~5 c" },
    { "a beginning", "tele*", "word * tele 0-5", "tele*" },
    { "about", "word~ other~2", "word ~ word 0-5; word ~2 other 6-13", "word~ other~2" },
    { "either word", "(a OR b)", "word = a 1-2 g1; word = b 6-7 g1", "(a OR b)" },
    { "either without parentheses", "a OR b c", "word = a 0-1 g1; word = b 5-6 g1; word = c 7-8",
      "a OR b c" },
    { "either filter", "(type:pdf OR tag:x) y",
      "filter type = pdf 1-9 g1; filter tag = x 13-18 g1; word = y 20-21",
      "                    y" },
    { "neither word", "x -(a OR \"b c\")", "word = x 0-1; !exclude = a 4-5; !exclude = b c 9-14",
      "x  -a   -\"b c\" " },
    { "neither, with NOT", "NOT (a b)", "!exclude = a 5-6; !exclude = b 7-8", "    -a-b " },
    { "neither filter", "-(type:pdf OR -tag:x) y",
      "!filter type = pdf 2-10; filter tag = x 14-20; word = y 22-23", "                      y" },
    { "not what is not", "-( -a b )", "word = a 3-5; !exclude = b 6-7", "    a-b  " },
    { "AND is understood", "a AND b", "word = a 0-1; word = b 6-7", "a     b" },
    { "a time", "at 12:30", "word = at 0-2; word = 12:30 3-8", "at 12:30" },
    { "an address", "http://example.org/a", "word = http://example.org/a 0-20",
      "http://example.org/a" },
    { "a file address", "file:///etc", "word = file:///etc 0-11", "file:///etc" },
    { "a subject", "Re: something", "word = Re 0-3; word = something 4-13", "Re: something" },
    { "a title with a colon", "Title: of it", "word = Title 0-6; word = of 7-9; word = it 10-12",
      "Title: of it" },
    { "a namespace", "std::vector", "word = std::vector 0-11", "std::vector" },
    { "a drive", "C:\\temp", "word = C:\\temp 0-7", "C:\\temp" },
    { "a pair of words", "effector:target", "word = effector:target 0-15", "effector:target" },
    { "a proportion", "ratio:3", "word = ratio:3 0-7", "ratio:3" },
    { "a comparison in a formula", "a<b", "word = a<b 0-3", "a<b" },
    { "a minus number", "-5 degrees", "word = -5 0-2; word = degrees 3-10", "-5 degrees" },
    { "a hyphen", "well-known", "word = well-known 0-10", "well-known" },
    { "a lone parenthesis", "f(x) (y", "word = f(x 0-4; word = y 6-7", "f(x) (y" },
    { "an open quote is words", "\"a b", "word = a 0-2; word = b 3-4", "\"a b" },
    { "signs alone", "- ? ( )", "", "- ? ( )" },
};

Test(query_language, understands_what_people_type)
{
    for (size_t i = 0; i < COUNT(understood); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        QueryReading reading;
        Error err = { 0 };
        cr_assert(query_language_read(arena, str(understood[i].text), QUERY_STRICT, &reading, &err),
                  "%s: %s", understood[i].about, err.message);
        Str parts = shown(arena, &reading);
        cr_expect(str_is(parts, understood[i].parts), "%s: '" STR_FMT "'", understood[i].about,
                  STR_ARG(parts));
        cr_expect(str_is(reading.words, understood[i].words), "%s: '" STR_FMT "'",
                  understood[i].about, STR_ARG(reading.words));
    }
}

static const struct {
    const char *about, *text, *says;
    uint32_t start, end;
} refused[] = {
    { "a name that is near", "x typ:pdf", "is it 'type:'", 2, 6 },
    { "a fact that is near", "autor:smith", "is it 'author:'", 0, 6 },
    { "OR before an exclusion", "x a OR -b", "that must not", 2, 9 },
    { "a parenthesis in an excluded one", "-(f(x) OR y) z", "that must not", 0, 11 },
    { "a type", "type:pfd", "is it 'pdf'", 5, 8 },
    { "a date", "after:soon", "is no date", 6, 10 },
    { "a size", "size:large", "is no size", 5, 10 },
    { "a number", "pages>=ten", "is no number", 7, 10 },
    { "a language", "lang:klingon", "is no language", 5, 12 },
    { "a grade", "quality:nice", "is no grade", 8, 12 },
    { "a comparison of texts", "tag>=x", "takes no >=", 3, 5 },
    { "a day that is none", "date:2023-02-29", "is no date", 5, 15 },
    { "a span of dates", "date:2020..2024", "after:2020 until:2024", 5, 15 },
    { "a year behind a name that is near", "befor:2024-05", "is it 'before:'", 0, 6 },
    { "a number in words", "pages:many", "write pages=10", 6, 10 },
    { "a language that is near", "lang:germn", "is it 'german'", 5, 10 },
    { "types without one", "type:,", "no type of file is named", 5, 6 },
    { "a quote that is open", "a tag:\"b c", "not closed", 6, 10 },
    { "words and conditions", "(type:pdf OR word)", "OR stands between", 0, 18 },
    { "units of UTF-16", "\xF0\x9F\x98\x80 typ:pdf", "is it 'type:'", 3, 7 },
};

Test(query_language, says_what_is_wrong_and_where)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        QueryReading reading;
        Error err = { 0 };
        cr_assert_not(
            query_language_read(arena, str(refused[i].text), QUERY_STRICT, &reading, &err), "%s",
            refused[i].about);
        cr_expect(strstr(err.message, refused[i].says), "%s: %s", refused[i].about, err.message);
        cr_expect(err.start == refused[i].start && err.end == refused[i].end, "%s: %u-%u",
                  refused[i].about, err.start, err.end);
        cr_expect_str_eq(err.field, "query", "%s", refused[i].about);
        cr_expect(query_language_read(arena, str(refused[i].text), QUERY_LENIENT, &reading, &err),
                  "%s: a text that is being typed is never wrong", refused[i].about);
    }
}

static const struct {
    const char *about, *text;
    size_t clauses, first; /* conditions of the first clause */
} clauses[] = {
    { "two types are either", "type:pdf type:docx", 1, 2 },
    { "two tags are both", "tag:a tag:b", 2, 1 },
    { "what is excluded is all excluded", "-type:pdf -type:docx", 2, 1 },
    { "a group beside a filter of its name", "(type:pdf OR tag:x) type:docx", 2, 2 },
    { "facts all hold", "pages>=10 pages<=20", 2, 1 },
};

Test(query_language, joins_conditions_as_people_mean_them)
{
    for (size_t i = 0; i < COUNT(clauses); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        QueryReading reading;
        Error err = { 0 };
        cr_assert(query_language_read(arena, str(clauses[i].text), QUERY_STRICT, &reading, &err));
        cr_expect_eq(reading.clauses.count, clauses[i].clauses, "%s: %zu", clauses[i].about,
                     reading.clauses.count);
        cr_expect_eq(reading.clauses.at[0].count, clauses[i].first, "%s", clauses[i].about);
        cr_expect_not(reading.has_words, "%s", clauses[i].about);
    }
}

Test(query_language, has_at_most_so_many_conditions)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    QueryReading reading;
    Error err = { 0 };
    Buf text = buf_new(arena, KB(4));
    for (size_t i = 0; i <= DOCUMENT_CONDITIONS_MAX; i++)
        buf_addf(&text, "tag:t%zu ", i);
    cr_assert_not(query_language_read(arena, buf_str(&text), QUERY_STRICT, &reading, &err));
    cr_expect(strstr(err.message, "at most 16"), "%s", err.message);
    cr_expect(err.end > err.start);
}

Test(query_language, leaves_plain_words_for_those_who_look_for_names)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    QueryReading reading;
    Error err = { 0 };
    cr_assert(query_language_read(arena, S("  a type:pdf  b "), QUERY_STRICT, &reading, &err));
    cr_expect(str_is(query_language_plain(arena, &reading), "a b"));
}
