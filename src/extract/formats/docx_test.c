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
    { "characters of symbol fonts are what they show",
      "<w:p><w:r><w:sym w:font='Wingdings' w:char='F0FC'/><w:t>yes </w:t><w:sym w:font='Wingdings' "
      "w:char='F0A8'/><w:t>no </w:t><w:sym w:font='Symbol' w:char='F061'/><w:sym "
      "w:font='Wingdings' "
      "w:char='F0FF'/></w:r></w:p>",
      "p ✓yes ☐no α\n" },
    { "the reading of a word follows it",
      "<w:p><w:r><w:t>a</w:t><w:ruby><w:rubyPr/><w:rt><w:r><w:t>かんじ</w:t></w:r></"
      "w:rt><w:rubyBase>"
      "<w:r><w:t>漢字</w:t></w:r></w:rubyBase></w:ruby><w:t>b</w:t></w:r></w:p>",
      "p a漢字(かんじ)b\n" },
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

static Str with_comments(Arena *arena, const char *body)
{
    Str xml = str_format(arena, "<w:document xmlns:w='w'><w:body>%s</w:body></w:document>", body);
    const Member members[] = {
        { "_rels/.rels",
          "<Relationships><Relationship Id='a' Type='" REL "/officeDocument' "
          "Target='word/document.xml'/></Relationships>",
          0 },
        { "word/document.xml", str_c(arena, xml), 0 },
        { "word/_rels/document.xml.rels",
          "<Relationships><Relationship Id='c' Type='" REL "/comments' Target='comments.xml'/>"
          "<Relationship Id='e' Type='http://schemas.microsoft.com/office/2011/relationships/"
          "commentsExtended' Target='commentsExtended.xml'/><Relationship Id='g' Type='" REL
          "/glossaryDocument' Target='glossary/document.xml'/></Relationships>",
          0 },
        { "word/comments.xml",
          "<w:comments xmlns:w='w' xmlns:w14='w14'><w:comment w:id='1' w:author='Ann'><w:p "
          "w14:paraId='0A'><w:r><w:t>Why?</w:t></w:r></w:p></w:comment><w:comment w:id='2' "
          "w:author='Bob'><w:p w14:paraId='0B'><w:r><w:t>Because.</w:t></w:r></w:p></w:comment>"
          "</w:comments>",
          0 },
        { "word/commentsExtended.xml",
          "<x:commentsEx xmlns:x='x'><x:commentEx x:paraId='0A' x:done='0'/><x:commentEx "
          "x:paraId='0B' x:paraIdParent='0A'/></x:commentsEx>",
          0 },
        { "word/glossary/document.xml", "<w:glossaryDocument xmlns:w='w'/>", 0 },
    };
    return package_of(arena, members, COUNT(members));
}

Test(extract, word_comments_that_answer_others_are_replies)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str file = with_comments(arena, "<w:p><w:r><w:t>Text</w:t></w:r><w:r><w:commentReference "
                                    "w:id='1'/><w:commentReference w:id='2'/></w:r></w:p>");
    cr_expect_str_eq(dump(arena, &extractor_docx, file, (DumpOptions){ 0 }),
                     "p Text\nnote(comment) Ann:\\nWhy?\nnote(reply) Bob:\\nBecause.\n"
                     "~ the template's building blocks (glossary) are not shown\n");
}

#define RUN(text) "<w:p><w:r><w:t>" text "</w:t></w:r></w:p>"
#define SHOWN "<w:lastRenderedPageBreak/>"
#define TYPED "<w:p><w:r><w:br w:type='page'/></w:r></w:p>"

Test(extract, office_files_say_the_properties_that_people_made)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const Member members[] = {
        { "_rels/.rels",
          "<Relationships><Relationship Id='a' Type='" REL "/officeDocument' "
          "Target='word/document.xml'/><Relationship Id='c' Type='" REL "/custom-properties' "
          "Target='docProps/custom.xml'/></Relationships>",
          0 },
        { "docProps/custom.xml",
          "<Properties xmlns:vt='vt'><property name='Client Name'><vt:lpwstr>Acme</vt:lpwstr>"
          "</property><property name='_AddIn'><vt:i4>1</vt:i4></property><property name='Due'>"
          "<vt:filetime>2024-01-02T03:04:05Z</vt:filetime></property></Properties>",
          0 },
        { "word/document.xml",
          "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>x</w:t></w:r></w:p></w:body>"
          "</w:document>",
          0 },
    };
    Str file = package_of(arena, members, COUNT(members));
    cr_expect_str_eq(dump(arena, &extractor_docx, file, (DumpOptions){ 0 }),
                     "meta(client name) Acme\nmeta(due) 2024-01-02T03:04:05Z\np x\n");
}

