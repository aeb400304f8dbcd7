/* book_test.c - FictionBook, comics and what is refused as PostScript. */
#include "extract/formats/dump.h"
#include "extract/formats/package_of.h"

extern const Extractor extractor_fb2, extractor_cbz, extractor_postscript, extractor_zip;

Test(extract, fictionbook_has_sections_verses_and_notes)
{
    static const DumpCase cases[] = {
        { "description and body",
          "<?xml version='1.0'?><FictionBook><description><title-info><author><first-name>A"
          "</first-name><last-name>B</last-name></author><book-title>T</book-title><annotation>"
          "<p>x "
          "<strong>y</strong></p></annotation></title-info></description><body><title><p>T1</p>"
          "<p>T2</p></title><section><title><p>One</p></title><p>a <emphasis>b</emphasis></p><poem>"
          "<stanza><v>l1</v><v>l2</v></stanza></poem><section><title><p>Two</p></title><subtitle>s"
          "</subtitle><table><tr><th colspan='2'>h</th></tr><tr><td>1</td><td>2</td></tr></table>"
          "</section></section></body><body name='notes'><section id='n'><title><p>1</p></title>"
          "<p>note</p></section></body><binary>AAAA</binary></FictionBook>",
          "meta(author) A B\nmeta(title) T\nmeta(description) x y\nh1 T1 T2\nh1 One\np a b\n"
          "quote l1\\nl2\nh2 Two\nh3 s\nrow h\nrow 1 | 2\nnote(footnote) 1. \\nnote\n" },
        { "series",
          "<FictionBook><description><title-info><sequence name='Lamps' number='3'/></title-info>"
          "<publish-info><sequence name='Pocket'></sequence></publish-info></description>"
          "<body><p>a</p></body></FictionBook>",
          "meta(series) Lamps\nmeta(series_number) 3\nmeta(series) Pocket\np a\n" },
        { "cut", "<FictionBook><body><section><p>half", "p half\n" },
    };
    DUMP_CASES(extractor_fb2, cases, 0);
    cr_expect(extractor_choose(str(cases[0].input), STR_NONE, STR_NONE) == &extractor_fb2);
}

Test(extract, pages_of_a_comic_come_in_the_order_of_their_numbers)
{
    static const Member members[] = {
        { "p10.png", "x", 0 },
        { "p2.png", "y", 0 },
        { "ComicInfo.xml", "<ComicInfo><Title>T</Title><Writer>W</Writer></ComicInfo>", 0 },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str comic = package_of(arena, members, 3), plain = package_of(arena, members, 2);
    cr_expect(extractor_choose(comic, STR_NONE, STR_NONE) == &extractor_cbz);
    cr_expect(extractor_choose(plain, STR_NONE, STR_NONE) == &extractor_zip);
    cr_expect(extractor_choose(plain, S("a.cbz"), STR_NONE) == &extractor_cbz);
    const char *got = dump(arena, &extractor_cbz, comic, (DumpOptions){ 0 });
    const char *two = strstr(got, "+ p2.png"), *ten = strstr(got, "+ p10.png");
    cr_expect(str_starts(str(got), S("meta(title) T\nmeta(author) W\nmeta(pages) 2\n")), "%s", got);
    cr_expect(two && ten && two < ten, "%s", got);
}

Test(extract, postscript_is_refused_with_what_it_says_about_itself)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = S("%!PS-Adobe-3.0\n%%Title: (A report)\n%%EndComments\nshowpage\n");
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_postscript);
    cr_expect_str_eq(dump(arena, &extractor_postscript, bytes, (DumpOptions){ 0 }),
                     "meta(title) A report\n! unsupported\n");
}
