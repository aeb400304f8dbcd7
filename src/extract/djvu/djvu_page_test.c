/* djvu_page_test.c - a scanned page, packed by cjb2 from letters that differ a little. */
#include "extract/djvu/djvu_page.h"
#include "extract/formats/dump.h"
#include "extract/picture/page_picture.h"

extern const Extractor extractor_djvu;

enum { WIDTH = 61, HEIGHT = 37, INFO_FLAGS = 33, PACKED_AT = 42 };

static const char scanned[] =
    "AT&TFORM\000\000\000_DJVUINFO\000\000\000\012\000=\000%\030\000d\000\026\001Sjbz"
    "\000\000\000A\202\034;\230\312.\234\367#\242|\031\271\214N7\354\216![\277&H\214\215"
    "\202\010\217\244\307#\2135/\026\235\025\370A\265\346\340y\210\353\025\027\026L\315"
    "\332{\363Z\360\030\013,\271\247`\270\372\313\237";

static Str sample(Arena *arena, char turn)
{
    char *copy = arena_alloc(arena, sizeof scanned);
    memcpy(copy, scanned, sizeof scanned);
    copy[INFO_FLAGS] = turn;
    return (Str){ copy, sizeof scanned - 1 };
}

static bool is_black(const Jb2Page *page, int x, int y)
{
    return page->rows[(size_t)y * page->stride + (size_t)x / 8] >> (7 - x % 8) & 1;
}

static const char *row_text(Arena *arena, const Jb2Page *page, int y, int from, int count)
{
    Buf out = buf_new(arena, KB(1));
    for (int x = from; x < from + count; x++)
        buf_add_char(&out, is_black(page, x, y) ? '#' : '.');
    return buf_c(&out);
}

Test(extract, a_djvu_page_is_drawn_pixel_by_pixel)
{
    static const struct {
        int x, y;
        const char *row;
    } rows[] = {
        { 3, 2, "......" },         { 3, 3, "..##.." },        { 3, 6, "######" },
        { 21, 8, "#....#" },        { 31, 8, "#...##" },       { 12, 3, "#####." },
        { 41, 4, "#####." },        { 3, 16, "....####...." }, { 18, 26, "##......####" },
        { 47, 17, "##########.." }, { 0, 36, "......" },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Error err = { 0 };
    DjvuInfo info;
    Jb2Page page;
    cr_assert(djvu_draw(arena, sample(arena, 1), 1, &info, &page, &err), "%s", err.message);
    cr_expect(page.width == WIDTH && page.height == HEIGHT && info.dpi == 100 && !page.is_cut);
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_expect_str_eq(row_text(arena, &page, rows[i].y, rows[i].x, (int)strlen(rows[i].row)),
                         rows[i].row, "%d, %d", rows[i].x, rows[i].y);
    cr_expect(!djvu_draw(arena, sample(arena, 1), 2, &info, &page, &err));
    cr_expect_eq(err.code, ERROR_NOT_FOUND);
}

Test(extract, a_djvu_page_is_shown_upright)
{
    /* Where a pixel comes to be that was at 5, 3 of the page as it is stored. */
    static const struct {
        char flag;
        int width, x, y;
    } cases[] = { { 1, WIDTH, 5, 3 },
                  { 6, HEIGHT, 3, WIDTH - 1 - 5 },
                  { 2, WIDTH, WIDTH - 1 - 5, HEIGHT - 1 - 3 },
                  { 5, HEIGHT, HEIGHT - 1 - 3, 5 } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        Error err = { 0 };
        DjvuInfo info;
        Jb2Page page;
        cr_assert(djvu_draw(arena, sample(arena, cases[i].flag), 1, &info, &page, &err));
        cr_expect_eq(page.width, cases[i].width);
        cr_expect(is_black(&page, cases[i].x, cases[i].y), "case %zu", i);
        cr_expect_float_eq(djvu_points(&info, true), (float)cases[i].width * 0.72F, 0.01);
    }
}

Test(extract, a_scanned_djvu_page_is_asked_for_and_shown)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Error err = { 0 };
    Str bytes = sample(arena, 1);
    const char *got = dump(arena, &extractor_djvu, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got,
                     "page \nmeta(pages) 1\n~ its reader is lectern-worker-picture, which is not "
                     "asked here (page 1)\n",
                     "%s", got);
    PagePicture picture = { 0 };
    PagePictureRequest request = {
        .bytes = bytes, .page = 1, .width = 40, .quote = S("lamp"), .words = S("1 1 9 9 lamp\n")
    };
    cr_assert(page_picture(arena, &request, &picture, &err), "%s", err.message);
    cr_expect(picture.width == 40 && picture.height == 24 && picture.boxes.count == 1);
    cr_expect(str_starts(picture.png, S("\x89PNG")));
}

/* What is cut gives what came before, or a reason; never a wait. */
Test(extract, broken_djvu_pages_end)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Str bytes = sample(arena, 1);
    for (size_t i = PACKED_AT; i < bytes.length; i++)
        for (int flip = 0; flip < 2; flip++) {
            AUTO_ARENA Arena *scratch = arena_new(MB(64));
            char *copy = arena_alloc(scratch, bytes.length);
            Error err = { 0 };
            DjvuInfo info;
            Jb2Page page;
            memcpy(copy, bytes.at, bytes.length);
            copy[i] ^= (char)(flip ? 0xFF : 0x10);
            if (!djvu_draw(scratch, (Str){ copy, bytes.length }, 1, &info, &page, &err))
                cr_expect(err.message[0]);
            if (!djvu_draw(scratch, str_slice(bytes, 0, i), 1, &info, &page, &err))
                cr_expect(err.message[0]);
        }
}
