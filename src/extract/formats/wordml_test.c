/* wordml_test.c - a Word 2003 XML document. */
#include "extract/formats/dump.h"

extern const Extractor extractor_wordml;

static const char sample[] =
    "<?xml version='1.0'?><?mso-application progid='Word.Document'?>"
    "<w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml' "
    "xmlns:wx='wx' xmlns:aml='aml' xmlns:o='o' xmlns:v='v'>"
    "<o:DocumentProperties><o:Title>A plan</o:Title><o:Author>Ann</o:Author>"
    "</o:DocumentProperties>"
    "<w:lists><w:listDef w:listDefId='7'><w:lvl w:ilvl='0'><w:start w:val='3'/><w:nfc w:val='4'/>"
    "<w:lvlText w:val='%1)'/></w:lvl></w:listDef><w:list w:ilfo='1'><w:ilst w:val='7'/></w:list>"
    "</w:lists>"
    "<w:styles><w:style w:type='paragraph' w:styleId='b1'><w:name w:val='heading 2'/></w:style>"
    "</w:styles>"
    "<w:body><wx:sect><w:p><w:pPr><w:pStyle w:val='b1'/></w:pPr><w:r><w:t>Part</w:t></w:r></w:p>"
    "<w:p><w:r><w:t>Text</w:t></w:r><aml:annotation aml:id='1' aml:author='Al' "
    "w:type='Word.Deletion'><aml:content>"
    "<w:r><w:delText>old</w:delText></w:r></aml:content></aml:annotation><aml:annotation "
    "aml:id='2' w:type='Word.Insertion'><aml:content><w:r><w:t> new</w:t></w:r></aml:content>"
    "</aml:annotation><w:r><w:footnote><w:p><w:r><w:t>Below.</w:t></w:r></w:p></w:footnote></w:r>"
    "<w:r><aml:annotation aml:id='3' aml:author='Bob' w:type='Word.Comment'><aml:content><w:p>"
    "<w:r><w:t>Why?</w:t></w:r></w:p></aml:content></aml:annotation></w:r>"
    "<w:hlink w:dest='https://x.org/'><w:r><w:t> here</w:t></w:r></w:hlink></w:p>"
    "<w:p><w:pPr><w:listPr><w:ilvl w:val='0'/><w:ilfo w:val='1'/></w:listPr></w:pPr><w:r>"
    "<w:t>Item</w:t></w:r></w:p>"
    "<w:tbl><w:tr><w:tc><w:tcPr><w:vmerge w:val='restart'/></w:tcPr><w:p><w:r><w:t>a</w:t></w:r>"
    "</w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:tc><w:tcPr>"
    "<w:vmerge/></w:tcPr><w:p/></w:tc><w:tc><w:p><w:r><w:t>c</w:t></w:r></w:p></w:tc></w:tr>"
    "</w:tbl><w:p><w:r><w:pict><w:binData w:name='x'>AAAA</w:binData><v:shape alt='A cat'>"
    "<v:imagedata src='x'/></v:shape></w:pict></w:r></w:p>"
    "<w:sectPr><w:hdr w:type='odd'><w:p><w:r><w:t>Above</w:t></w:r></w:p></w:hdr></w:sectPr>"
    "</wx:sect></w:body></w:wordDocument>";

Test(extract, word_2003_xml_is_read_like_a_docx)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str file = str(sample);
    cr_expect_str_eq(dump(arena, &extractor_wordml, file, (DumpOptions){ 0 }),
                     "meta(title) A plan\nmeta(author) Ann\nheader Above\nh2 Part\n"
                     "p Text new here\nnote(link) https://x.org/\n"
                     "note(tracked change) Al deleted: old\nnote(footnote) Below.\n"
                     "note(comment) Bob:\\nWhy?\nli1 c) Item\nrow a | b\nrow c\nimg A cat\n");
    cr_expect(extractor_choose(file, S("a.xml"), STR_NONE) == &extractor_wordml);
    for (size_t cut = 0; cut < file.length; cut += 5)
        (void)dump(arena, &extractor_wordml, str_slice(file, 0, cut), (DumpOptions){ 0 });
}
