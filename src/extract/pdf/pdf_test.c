/* pdf_test.c - PDF files written here as text, and tests/samples/report.pdf. */
#include "extract/formats/dump.h"
#include "extract/picture/page_picture.h"

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

Test(extract, pdf_pages_that_are_only_claimed_are_not_looked_for)
{
    static const char *const kids[] = {
        "[3 0 R]/Count 2000000000",
        "[2 0 R 3 0 R]/Count 1000000",
    };
    for (size_t i = 0; i < COUNT(kids); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(32));
        Error err = { 0 };
        Str file = str_format(arena,
                              "%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
                              "2 0 obj<</Type/Pages/Kids%s>>endobj\n"
                              "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
                              "trailer<</Root 1 0 R>>\n%%%%EOF\n",
                              kids[i]);
        Str printed = dump_markdown(arena, file, &err);
        cr_expect(str_find(printed, S("**pages:** 4\n")) >= 0, STR_FMT "%s", STR_ARG(printed),
                  err.message);
    }
}

Test(extract, pdf_text_becomes_blocks)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(32));
        Error err = { 0 };
        Str printed = dump_markdown(arena, pdf_of(arena, cases[i].content), &err);
        cr_expect(str_is(printed, cases[i].markdown), "%s:\n" STR_FMT "%s", cases[i].about,
                  STR_ARG(printed), err.message);
    }
}

/* --- Tables with lines --- */

/* Four columns of lines that were drawn around three rows; the head of the last two is one. */
#define LINES                                                                                      \
    "0.5 w 50 720 m 350 720 l S 50 700 m 350 700 l S 50 680 m 350 680 l S 50 660 m 350 660 l S "   \
    "50 660 m 50 720 l S 150 660 m 150 720 l S 250 660 m 250 700 l S 350 660 m 350 720 l S "
#define AT(x, y, text) "BT /F 10 Tf " #x " " #y " Td (" text ") Tj ET "

Test(extract, ruled_tables_of_a_pdf_have_cells_that_span)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    DocSink sink;
    const char *content = LINES AT(55, 705, "Name") AT(200, 705, "Size in metres")
        AT(55, 685, "Lamp") AT(155, 685, "12") AT(255, 685, "Tall and") AT(55, 665, "Buoy")
            AT(155, 665, "3") AT(255, 665, "Low");
    DocNode *node = doc_tree_new(arena, S("test.pdf"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    ExtractSource source = { .bytes = pdf_of(arena, content) };
    cr_assert(extract_document(&source, doc, &err), "%s", err.message);
    doc_writer_free(doc);
    int rows = 0;
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *block = &node->blocks.at[i];
        if (block->kind != BLOCK_ROW)
            continue;
        rows++;
        cr_expect_eq(block->cell_count, rows == 1 ? 2 : 3, STR_FMT, STR_ARG(block->text));
        if (rows == 1)
            cr_expect_eq(block->cells[1].column_span, 2);
    }
    cr_expect_eq(rows, 3);
}

Test(extract, names_over_several_columns_of_a_pdf_table_are_its_header)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    const char *content = AT(160, 712, "Spring tides") AT(310, 712, "Neap tides")
        AT(50, 700, "Port") AT(150, 700, "High") AT(200, 700, "Low") AT(300, 700, "High")
            AT(350, 700, "Low") AT(50, 688, "Oban") AT(150, 688, "4.0") AT(200, 688, "0.7")
                AT(300, 688, "2.9") AT(350, 688, "1.8") AT(50, 676, "Leith") AT(150, 676, "5.6")
                    AT(200, 676, "0.8") AT(300, 676, "4.4") AT(350, 676, "2.1");
    Str printed = dump_markdown(arena, pdf_of(arena, content), &err);
    cr_expect(str_find(printed, S("| Oban | 4.0 | 0.7 | 2.9 | 1.8 |")) > 0, STR_FMT,
              STR_ARG(printed));
    cr_expect(str_find(printed, S("Spring tides |")) > 0, STR_FMT, STR_ARG(printed));
    cr_expect(str_find(printed, S("# Spring")) < 0, STR_FMT, STR_ARG(printed));
}

