/* idml_test.c - InDesign packages of stored members. */
#include "extract/formats/dump.h"
#include "extract/formats/package_of.h"

extern const Extractor extractor_idml;

#define STORY(content) "<idPkg:Story xmlns:idPkg=\"i\"><Story>" content "</Story></idPkg:Story>"
#define RANGE(style, content)                                                                      \
    "<ParagraphStyleRange AppliedParagraphStyle=\"ParagraphStyle/" style                           \
    "\"><CharacterStyleRange>" content "</CharacterStyleRange></ParagraphStyleRange>"

static const char *dump_stories(Arena *arena, const char *first, const char *second)
{
    Member members[] = {
        { "mimetype", "application/vnd.adobe.indesign-idml-package", 0 },
        { "designmap.xml",
          "<Document xmlns:idPkg=\"i\"><idPkg:Story src=\"Stories/Story_b.xml\"/>"
          "<idPkg:Story src=\"Stories/Story_a.xml\"/></Document>",
          0 },
        { "Stories/Story_a.xml", second, 0 },
        { "Stories/Story_b.xml", first, 0 },
    };
    Str bytes = package_of(arena, members, COUNT(members));
    cr_expect_eq(extractor_idml.sniff(bytes), 95);
    return dump(arena, &extractor_idml, bytes, (DumpOptions){ 0 });
}

Test(extract, idml_stories_come_in_the_order_of_the_document)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = dump_stories(
        arena,
        STORY(RANGE("Group%3aHeading 2", "<Content>Wheels</Content><Br/>") RANGE(
            "Body", "<Content>A </Content><Content>wheel</Content>"
                    "<Footnote><ParagraphStyleRange><Content>N</Content><Br/>"
                    "<Content>M</Content></ParagraphStyleRange></Footnote>"
                    "<Content> turns.</Content><Br/><Content>Two</Content>"
                    "<Change ChangeType=\"DeletedText\"><Content>gone</Content></Change>"
                    "<Content>\u2028lines</Content>")),
        STORY(RANGE("Title", "<Content>Last</Content>")));
    cr_expect_str_eq(got,
                     "h2 Wheels\np A wheel turns.\nnote(footnote) N\\nM\np Two\\nlines\nh1 Last\n",
                     "%s", got);
}

Test(extract, idml_tables_are_rows)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = dump_stories(
        arena,
        STORY(RANGE(
            "Body",
            "<Content>Before</Content><Table ColumnCount=\"2\"><Row/><Column/>"
            "<Cell Name=\"0:0\"><ParagraphStyleRange><Content>a</Content><Br/><Content>b</Content>"
            "</ParagraphStyleRange></Cell>"
            "<Cell Name=\"1:0\"><Content>c</Content><Table><Cell Name=\"0:0\"><Content>in"
            "</Content></Cell></Table></Cell>"
            "<Cell Name=\"0:1\" ColumnSpan=\"2\"><Content>d</Content></Cell></Table>"
            "<Content>After</Content>")),
        STORY("<Table><Cell Name=\"0:0\"><Content>cut</Content>"));
    cr_expect(strstr(got, "p Before\nrow a b | c in\nrow d"), "%s", got);
    cr_expect(strstr(got, "p After\nrow cut"), "%s", got);
    cr_expect(strstr(got, "~ \"Stories/Story_a.xml\" is not read to its end"), "%s", got);
}
