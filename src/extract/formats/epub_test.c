/* epub_test.c - books built here. */
#include "extract/formats/dump.h"
#include "extract/formats/package_of.h"

extern const Extractor extractor_epub;

#define CONTAINER                                                                                  \
    {                                                                                              \
        "META-INF/container.xml",                                                                  \
            "<container><rootfiles><rootfile full-path=\"OPS/book.opf\"/></rootfiles></container>" \
    }
#define OPF                                                                                        \
    {                                                                                              \
        "OPS/book.opf",                                                                            \
            "<?xml version=\"1.0\"?><package version=\"3.0\"><metadata>"                           \
            "<dc:title>A &amp; B</dc:title><dc:creator>Ann</dc:creator>"                           \
            "<dc:creator opf:role=\"ill\">Bob</dc:creator>"                                        \
            "<dc:description>&lt;p&gt;Short.&lt;/p&gt;</dc:description>"                           \
            "<meta property=\"dcterms:modified\">2020-01-02T03:04:05Z</meta></metadata>"           \
            "<manifest><item id=\"n\" href=\"nav.xhtml\" properties=\"nav\"/>"                     \
            "<item id=\"b\" href=\"two.xhtml\"/><item id=\"a\" href=\"on%65.xhtml\"/></manifest>"  \
            "<spine><itemref idref=\"a\"/><itemref idref=\"b\"/></spine></package>"                \
    }

static const char *dump_book(Arena *arena, const Member *members, size_t count)
{
    Str bytes = package_of(arena, members, count);
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_epub);
    return dump(arena, &extractor_epub, bytes, (DumpOptions){ .places = true });
}

Test(extract, chapters_of_a_book_come_in_the_order_of_its_spine)
{
    static const Member members[] = {
        { "mimetype", "application/epub+zip", 0 },
        CONTAINER,
        OPF,
        { "OPS/two.xhtml", "<html><title>No</title><body><h1>Two</h1><p>b<aside "
                           "epub:type='footnote'>note</aside></body></html>" },
        { "OPS/one.xhtml", "<html><body><p>a</p></body></html>" },
        { "OPS/nav.xhtml",
          "<nav><ol><li><a href='one.xhtml'>The <i>first</i></a></li></ol></nav>" },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = dump_book(arena, members, COUNT(members));
    cr_expect_str_eq(got,
                     "meta(format_version) 3.0 @\n"
                     "meta(title) A & B @\n"
                     "meta(author) Ann @\n"
                     "meta(contributor) Bob @\n"
                     "meta(description) Short. @\n"
                     "meta(modified) 2020-01-02T03:04:05Z @\n"
                     "h1 The first @part OPS/one.xhtml\n"
                     "p a @part OPS/one.xhtml, line 1\n"
                     "h1 Two @part OPS/two.xhtml, line 1\n"
                     "p b @part OPS/two.xhtml, line 1\n"
                     "note(footnote) note @part OPS/two.xhtml, line 1\n",
                     "%s", got);
}

Test(extract, a_book_says_which_series_it_belongs_to)
{
    static const struct {
        const char *metadata, *expected;
    } cases[] = {
        { "<meta property='belongs-to-collection' id='c'>Lamps</meta>"
          "<meta refines='#c' property='group-position'>2</meta>"
          "<meta name='calibre:series' content='Lamps'/>",
          "meta(series) Lamps\nmeta(series_number) 2\np a\n" },
        { "<meta name='calibre:series' content='Lamps'/>"
          "<meta name='calibre:series_index' content='2.5'/>",
          "meta(series) Lamps\nmeta(series_number) 2.5\np a\n" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str opf =
            str_format(arena,
                       "<package><metadata>%s</metadata><manifest><item id='a' href='a.html'/>"
                       "</manifest><spine><itemref idref='a'/></spine></package>",
                       cases[i].metadata);
        const Member members[] = { CONTAINER,
                                   { "OPS/book.opf", opf.at, 0 },
                                   { "OPS/a.html", "<p>a</p>", 0 } };
        Str bytes = package_of(arena, members, COUNT(members));
        cr_expect_str_eq(dump(arena, &extractor_epub, bytes, (DumpOptions){ 0 }),
                         cases[i].expected);
    }
}

Test(extract, a_locked_book_says_who_locked_it)
{
    static const Member members[] = {
        { "mimetype", "application/epub+zip", 0 },
        CONTAINER,
        OPF,
        { "OPS/two.xhtml", "x", 0 },
        { "OPS/one.xhtml", "x", 0 },
        { "META-INF/rights.xml", "<rights/>", 0 },
        { "META-INF/encryption.xml",
          "<encryption><EncryptedData><EncryptionMethod Algorithm='aes128-cbc'/>"
          "<CipherReference URI='OPS/one.xhtml'/></EncryptedData><EncryptedData>"
          "<EncryptionMethod Algorithm='aes128-cbc'/><CipherReference URI='OPS/two.xhtml'/>"
          "</EncryptedData></encryption>",
          0 },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = dump_book(arena, members, COUNT(members));
    cr_expect(strstr(got, "! encrypted\n"), "%s", got);
}
