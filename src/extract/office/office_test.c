/* office_test.c - Word, Excel and PowerPoint files built here and those of tests/samples. */
#include "extract/formats/dump.h"
#include "extract/formats/package_of.h"
#include "extract/package.h"

#define W "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""
#define TYPES(type)                                                                                \
    {                                                                                              \
        "[Content_Types].xml",                                                                     \
            "<Types><Override ContentType=\"application/vnd.openxmlformats-officedocument." type   \
            "+xml\"/></Types>"                                                                     \
    }
#define REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

static Str word(Arena *arena, const char *body)
{
    Str xml = str_format(arena, "<w:document " W "><w:body>%s</w:body></w:document>", body);
    Member members[] = {
        TYPES("wordprocessingml.document.main"),
        { "word/document.xml", xml.at },
        { "word/styles.xml",
          "<w:styles " W "><w:style w:styleId=\"T\"><w:name w:val=\"heading 2\"/></w:style>"
          "<w:style w:styleId=\"U\"><w:basedOn w:val=\"T\"/></w:style></w:styles>" },
        { "word/numbering.xml",
          "<w:numbering " W "><w:abstractNum w:abstractNumId=\"5\"><w:lvl w:ilvl=\"0\"><w:start "
          "w:val=\"1\"/><w:numFmt w:val=\"decimal\"/><w:lvlText w:val=\"%1.\"/></w:lvl><w:lvl "
          "w:ilvl=\"1\"><w:start w:val=\"1\"/><w:numFmt w:val=\"lowerLetter\"/><w:lvlText "
          "w:val=\"%1.%2)\"/></w:lvl></w:abstractNum><w:num w:numId=\"7\"><w:abstractNumId "
          "w:val=\"5\"/></w:num></w:numbering>" },
        { "word/footnotes.xml", "<w:footnotes " W "><w:footnote w:id=\"2\"><w:p><w:r><w:t>said "
                                "below</w:t></w:r></w:p></w:footnote></w:footnotes>" },
        { "word/_rels/document.xml.rels",
          "<Relationships><Relationship Id=\"a\" Type=\"" REL "/styles\" Target=\"styles.xml\"/>"
          "<Relationship Id=\"b\" Type=\"" REL "/numbering\" Target=\"/word/numbering.xml\"/>"
          "<Relationship Id=\"c\" Type=\"" REL "/footnotes\" Target=\"footnotes.xml\"/>"
          "</Relationships>" },
    };
    if (!strstr(body, "footnoteReference"))
        members[4].name = "word/nothing.xml";
    return package_of(arena, members, COUNT(members));
}

#define P(text) "<w:p><w:r><w:t>" text "</w:t></w:r></w:p>"
#define ITEM(level, text)                                                                          \
    "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"" level                                                  \
    "\"/><w:numId w:val=\"7\"/></w:numPr></w:pPr><w:r><w:t>" text "</w:t></w:r></w:p>"

static const struct {
    const char *about, *body, *markdown;
} word_cases[] = {
    { "runs join",
      "<w:p><w:r><w:t>a</w:t></w:r><w:r><w:t xml:space=\"preserve\"> b</w:t></w:r></w:p>",
      "a b\n\n" },
    { "deleted text is a note, inserted stays",
      "<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></"
      "w:r>"
      "</w:del></w:p>",
      "new\n\n> **tracked change:** deleted: old\n\n" },
    { "a style based on a heading",
      "<w:p><w:pPr><w:pStyle w:val=\"U\"/></w:pPr><w:r><w:t>Head</w:t></w:r></w:p>",
      "## Head\n\n" },
    { "lists count", ITEM("0", "x") ITEM("1", "y") ITEM("1", "z") ITEM("0", "q"),
      "1. x\n  1.a) y\n  1.b) z\n2. q\n\n" },
    { "a field shows its result",
      "<w:p><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>7</w:t></w:r></w:p>", "7\n\n" },
    { "a note follows its paragraph",
      "<w:p><w:r><w:t>text</w:t><w:footnoteReference w:id=\"2\"/></w:r></w:p>" P("next"),
      "text\n\n> **footnote:** said below\n\nnext\n\n" },
    { "cells span and merge",
      "<w:tbl><w:tr><w:tc><w:tcPr><w:vMerge w:val=\"restart\"/></w:tcPr>" P("a") "</w:tc><w:tc>" P(
          "b") "</w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge/></"
               "w:tcPr><w:p/></w:tc><w:tc>" P("c") "</w:tc></"
                                                   "w:tr><w:tr><w:tc><w:"
                                                   "tcPr><w:gridSpan "
                                                   "w:val=\"2\"/></"
                                                   "w:tcPr>" P("d") "</"
                                                                    "w:"
                                                                    "tc>"
                                                                    "</"
                                                                    "w:"
                                                                    "tr>"
                                                                    "</"
                                                                    "w:"
                                                                    "tbl"
                                                                    ">",
      "| a | b |\n|---|---|\n|  | c |\n| d |  |\n\n" },
    { "a text box follows its paragraph's begin",
      "<w:p><w:r><w:t>out</w:t></w:r><w:r><w:txbxContent>" P("in") "</w:txbxContent></w:r></w:p>",
      "in\n\nout\n\n" },
};

