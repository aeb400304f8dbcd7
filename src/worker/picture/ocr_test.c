/* ocr_test.c - words drawn into a picture are read again, however it lies. */
#include <criterion/criterion.h>

#include <math.h>

#include "base/base.h"
#include "extract/document.h"
#include "worker/picture/decode.h"
#include "worker/picture/languages.h"
#include "worker/picture/ocr.h"
#include "worker/picture/ocr_table.h"
#include "worker/picture/ocr_write.h"
#include "worker/picture/text_marks.h"

static const char *const lines[] = {
    "The harbour was quiet before the morning boats came in.",
    "Seven fishermen repaired their nets beside the wall",
    "and talked about the weather of the coming week.",
    "Nobody noticed the small red lighthouse in the fog.",
    "Later the market opened and people bought fresh bread.",
};

static bool has_language(void)
{
    ocr_preload();
    if (languages_count())
        return true;
    puts("skipped: needs Tesseract's language data");
    return false;
}

/* Letters as of 10 points at 300 dots an inch, black on white. */
static PIX *page_of_lines(void)
{
    PIX *page = pixCreate(1600, 680, 8);
    L_BMF *font = bmfCreate(NULL, 10);
    pixSetAll(page);
    for (int i = 0; i < (int)COUNT(lines); i++)
        pixSetTextline(page, font, lines[i], 0, 120, 160 + i * 90, NULL, NULL);
    bmfDestroy(&font);
    return page;
}

static bool is_read(Arena *arena, PIX *pix, OcrPage *page_r)
{
    Error err = { 0 };
    AUTO_OCR Ocr *ocr = NULL;
    OcrHints hints = { 0 };
    cr_assert(ocr_open(S("eng"), &ocr, &err), "%s", err.message);
    cr_assert(ocr_read(ocr, arena, pix, &hints, page_r, &err), "%s", err.message);
    int found = 0;
    for (size_t i = 0; i < page_r->words.count; i++)
        found += str_is(page_r->words.at[i].text, "fishermen") ||
                 str_is(page_r->words.at[i].text, "lighthouse");
    return found == 2;
}

static const OcrWord *word_named(const OcrPage *page, const char *text)
{
    for (size_t i = 0; i < page->words.count; i++)
        if (str_is(page->words.at[i].text, text))
            return &page->words.at[i];
    return NULL;
}

Test(picture, words_are_read_where_they_stand)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    OcrPage page;
    if (!has_language())
        return;
    AUTO_PIX PIX *pix = page_of_lines();
    cr_assert(is_read(arena, pix, &page));
    cr_expect_gt(page.confidence, 80);
    cr_expect_gt(page.known, 0.6F);
    const OcrWord *word = word_named(&page, "Seven");
    cr_assert_not_null(word);
    cr_expect(word->begins_line);
    cr_expect(word->x0 > 110 && word->x0 < 130 && word->y0 > 200 && word->y1 < 270, "%g %g %g",
              (double)word->x0, (double)word->y0, (double)word->y1);
}

Test(picture, slanted_words_are_read_and_their_boxes_lie_on_them)
{
    static const double degrees[] = { -10, 10, 4 };
    if (!has_language())
        return;
    AUTO_PIX PIX *straight = page_of_lines();
    for (size_t i = 0; i < COUNT(degrees); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        OcrPage page;
        int width = pixGetWidth(straight), height = pixGetHeight(straight);
        AUTO_PIX PIX *room = pixCreate(width + 200, height + 400, 8);
        pixSetAll(room);
        pixRasterop(room, 100, 200, width, height, PIX_SRC, straight, 0, 0);
        double angle = degrees[i] * M_PI / 180;
        AUTO_PIX PIX *slanted = pixRotateAMGray(room, (l_float32)angle, 255);
        cr_assert(is_read(arena, slanted, &page), "%g degrees", degrees[i]);
        cr_expect_float_eq(page.skew, -degrees[i], 0.5, "%g", (double)page.skew);
        /* "Seven" begins near (220, 420) of the straight one, turned about the middle. */
        const OcrWord *word = word_named(&page, "Seven");
        cr_assert_not_null(word);
        double cx = (width + 200) / 2.0, cy = (height + 400) / 2.0, x = 275 - cx, y = 430 - cy;
        double at_x = cx + cos(angle) * x - sin(angle) * y;
        double at_y = cy + sin(angle) * x + cos(angle) * y;
        cr_expect((double)word->x0 - 8 < at_x && at_x < (double)word->x1 + 8 &&
                      (double)word->y0 - 8 < at_y && at_y < (double)word->y1 + 8,
                  "%g degrees: box %g %g %g %g does not hold %g %g", degrees[i], (double)word->x0,
                  (double)word->y0, (double)word->x1, (double)word->y1, at_x, at_y);
    }
}