/* --- Reading order --- */

Test(extract, columns_of_a_pdf_are_read_one_after_the_other)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    Buf content = buf_new(arena, MB(1));
    /* Drawn line by line over both columns. */
    for (int i = 0; i < 14; i++)
        buf_addf(&content,
                 "BT /F 10 Tf 50 %d Td (left line number %d of the first column goes) Tj ET "
                 "BT /F 10 Tf 320 %d Td (right line number %d of the second column is) Tj ET ",
                 700 - i * 12, i, 700 - i * 12, i);
    Str printed = dump_markdown(arena, pdf_of(arena, str_c(arena, buf_str(&content))), &err);
    ptrdiff_t last_left = str_find(printed, S("left line number 13"));
    ptrdiff_t first_right = str_find(printed, S("right line number 0"));
    cr_expect(last_left > 0 && first_right > last_left, STR_FMT, STR_ARG(printed));
    cr_expect(str_find(printed, S("|")) < 0, STR_FMT, STR_ARG(printed));
}

/* --- Annotations and what is attached --- */

#define NOTES_HEAD                                                                                 \
    "%%PDF-1.6\n1 0 obj<</Type/Catalog/Pages 2 0 R/Lang(en-GB)/AcroForm<</Fields[8 0 "             \
    "R]>>>>endobj\n"                                                                               \
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"                                           \
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<<"     \
    "/F 5 0 R>>>>/Annots[6 0 R 7 0 R 8 0 R 9 0 R 10 0 R]>>endobj\n"                                \
    "4 0 obj<</Length 57>>stream\nBT /F 10 Tf 50 700 Td (The lamp is lit at dusk.) Tj ET      "    \
    "\nendstream endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"

Test(extract, notes_fields_links_and_attached_files_of_a_pdf_are_read)
{
    static const char *const phrases[] = {
        "**language:** en-GB",
        "> **comment:** Ann Keeper: Check this date",
        "> **highlight:** The lamp is lit at dusk.",
        "> **field:** Harbour: Oban",
        "> **link:** https://example.org/tides",
        "the attached words",
    };
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    Str pdf = str_format(
        arena, NOTES_HEAD
        "6 0 obj<</Type/Annot/Subtype/Text/Rect[10 10 20 20]/T(Ann Keeper)/Contents(Check this "
        "date)>>endobj\n"
        "7 0 obj<</Type/Annot/Subtype/Highlight/Rect[50 697 200 712]/QuadPoints[50 712 200 712 50 "
        "697 200 697]>>endobj\n"
        "8 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(Harbour)/V(Oban)/Rect[300 300 400 "
        "320]>>endobj\n"
        "9 0 obj<</Type/Annot/Subtype/Link/Rect[10 40 90 50]/A<</S/URI/URI(https://example.org/"
        "tides)>>>>endobj\n"
        "10 0 obj<</Type/Annot/Subtype/FileAttachment/Rect[10 60 20 70]/FS<</Type/Filespec/F(a.txt)"
        "/UF(a.txt)/EF<</F 11 0 R>>>>>>endobj\n"
        "11 0 obj<</Type/EmbeddedFile/Length 18>>stream\nthe attached words\nendstream endobj\n"
        "trailer<</Root 1 0 R>>\n%%%%EOF\n");
    Str printed = dump_markdown(arena, pdf, &err);
    for (size_t i = 0; i < COUNT(phrases); i++)
        cr_expect(str_find(printed, str(phrases[i])) >= 0, "no '%s' in\n" STR_FMT "%s", phrases[i],
                  STR_ARG(printed), err.message);
}

