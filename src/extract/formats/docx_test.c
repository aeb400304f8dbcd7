/* docx_test.c - Word files: links, equations, pictures, documents inside the document. */
#include "extract/formats/dump.h"
#include "extract/formats/package_of.h"

extern const Extractor extractor_docx;

#define REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define STRICT "http://purl.oclc.org/ooxml/officeDocument/relationships"

static Str word(Arena *arena, const char *rel, const char *body)
{
    Str xml = str_format(
        arena,
        "<w:document xmlns:w='w' xmlns:r='%s' xmlns:m='http://x/math' xmlns:a='a' xmlns:wp='wp' "
        "xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006' xmlns:v='v'>"
        "<w:body>%s</w:body></w:document>",
        rel, body);
    Str rels = str_format(
        arena,
        "<Relationships><Relationship Id='l' Type='%s/hyperlink' Target='https://x.org/' "
        "TargetMode='External'/><Relationship Id='c' Type='%s/aFChunk' Target='chunk.html'/>"
        "</Relationships>",
        rel, rel);
    Str top = str_format(arena,
                         "<Relationships><Relationship Id='a' Type='%s/officeDocument' "
                         "Target='word/document.xml'/></Relationships>",
                         rel);
    const Member members[] = {
        { "_rels/.rels", str_c(arena, top), 0 },
        { "word/document.xml", str_c(arena, xml), 0 },
        { "word/_rels/document.xml.rels", str_c(arena, rels), 0 },
        { "word/chunk.html", "<html><body><h2>In</h2><p>side</p></body></html>", 0 },
    };
    return package_of(arena, members, COUNT(members));
}

static const DumpCase cases[] = {
    { "the address of a link is kept",
      "<w:p><w:hyperlink r:id='l'><w:r><w:t>here</w:t></w:r></w:hyperlink></w:p>",
      "p here\nnote(link) https://x.org/\n" },
    { "and that of a field in pieces",
      "<w:p><w:r><w:fldChar w:fldCharType='begin'/><w:instrText> HYPERLINK \"mailto:</w:instrText>"
      "<w:instrText>a@b\" </w:instrText><w:fldChar w:fldCharType='separate'/><w:t>mail</w:t>"
      "<w:fldChar w:fldCharType='end'/></w:r></w:p>",
      "p mail\nnote(link) mailto:a@b\n" },
    { "equations are a line",
      "<w:p><m:oMath><m:r><m:t>x=</m:t></m:r><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den>"
      "<m:r><m:t>2</m:t></m:r></m:den></m:f><m:r><m:t>+</m:t></m:r><m:sSup><m:e><m:r><m:t>c</m:t>"
      "</m:r></m:e><m:sup><m:r><m:t>n-1</m:t></m:r></m:sup></m:sSup><m:rad><m:deg/><m:e><m:r>"
      "<m:t>y</m:t></m:r></m:e></m:rad><m:d><m:e><m:r><m:t>p</m:t></m:r></m:e></m:d></m:oMath>"
      "</w:p>",
      "p x=(a+b)/2+c^(n-1)\xE2\x88\x9Ay(p)\n" },
    { "pictures have their alternative text or are counted",
      "<w:p><w:r><w:drawing><wp:inline><wp:docPr id='1' name='Picture 1' descr='A cat'/><a:blip/>"
      "</wp:inline></w:drawing><w:drawing><wp:docPr id='2'/><a:blip/></w:drawing></w:r></w:p>",
      "img A cat\n~ 1 image without text\n" },
    { "a document inside the document",
      "<w:p><w:r><w:t>a</w:t></w:r></w:p><w:altChunk r:id='c'/><w:p><w:r><w:t>b</w:t></w:r></w:p>",
      "p a\nh2 In\np side\np b\n" },
    { "a text box is said once",
      "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r>"
      "</w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>box</w:t>"
      "</w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>",
      "p box\n" },
};

Test(extract, word_files_keep_links_equations_and_pictures)
{
    static const char *const kinds[] = { REL, STRICT };
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t k = 0; k < COUNT(kinds); k++) {
            AUTO_ARENA Arena *arena = arena_new(MB(64));
            const char *got = dump(arena, &extractor_docx, word(arena, kinds[k], cases[i].input),
                                   (DumpOptions){ 0 });
            cr_expect_str_eq(got, cases[i].expected, "%s:\n%s", cases[i].about, got);
        }
}