Test(picture, turned_pages_are_read_and_their_boxes_lie_on_them)
{
    if (!has_language())
        return;
    AUTO_PIX PIX *straight = page_of_lines();
    for (int turns = 1; turns <= 3; turns++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        OcrPage page;
        AUTO_PIX PIX *turned = pixRotateOrth(straight, turns);
        cr_assert(is_read(arena, turned, &page), "%d turns", turns);
        cr_expect_eq(page.turned, (4 - turns) * 90, "%d turns: %d", turns, page.turned);
        const OcrWord *word = word_named(&page, "Seven");
        cr_assert_not_null(word);
        /* Its middle is at about (175, 230) of the straight one. */
        float x = 175, y = 230;
        for (int i = 0; i < turns; i++) {
            float height = (float)(i % 2 ? pixGetWidth(straight) : pixGetHeight(straight));
            float old = x;
            x = height - y;
            y = old;
        }
        cr_expect(word->x0 < x && x < word->x1 && word->y0 < y && y < word->y1,
                  "%d turns: box %g %g %g %g does not hold %g %g", turns, (double)word->x0,
                  (double)word->y0, (double)word->x1, (double)word->y1, (double)x, (double)y);
    }
}

Test(picture, light_words_on_a_dark_ground_are_read)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    OcrPage page;
    if (!has_language())
        return;
    AUTO_PIX PIX *pix = page_of_lines();
    pixInvert(pix, pix);
    cr_expect(is_read(arena, pix, &page));
}

Test(picture, small_words_are_enlarged)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    OcrPage page;
    Error err = { 0 };
    if (!has_language())
        return;
    AUTO_PIX PIX *large = page_of_lines();
    AUTO_PIX PIX *pix = pixScale(large, 0.4F, 0.4F);
    TextMarks marks = text_marks_find(arena, pix);
    OcrHints hints = { .letter_height = marks.height };
    AUTO_OCR Ocr *ocr = NULL;
    cr_expect(marks.height > 4 && marks.height < 14, "%g", (double)marks.height);
    cr_assert(ocr_open(S("eng"), &ocr, &err) && ocr_read(ocr, arena, pix, &hints, &page, &err));
    cr_expect_not_null(word_named(&page, "lighthouse"));
}

Test(picture, a_language_that_is_not_installed_is_named)
{
    Ocr *ocr = NULL;
    Error err = { 0 };
    if (!has_language())
        return;
    cr_assert(!ocr_open(S("tlh"), &ocr, &err));
    cr_expect_eq(err.code, ERROR_UNSUPPORTED);
    cr_expect_not_null(strstr(err.message, "'tlh'"));
}

Test(picture, languages_are_named_in_two_ways)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    if (!has_language() || !languages_data("eng", &(size_t){ 0 }))
        return;
    cr_expect(str_is(languages_installed(arena, S("en, tlh")), "eng"));
    cr_expect(str_is(languages_installed(arena, S("eng")), "eng"));
    cr_expect(str_is(languages_installed(arena, S("osd")), ""));
    cr_expect(languages_has_script("eng", "Latin") && !languages_has_script("rus", "Latin"));
    cr_expect(languages_has_script("chi_sim", "Han") && !languages_has_script("eng", "Han"));
}

Test(picture, rows_and_columns_become_a_table)
{
    static const char *const cells[4][3] = { { "Fruit", "Weight", "Price" },
                                             { "Apples", "20 kg", "$ 45" },
                                             { "Cherries", "seven", "$ 38" },
                                             { "Plums", "115 kg", "$ 160" } };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    OcrPage page;
    Error err = { 0 };
    OcrHints hints = { 0 };
    AUTO_OCR Ocr *ocr = NULL;
    if (!has_language())
        return;
    AUTO_PIX PIX *pix = pixCreate(1400, 700, 8);
    L_BMF *font = bmfCreate(NULL, 10);
    pixSetAll(pix);
    pixSetTextline(pix, font, "What the market sold in the second week of May", 0, 120, 120, NULL,
                   NULL);
    for (int row = 0; row < 4; row++)
        for (int column = 0; column < 3; column++)
            pixSetTextline(pix, font, cells[row][column], 0, 120 + column * 400, 280 + row * 80,
                           NULL, NULL);
    bmfDestroy(&font);
    cr_assert(ocr_open(S("eng"), &ocr, &err) && ocr_read(ocr, arena, pix, &hints, &page, &err));

    DocSink sink;
    DocNode *node = doc_tree_new(arena, S("test"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    doc_page(doc, 1, false, 1400, 700);
    cr_assert(ocr_write(doc, arena, &page, false, 1));
    cr_assert(doc_writer_end(doc, &err));
    doc_writer_free(doc);
    size_t rows = 0;
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *block = &node->blocks.at[i];
        if (block->kind != BLOCK_ROW)
            continue;
        rows++;
        cr_expect_eq(block->cell_count, 3, STR_FMT, STR_ARG(block->text));
        cr_expect(block->word_count >= 3, "%zu", block->word_count);
        for (size_t k = 0; k < block->word_count; k++)
            cr_expect(block->words[k].start + block->words[k].length <= block->text.length);
        if (rows == 3)
            cr_expect(str_is(block->text, "Cherries | seven | $ 38"), STR_FMT,
                      STR_ARG(block->text));
    }
    cr_expect_eq(rows, 4);
}