Test(extract, numbers_of_charts_are_as_they_are_shown)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const Member members[] = {
        { "_rels/.rels",
          "<Relationships><Relationship Id='a' Type='" REL "/officeDocument' "
          "Target='word/document.xml'/></Relationships>",
          0 },
        { "word/_rels/document.xml.rels",
          "<Relationships><Relationship Id='c' Type='" REL "/chart' Target='chart.xml'/>"
          "</Relationships>",
          0 },
        { "word/chart.xml",
          "<c:chartSpace xmlns:c='c'><c:ser><c:tx><c:v>Share</c:v></c:tx><c:cat><c:numRef>"
          "<c:numCache><c:formatCode>yyyy\\-mm</c:formatCode><c:pt idx='0'><c:v>45323</c:v></c:pt>"
          "</c:numCache></c:numRef></c:cat><c:val><c:numRef><c:numCache><c:formatCode>0%"
          "</c:formatCode><c:pt idx='0'><c:v>0.25</c:v></c:pt></c:numCache></c:numRef></c:val>"
          "</c:ser></c:chartSpace>",
          0 },
        { "word/document.xml",
          "<w:document xmlns:w='w' xmlns:r='" REL "' xmlns:c='c'><w:body><w:p><w:r><w:drawing>"
          "<c:chart r:id='c'/></w:drawing></w:r></w:p></w:body></w:document>",
          0 },
    };
    Str file = package_of(arena, members, COUNT(members));
    cr_expect_str_eq(dump(arena, &extractor_docx, file, (DumpOptions){ 0 }),
                     "rowh  | Share\nrow 2024-02 | 25%\n");
}

Test(extract, word_texts_are_on_the_page_that_was_last_shown)
{
    static const struct {
        const char *about, *body, *pages;
    } files[] = {
        { "never shown", RUN("a") TYPED RUN("b"), "p a @\np b @\n" },
        { "a paragraph is where it begins",
          RUN("a") "<w:p><w:r><w:t>b</w:t>" SHOWN "<w:t>c</w:t></w:r></w:p>" RUN("d"),
          "p a @page 1\np bc @page 1\np d @page 2\n" },
        { "a typed break is shown once",
          RUN("a") TYPED "<w:p><w:r>" SHOWN "<w:t>b</w:t></w:r></w:p>",
          "p a @page 1\np b @page 2\n" },
        { "two typed breaks leave a page empty",
          RUN("a") TYPED "<w:p><w:r>" SHOWN "<w:br w:type='page'/></w:r></w:p><w:p><w:r>" SHOWN
                         "<w:t>b</w:t></w:r></w:p>",
          "p a @page 1\np b @page 3\n" },
        { "rows too",
          "<w:tbl><w:tr><w:tc>" RUN("a") "</w:tc></w:tr><w:tr><w:tc><w:p><w:r>" SHOWN
                                         "<w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>" RUN("c"),
          "row a @page 1\nrow b @page 2\np c @page 2\n" },
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        const char *got = dump(arena, &extractor_docx, word(arena, REL, files[i].body),
                               (DumpOptions){ .places = true });
        cr_expect_str_eq(got, files[i].pages, "%s:\n%s", files[i].about, got);
    }
}

Test(extract, every_kind_of_office_file_is_known_by_its_main_part)
{
    static const struct {
        const char *type, *format;
    } kinds[] = {
        { "vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml", "docx" },
        { "vnd.ms-word.document.macroEnabled.main+xml", "docx" },
        { "vnd.ms-word.template.macroEnabledTemplate.main+xml", "docx" },
        { "vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml", "xlsx" },
        { "vnd.ms-excel.template.macroEnabled.main+xml", "xlsx" },
        { "vnd.ms-excel.addin.macroEnabled.main+xml", "xlsx" },
        { "vnd.openxmlformats-officedocument.presentationml.template.main+xml", "pptx" },
        { "vnd.openxmlformats-officedocument.presentationml.slide.main+xml", "pptx" },
        { "vnd.ms-powerpoint.presentation.macroEnabled.main+xml", "pptx" },
        { "vnd.ms-powerpoint.template.macroEnabled.main+xml", "pptx" },
        { "vnd.ms-powerpoint.addin.macroEnabled.main+xml", "pptx" },
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str types = str_format(arena,
                               "<Types><Override PartName='/a.xml' "
                               "ContentType='application/%s'/></Types>",
                               kinds[i].type);
        const Member members[] = { { "[Content_Types].xml", str_c(arena, types), 0 } };
        const Extractor *found =
            extractor_choose(package_of(arena, members, COUNT(members)), STR_NONE, STR_NONE);
        cr_expect(found && str_is(str(found->name), kinds[i].format), "%s", kinds[i].type);
    }
}