Test(extract, word_documents_become_blocks)
{
    for (size_t i = 0; i < COUNT(word_cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(32));
        Error err = { 0 };
        Str printed = dump_markdown(arena, word(arena, word_cases[i].body), &err);
        cr_expect(str_is(printed, word_cases[i].markdown), "%s:\n" STR_FMT "%s",
                  word_cases[i].about, STR_ARG(printed), err.message);
    }
}

Test(extract, a_document_type_in_office_xml_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Member members[] = { TYPES("spreadsheetml.sheet.main"),
                         { "xl/workbook.xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><workbook/>" } };
    Error err = { 0 };
    cr_expect(dump_markdown(arena, package_of(arena, members, COUNT(members)), &err).length == 0);
    cr_expect_eq(err.code, ERROR_DAMAGED);
    cr_expect(strstr(err.message, "document type") != NULL, "%s", err.message);
}

Test(extract, deep_xml_is_an_error_and_no_crash)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Buf xml = buf_new(arena, MB(2));
    for (int i = 0; i < 20000; i++)
        buf_add(&xml, S("<w:tbl><w:tr><w:tc><w:p>"));
    Error err = { 0 };
    Str printed = dump_markdown(arena, word(arena, buf_c(&xml)), &err);
    cr_expect(str_find(printed, S("XML is broken")) > 0, STR_FMT, STR_ARG(printed));
}

Test(extract, a_cut_word_file_gives_its_first_part)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    Str whole = word(arena, P("kept") P("also kept"));
    ptrdiff_t end = str_find(whole, S("</w:body>"));
    Str printed = dump_markdown(arena, str_slice(whole, 0, (size_t)end), &err);
    cr_expect(str_find(printed, S("also kept")) >= 0, STR_FMT "%s", STR_ARG(printed), err.message);
}

#define R "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\""

Test(extract, threads_on_cells_name_their_persons_once)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Member members[] = {
        TYPES("spreadsheetml.sheet.main"),
        { .name = "xl/workbook.xml",
          .text = "<workbook " R "><sheets><sheet name=\"S\" r:id=\"s\"/></sheets></workbook>" },
        { .name = "xl/_rels/workbook.xml.rels",
          .text = "<Relationships><Relationship Id=\"s\" Type=\"" REL
                  "/worksheet\" Target=\"s.xml\"/><Relationship Id=\"p\" Type=\"" REL
                  "/person\" Target=\"p.xml\"/></Relationships>" },
        { .name = "xl/s.xml",
          .text = "<worksheet " R "><sheetData><row r=\"1\"><c r=\"A1\"><v>1.5</v></c></row>"
                  "</sheetData><hyperlinks><hyperlink ref=\"A1\" r:id=\"l\"/></hyperlinks>"
                  "</worksheet>" },
        { .name = "xl/_rels/s.xml.rels",
          .text = "<Relationships><Relationship Id=\"l\" Type=\"" REL
                  "/hyperlink\" Target=\"http://x.example/\" TargetMode=\"External\"/>"
                  "<Relationship Id=\"c\" Type=\"" REL "/comments\" Target=\"c.xml\"/>"
                  "<Relationship Id=\"t\" Type=\"" REL
                  "/threadedComment\" Target=\"t.xml\"/></Relationships>" },
        { .name = "xl/p.xml", .text = "<l><person id=\"{1}\" displayName=\"Ada\"/></l>" },
        { .name = "xl/c.xml",
          .text = "<comments><authors><author>Bo</author></authors><commentList>"
                  "<comment ref=\"A1\" authorId=\"0\"><text><t>[Threaded comment] Get a newer "
                  "one</t></text></comment><comment ref=\"A2\" authorId=\"0\"><text><t>old"
                  "</t></text></comment></commentList></comments>" },
        { .name = "xl/t.xml",
          .text = "<l><threadedComment ref=\"A1\" personId=\"{1}\"><text>why?</text>"
                  "</threadedComment></l>" },
    };
    Error err = { 0 };
    Str printed = dump_markdown(arena, package_of(arena, members, COUNT(members)), &err);
    cr_expect(str_is(printed, "# S\n\n| 1.5 |\n|---|\n\n> **link:** http://x.example/\n\n"
                              "> **comment:** Bo: old\n\n> **comment:** Ada: why?\n\n"),
              STR_FMT "%s", STR_ARG(printed), err.message);
}

/* [MS-XLSB] 2.1.4: type, size, data. */
static const char binary_book[] = "\x9C\x01\x18\1\0\0\0\1\0\0\0\1\0\0\0s\0\3\0\0\0T\0a\0b\0";
static const char binary_sheet[] = "\0\4\1\0\0\0" /* row 2 */
                                   "\2\x0C\0\0\0\0\0\0\0\0\x1E\0\0\0"
                                   "\6\x10\1\0\0\0\0\0\0\0\2\0\0\0h\0i\0"
                                   "\4\x09\2\0\0\0\0\0\0\0\1";

