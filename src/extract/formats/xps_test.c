/* xps_test.c - a package without text is built here; one with fonts is taken from ../shared. */
#include "extract/formats/dump.h"
#include "extract/formats/package_of.h"
#include "extract/picture/page_picture.h"

extern const Extractor extractor_xps;

#define XPS_NS "xmlns='http://schemas.microsoft.com/xps/2005/06'"

static Str package(Arena *arena)
{
    static const Member members[] = {
        { "[Content_Types].xml",
          "<Types><Default Extension='fdseq' ContentType="
          "'application/vnd.ms-package.xps-fixeddocumentsequence+xml'/></Types>",
          0 },
        { "_rels/.rels",
          "<Relationships><Relationship Target='/s.fdseq' Id='a' Type="
          "'http://schemas.microsoft.com/xps/2005/06/fixedrepresentation'/></Relationships>",
          0 },
        { "s.fdseq",
          "<FixedDocumentSequence " XPS_NS "><DocumentReference Source='/d.fdoc'/>"
          "</FixedDocumentSequence>",
          0 },
        { "d.fdoc", "<FixedDocument " XPS_NS "><PageContent Source='/1.fpage'/></FixedDocument>",
          0 },
        { "1.fpage",
          "<FixedPage " XPS_NS " Width='96' Height='192'><Path Data='M 0,0 L 9,0 9,9 Z' "
          "Fill='#000000'/></FixedPage>",
          0 },
    };
    return package_of(arena, members, COUNT(members));
}

Test(extract, an_xps_has_pages_that_can_be_drawn)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = package(arena);
    PagePictureRequest request = { .bytes = bytes, .page = 1, .width = 100 };
    PagePicture picture;
    Error err = { 0 };
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_xps);
    const char *got = dump(arena, &extractor_xps, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got, "meta(pages) 1\npage \n~ 1 of 1 pages have no text\n", "%s", got);
    cr_assert(page_picture(arena, &request, &picture, &err), "%s", err.message);
    cr_expect(picture.page_width == 72 && picture.page_height == 144 && picture.width == 100);
    request.page = 2;
    cr_expect(!page_picture(arena, &request, &picture, &err));
}

Test(extract, the_text_of_an_xps_page_has_headings)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Error err;
    Str bytes;
    if (!file_read(arena, "../shared/corpus/xps/tika__test_text.xps", MB(1), &bytes, &err)) {
        fprintf(stderr, "skipped: needs ../shared\n");
        return;
    }
    const char *got = dump(arena, &extractor_xps, bytes, (DumpOptions){ 0 });
    cr_expect(strstr(got, "h1 Large font size\n") != NULL, "%s", got);
}
