/* djvu_iw44_test.c - a page of colours alone, packed by c44 in two chunks; the pixels are those
 * that ddjvu draws. */
#include "extract/djvu/djvu_iw44.h"
#include "extract/djvu/djvu_page.h"
#include "extract/formats/dump.h"
#include "extract/picture/page_picture.h"

extern const Extractor extractor_djvu;

enum { WIDTH = 150, HEIGHT = 110, INFO_FLAGS = 33, PACKED_AT = 42 };

static const char coloured[] =
    "AT&TFORM\000\000\001\360DJVUINFO\000\000\000\012\000\226\000n\030\000d\000\026\001BG44"
    "\000\000\000\311\000>\001\002\000\226\000n\212\351\251\325\210+;\343\031\340\370N\001"
    "\013\201(\214\231\010\344\262\311\377\375\326l\332\313\001\242\260\254\314\216\355W\206"
    ">~\2725*\266\265\372I\370}\013\025\255N\300\321\0777\320\025{\271\004\203\237\377\372m"
    "\2122~\022J\020\361\013\251\275\347\0115E\212[\231\231\276\301\244\014\223\3549\237fM"
    "\360;\273&\301\310\261\355\257\260\363\226\227\240\237\020\254\367\250\323r\237\177>"
    "\226\241v\216\345-\005\377\377\377\377\205K\376-\252\311:\373:\277(\357\036\2421r\217"
    "\031\240\335\256\037k\244\232\023%\230LI\332\363M\237d\375\323\343\200x)\365,c\001\003"
    "\035\224\032\017H\025\025\301\345\343S\325\321)\005\373ky\000BG44\000\000\001\000\001"
    "\010F\363\211\273^\377Sp\232\267\213\223gHjG\251\277\253\200\327\077\221H\271\255\210"
    "\265\216\266\203\200\341\004\366fe\012%\002\304&\335pT\256\247}\241jUZ\254T\035\211\217"
    "3}4yi\201\354\333\352\237\373z\310 &N\313c\031`t\203\333k\371\373\000O\0237\251\011~"
    "\206\322\3149\0263\371\207\274\212\300P\275\027\332\220U \251Z\223\3066\315\342\200\211"
    ">\337\315\341\220IQCi\263\325(%\315\216Z\263\226\254\351Sv#\316\301I.P\236\363A\251lfh"
    "\035jB\375\263dV\377\325\337\023\033\006Y\177\212\363/Nm\277\223\345\036I\355\352U\330"
    "\240}H\355\332\210\006~\314e^\032\346\204\374o\202`\221.\346T\365\277\234\330\217u\300"
    "\215l\016\336\336\351\317\202bPW&\013\202<C\234d\255\335}+\267_\312<\221\337)\261~\376"
    "\032\367Zn\264n`\221\200\213\307\357";

static Str sample(Arena *arena, char turn)
{
    char *copy = arena_alloc(arena, sizeof coloured);
    memcpy(copy, coloured, sizeof coloured);
    copy[INFO_FLAGS] = turn;
    return (Str){ copy, sizeof coloured - 1 };
}