Test(extract, binary_workbooks_have_cells_and_hidden_sheets)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Member members[] = {
        { .name = "[Content_Types].xml",
          .text = "<Types><Override ContentType=\"application/vnd.ms-excel.sheet.binary."
                  "macroEnabled.main\"/></Types>" },
        { .name = "xl/workbook.bin", .text = binary_book, .size = sizeof binary_book - 1 },
        { .name = "xl/_rels/workbook.bin.rels",
          .text = "<Relationships><Relationship Id=\"s\" Type=\"" REL
                  "/worksheet\" Target=\"s.bin\"/></Relationships>" },
        { .name = "xl/s.bin", .text = binary_sheet, .size = sizeof binary_sheet - 1 },
    };
    Error err = { 0 };
    Str printed = dump_markdown(arena, package_of(arena, members, COUNT(members)), &err);
    cr_expect(str_is(printed, "# Tab (hidden)\n\n| 7 | hi | TRUE |\n|---|---|---|\n\n"),
              STR_FMT "%s", STR_ARG(printed), err.message);
}

static Str sample(Arena *arena, const char *name, Error *err)
{
    Str bytes;
    Str path = str_format(arena, "tests/samples/%s", name);
    cr_assert(file_read(arena, path.at, MB(1), &bytes, err), "%s", err->message);
    return bytes;
}

static void expect_sample(const char *name, const char *const *phrases)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Error err = { 0 };
    Str printed = dump_markdown(arena, sample(arena, name, &err), &err);
    for (; *phrases; phrases++)
        cr_expect(str_find(printed, str(*phrases)) >= 0, "%s lacks '%s':\n" STR_FMT "%s", name,
                  *phrases, STR_ARG(printed), err.message);
}

Test(extract, the_letter_keeps_headings_lists_and_spans)
{
    expect_sample("letter.docx",
                  LIST("**author:** Ada Keeper", "# Request for a new lens", "## What we need",
                       "- A first-order lens\n- Two spare prisms\n1. Survey the tower\n2. Hoist",
                       "| Part | Pieces | Price |\n|---|---|---|\n| Lens | 1 | 18,400 |",
                       "| Total |  | 20,300 |", "Registered in Port Ellen"));
}

Test(extract, the_workbook_shows_numbers_and_names_its_sheets)
{
    expect_sample("numbers.xlsx",
                  LIST("# Oil", "| 31 Jan 2025 | North | 1,840.0 | 40.9% | \xE2\x82\xAC 920.00 |",
                       "| Checked by the treasurer |  |  |  |  |",
                       "> **comment:** Ada Keeper: The reef tower leaks", "| storm petrel | TRUE |",
                       "# Drafts (hidden)"));
}

Test(extract, the_workbook_knows_the_cells_of_a_row)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Error err = { 0 };
    DocSink sink;
    DocNode *node = doc_tree_new(arena, S("numbers.xlsx"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    ExtractSource source = { .bytes = sample(arena, "numbers.xlsx", &err) };
    cr_assert(extract_document(&source, doc, &err), "%s", err.message);
    doc_writer_free(doc);
    bool found = false;
    for (size_t i = 0; i < node->blocks.count; i++)
        if (str_find(node->blocks.at[i].text, S("storm petrel")) >= 0)
            found = str_is(place_text(arena, &node->blocks.at[i].place), "'Night notes'!B4:C4");
    cr_expect(found);
}

Test(extract, the_slides_keep_order_levels_notes_and_charts)
{
    expect_sample(
        "slides.pptx",
        LIST("<!-- slide 2 -->\n\n# The night watch\n\n- Wind the clockwork\n  - every four",
             "> **speaker note:** Tell the story of the stopped clock",
             "| Tower | Lamps |\n|---|---|\n| North | nine |", "| spring | 310 |",
             "(hidden slide)\n\n# Spare slide"));
}

Test(extract, a_protected_workbook_opens_with_its_password_only)
{
    static const struct {
        const char *password, *phrase;
    } cases[] = {
        { "wick", "The safe behind the lamp" },
        { "", "is protected; give its password" },
        { "candle", "the password does not open" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Error err = { 0 };
        DocSink sink;
        DocNode *node = doc_tree_new(arena, S("locked.xlsx"), false, &sink);
        DocWriter *doc = doc_writer_new(arena, &sink, NULL);
        ExtractSource source = { .bytes = sample(arena, "locked.xlsx", &err),
                                 .password = str(cases[i].password) };
        bool ok = extract_document(&source, doc, &err);
        doc_writer_free(doc);
        cr_expect_eq(err.code, ok ? ERROR_NONE : ERROR_ENCRYPTED);
        Str said = ok ? doc_node_text(arena, node) : str(err.message);
        cr_expect(str_find(said, str(cases[i].phrase)) >= 0, STR_FMT, STR_ARG(said));
        cr_expect(str_is(node->format, ok ? "xlsx" : "office_encrypted"), STR_FMT,
                  STR_ARG(node->format));
        cr_expect(!ok || str_find(said, S("AES")) >= 0, "that it was locked is said");
    }
}