Test(extract, a_pdf_tells_its_own_facts_bookmarks_and_what_its_fields_show)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    Str pdf = str_format(
        arena,
        "%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/Outlines 10 0 R/AcroForm<</Fields[7 0 R]>>"
        ">>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Annots[7 0 R]"
        "/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
        "4 0 obj<</Length 96>>stream\n"
        "BT /F 10 Tf 50 700 Td (Body text that is long enough to be the usual size of all.) Tj "
        "ET%-12s"
        "\nendstream endobj\n"
        "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
        "7 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(Name)/V(Ann)/Rect[50 600 250 630]/AP<</N 8 0 "
        "R>>"
        ">>endobj\n"
        "8 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 200 30]/Resources<</Font<</F 5 0 "
        "R>>>>/Length 36"
        ">>stream\nBT /F 20 Tf 5 8 Td (Ann) Tj ET       \nendstream endobj\n"
        "10 0 obj<</Type/Outlines/First 11 0 R/Last 12 0 R/Count 2>>endobj\n"
        "11 0 obj<</Title(Body text)/Parent 10 0 R/Next 12 0 R/Dest[3 0 R/Fit]>>endobj\n"
        "12 0 obj<</Title(Unseen)/Parent 10 0 R/Prev 11 0 R/Dest[3 0 R/Fit]>>endobj\n"
        "13 0 obj<</Title(T)/Matter(42/7)/Trapped/False>>endobj\n"
        "trailer<</Root 1 0 R/Info 13 0 R>>\n%%%%EOF\n",
        "");
    Str printed = dump_markdown(arena, pdf, &err);
    cr_expect(
        str_is(printed,
               "**title:** T  \n**matter:** 42/7  \n**format_version:** 1.4  \n**pages:** 1\n\n"
               "<!-- page 1 -->\n\nBody text that is long enough to be the usual size of all."
               "\n\nAnn\n\n> **bookmark:** Unseen\n\n> **field:** Name: Ann\n\n"),
        STR_FMT "%s", STR_ARG(printed), err.message);
}

static int wholes_left;

static bool count_whole(void *self, const char *worker, int page, Error *err)
{
    (void)self, (void)err;
    wholes_left += strcmp(worker, "poppler") == 0 && page == 0;
    return true;
}

static int pages_left;

static bool count_later(void *self, const char *worker, int page, Error *err)
{
    (void)self, (void)err;
    pages_left += strcmp(worker, "picture") == 0 && page == 1;
    return true;
}

Test(extract, a_page_that_is_a_picture_is_left_for_another_reader)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    DocSink sink;
    doc_tree_new(arena, S("scan.pdf"), false, &sink);
    sink.later = count_later;
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    Str pdf =
        S("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
          "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
          "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</XObject<</I 4 0 "
          "R>>>>>>endobj\n"
          "4 0 obj<</Type/XObject/Subtype/Image/Width 1700/Height 2200/Length 1>>stream\n"
          "x\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n");
    ExtractSource source = { .bytes = pdf };
    cr_assert(extract_document(&source, doc, &err), "%s", err.message);
    doc_writer_free(doc);
    cr_expect_eq(pages_left, 1);
}

Test(extract, a_pdf_may_begin_with_other_bytes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    Str pdf = pdf_of(arena, "BT /F 10 Tf 50 700 Td (found) Tj ET");
    Str junk = str_format(arena, "\x1B%%-12345X@PJL\n" STR_FMT, STR_ARG(pdf));
    cr_expect(str_find(dump_markdown(arena, junk, &err), S("found")) > 0, "%s", err.message);
}

Test(extract, a_pdf_that_cannot_be_opened_is_left_for_another_reader)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Error err = { 0 };
    DocSink sink;
    doc_tree_new(arena, S("broken.pdf"), false, &sink);
    sink.later = count_whole;
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    ExtractSource source = { .bytes = S("%PDF-1.7\nnothing more") };
    cr_expect(extract_document(&source, doc, &err), "%s", err.message);
    doc_writer_free(doc);
    cr_expect_eq(wholes_left, 1);
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
    Str printed = dump_markdown(arena, report(arena), &err);
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
