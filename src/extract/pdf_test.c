/* pdf_test.c - PDF files written here as text, and tests/samples/report.pdf. */
#include <criterion/criterion.h>

#include "base/file.h"
#include "extract/extractor.h"
#include "extract/page_picture.h"

/* A PDF of one page with the given content stream; MuPDF finds objects without a table. */
static Str pdf_of(Arena *arena, const char *content)
{
    return str_format(
        arena,
        "%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<<"
        "/F 5 0 R/B 6 0 R>>>>>>endobj\n"
        "4 0 obj<</Length %zu>>stream\n%s\nendstream endobj\n"
        "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
        "6 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold>>endobj\n"
        "trailer<</Root 1 0 R>>\n%%%%EOF\n",
        strlen(content), content);
}

static Str print(Arena *arena, Str bytes, Error *err)
{
    DocSink sink;
    DocNode *node = doc_tree_new(arena, S("test.pdf"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    ExtractSource source = { .bytes = bytes };
    bool ok = extract_document(&source, doc, err);
    doc_writer_free(doc);
    if (!ok)
        return STR_NONE;
    Buf out = buf_new(arena, MB(8));
    doc_print(node, DOC_MARKDOWN, &out);
    return buf_str(&out);
}

#define START "**format_version:** 1.4  \n**pages:** 1\n\n<!-- page 1 -->\n\n"
#define BODY "/F 10 Tf 50 100 Td (Body text that is long enough to be the usual size here.) Tj "

static const struct {
    const char *about, *content, *markdown;
} cases[] = {
    { "lines join to a paragraph",
      "BT /F 10 Tf 12 TL 50 700 Td (The first line of a paragraph is here) Tj T* "
      "(and the second line goes on with it.) Tj ET",
      START "The first line of a paragraph is here and the second line goes on with it.\n\n" },
    { "a hyphen at the end of a line goes",
      "BT /F 10 Tf 12 TL 50 700 Td (A word that is bro-) Tj T* (ken in two parts) Tj ET",
      START "A word that is broken in two parts\n\n" },
    { "large text is a heading", "BT /F 24 Tf 50 700 Td (Big words) Tj ET BT " BODY "ET",
      START "# Big words\n\nBody text that is long enough to be the usual size here.\n\n" },
    { "bold text alone is a heading", "BT /B 10 Tf 50 700 Td (Bold words) Tj ET BT " BODY "ET",
      START "# Bold words\n\nBody text that is long enough to be the usual size here.\n\n" },
    { "numbers and brackets make list items",
      "BT /F 10 Tf 30 TL 50 700 Td (1. one thing) Tj T* (2. another thing) Tj ET BT " BODY "ET",
      START "1. one thing\n2. another thing\n\n"
            "Body text that is long enough to be the usual size here.\n\n" },
    { "aligned cells make a table",
      "BT /F 10 Tf 50 700 Td (Name) Tj 100 0 Td (Age) Tj 100 0 Td (Town) Tj -200 -14 Td (Ann) Tj "
      "100 0 Td (31) Tj 100 0 Td (Oban) Tj -200 -14 Td (Bob) Tj 100 0 Td (47) Tj 100 0 Td (Mull) "
      "Tj "
      "ET",
      START "| Name | Age | Town |\n|---|---|---|\n| Ann | 31 | Oban |\n| Bob | 47 | Mull |\n\n" },
};

Test(extract, pdf_text_becomes_blocks)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(32));
        Error err = { 0 };
        Str printed = print(arena, pdf_of(arena, cases[i].content), &err);
        cr_expect(str_is(printed, cases[i].markdown), "%s:\n" STR_FMT "%s", cases[i].about,
                  STR_ARG(printed), err.message);
    }
}

Test(extract, a_pdf_may_begin_with_other_bytes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    Str pdf = pdf_of(arena, "BT /F 10 Tf 50 700 Td (found) Tj ET");
    Str junk = str_format(arena, "\x1B%%-12345X@PJL\n" STR_FMT, STR_ARG(pdf));
    cr_expect(str_find(print(arena, junk, &err), S("found")) > 0, "%s", err.message);
}

Test(extract, a_broken_pdf_is_said_to_be_broken)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    cr_expect(print(arena, S("%PDF-1.7\nnothing more"), &err).length == 0);
    cr_expect_eq(err.code, ERROR_DAMAGED, "%s", err.message);
}

static Str report(Arena *arena)
{
    Str bytes;
    Error err;
    cr_assert(file_read(arena, "tests/samples/report.pdf", MB(1), &bytes, &err), "%s", err.message);
    return bytes;
}

Test(extract, the_report_keeps_columns_tables_and_says_headers_once)
{
    static const char *const phrases[] = {
        "# Summary",
        "guided 4,210 vessels past the Gannet reef",
        "- Trim the wick before sunset\n- Log every passing vessel\n",
        "mentions kaleidoscopes.\n\nThe right column begins with a puffin",
        "| Tower | Lamps | Oil in litres | Cost |\n|---|---|---|---|\n| North | 9 | 1,840 | 920.00 "
        "|",
        "<!-- page 3 -->",
    };
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    Str printed = print(arena, report(arena), &err);
    for (size_t i = 0; i < COUNT(phrases); i++)
        cr_expect(str_find(printed, str(phrases[i])) >= 0, "no '%s' in\n" STR_FMT, phrases[i],
                  STR_ARG(printed));
    ptrdiff_t first = str_find(printed, S("Harbour Lights Cooperative"));
    cr_assert(first > 0);
    cr_expect(str_find(str_from(printed, (size_t)first + 1), S("Harbour Lights")) < 0);
}

Test(extract, a_page_picture_marks_the_quote_across_lines)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    PagePictureRequest request = {
        .bytes = report(arena),
        .page = 2,
        .width = 500,
        .quote =
            S("The RIGHT column begins with a puffin.\nThe keeper climbs the\xC2\xA0stairs each"),
    };
    PagePicture picture;
    Error err;
    cr_assert(page_picture(arena, &request, &picture, &err), "%s", err.message);
    cr_expect(str_starts(picture.png, S("\x89PNG")));
    cr_expect(picture.width >= 499 && picture.width <= 501, "%d", picture.width);
    cr_expect(picture.boxes.count >= 2 && picture.boxes.count <= 4, "%zu", picture.boxes.count);
    for (size_t i = 0; i < picture.boxes.count; i++)
        cr_expect(picture.boxes.at[i].x0 > picture.page_width / 2);

    request.quote = S("words that are on no page at all");
    cr_assert(page_picture(arena, &request, &picture, &err), "%s", err.message);
    cr_expect_eq(picture.boxes.count, 0);
    request.page = 9;
    cr_expect(!page_picture(arena, &request, &picture, &err));
    cr_expect_eq(err.code, ERROR_NOT_FOUND);
}

Test(extract, table_cells_are_found_on_the_page)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    PagePictureRequest request = {
        .bytes = report(arena), .page = 3, .width = 300, .quote = S("Gannet | 5 | 990 | 495.00")
    };
    PagePicture picture;
    Error err;
    cr_assert(page_picture(arena, &request, &picture, &err), "%s", err.message);
    cr_expect_eq(picture.boxes.count, 4);
}