Test(extract, a_djvu_page_of_colours_is_drawn_pixel_by_pixel)
{
    /* The same pixel as the page is stored, and turned by a quarter against the clock. */
    static const struct {
        int x, y;
        uint8_t rgb[3];
    } pixels[] = {
        { 0, 0, { 244, 240, 203 } },    { 30, 20, { 187, 24, 13 } },
        { 110, 80, { 19, 16, 176 } },   { 149, 109, { 234, 238, 212 } },
        { 71, 20, { 255, 210, 198 } },  { 89, 60, { 166, 167, 184 } },
        { 20, 100, { 232, 236, 198 } },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Error err = { 0 };
    DjvuInfo info;
    Jb2Page letters;
    Iw44Picture page, turned;
    cr_assert(!djvu_draw(arena, sample(arena, 1), 1, &info, &letters, &err));
    cr_expect_eq(err.code, ERROR_UNSUPPORTED);
    cr_assert(djvu_draw_colours(arena, sample(arena, 1), 1, &info, &page, &err));
    cr_assert(djvu_draw_colours(arena, sample(arena, 6), 1, &info, &turned, &err));
    cr_expect(page.width == WIDTH && page.height == HEIGHT && turned.width == HEIGHT);
    for (size_t i = 0; i < COUNT(pixels); i++) {
        int x = pixels[i].x, y = pixels[i].y;
        cr_expect(memcmp(page.pixels + (y * WIDTH + x) * 3, pixels[i].rgb, 3) == 0, "%zu", i);
        cr_expect(memcmp(turned.pixels + ((WIDTH - 1 - x) * HEIGHT + y) * 3, pixels[i].rgb, 3) ==
                  0);
    }
}

Test(extract, a_djvu_page_of_colours_is_asked_for_and_shown)
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
    PagePictureRequest request = { .bytes = bytes, .page = 1, .width = 75 };
    cr_assert(page_picture(arena, &request, &picture, &err), "%s", err.message);
    cr_expect(picture.width == 75 && picture.height == 55);
}

/* Packed by c44 -crcbhalf: a value of colour for four pixels, and less than eight in the rows of
 * the coarsest scales. */
Test(extract, a_small_djvu_picture_with_half_the_colours_is_drawn_pixel_by_pixel)
{
    static const char chunk[] =
        "\000Z\001\002\000,\000\024\012\374\246)\230\251\361\220\226\327`\012\326\034\370g\264\350"
        "\377\271\232\370\320\200n\021\364!\262\377\326=`\023\321\247\374\354\324\005\264\357!\361"
        "\365\352eIFs\337\340\343\356\333\220\246\331\353\302\311\264\212&Y\317]\0036\363\222(\252"
        "\200\077q\345mf\277\200Z\340\247r\321\300h\006\270z\177";
    static const struct {
        int x, y;
        uint8_t rgb[3];
    } pixels[] = {
        { 0, 0, { 0, 16, 245 } },    { 43, 0, { 227, 15, 24 } },   { 22, 8, { 203, 36, 57 } },
        { 29, 11, { 169, 51, 52 } }, { 40, 17, { 236, 202, 52 } }, { 43, 19, { 237, 225, 51 } },
        { 13, 3, { 79, 37, 204 } },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Error err = { 0 };
    Iw44Picture picture;
    Str bytes = { chunk, sizeof chunk - 1 };
    cr_assert(iw44_picture(arena, &bytes, 1, &picture, &err), "%s", err.message);
    cr_assert(picture.width == 44 && picture.height == 20);
    for (size_t i = 0; i < COUNT(pixels); i++) {
        const uint8_t *got = picture.pixels + (pixels[i].y * 44 + pixels[i].x) * 3;
        cr_expect(memcmp(got, pixels[i].rgb, 3) == 0, "%zu: %d %d %d", i, got[0], got[1], got[2]);
    }
}

/* What is cut gives a coarser picture, or a reason; never a wait. */
Test(extract, broken_colours_of_djvu_end)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Str bytes = sample(arena, 1);
    for (size_t i = PACKED_AT; i < bytes.length; i += 3)
        for (int flip = 0; flip < 2; flip++) {
            AUTO_ARENA Arena *scratch = arena_new(MB(700));
            char *copy = arena_alloc(scratch, bytes.length);
            Error err = { 0 };
            DjvuInfo info;
            Iw44Picture page;
            memcpy(copy, bytes.at, bytes.length);
            copy[i] ^= (char)(flip ? 0xFF : 0x10);
            if (i >= PACKED_AT + 16 && /* its size stays */
                !djvu_draw_colours(scratch, (Str){ copy, bytes.length }, 1, &info, &page, &err))
                cr_expect(err.message[0]);
            if (!djvu_draw_colours(scratch, str_slice(bytes, 0, i), 1, &info, &page, &err))
                cr_expect(err.message[0]);
        }
}
