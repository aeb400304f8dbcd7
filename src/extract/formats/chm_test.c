/* chm_test.c - a help file built here, with a stored block of LZX. */
#include "extract/archive/lzx.h"
#include "extract/formats/dump.h"

extern const Extractor extractor_chm;

static void add(Buf *out, uint64_t number, int width)
{
    for (int i = 0; i < width; i++)
        buf_add_char(out, (char)(i < 8 ? number >> (8 * i) : 0));
}

/* LZX: no header, one stored block of a whole frame, no repeated offsets, then the bytes. */
static Str stored_stream(Arena *arena, Str text)
{
    Buf out = buf_new(arena, MB(1));
    uint32_t bits = 3u << 28 | LZX_FRAME << 4; /* 0, 011, 24 bits of size, then filled up */
    add(&out, bits >> 16, 2);
    add(&out, bits & 0xFFFF, 2);
    for (int i = 0; i < 3; i++)
        add(&out, 1, 4);
    buf_add(&out, text);
    while (out.length < LZX_FRAME + 16)
        add(&out, 0, 1);
    return buf_str(&out);
}

static void add_entry(Buf *list, const char *name, int section, size_t offset, size_t length)
{
    add(list, strlen(name), 1);
    buf_add(list, str(name));
    add(list, (uint64_t)section, 1);
    size_t numbers[] = { offset, length };
    for (int i = 0; i < 2; i++) {
        add(list, 0x80 | numbers[i] >> 14, 1);
        add(list, 0x80 | (numbers[i] >> 7 & 0x7F), 1);
        add(list, numbers[i] & 0x7F, 1);
    }
}

#define SPACE "::DataSpace/Storage/MSCompressed/"

static Str help_file(Arena *arena)
{
    static const char hhc[] = "<ul><li><object><param name=Name value='Second'><param name=Local "
                              "value='b.htm'></object></ul>";
    static const char pages[] = "<p>one</p><p>two</p>";
    enum { CHUNK = 1024, HEADER = 0x60, LIST = 0x54 };
    Buf out = buf_new(arena, MB(1)), list = buf_new(arena, MB(1)), content = buf_new(arena, MB(1));
    Str stream = stored_stream(arena, S(pages));
    buf_add(&content, S(hhc));
    size_t control = content.length;
    add(&content, 6, 4);
    buf_add(&content, S("LZXC"));
    add(&content, 2, 4);
    add(&content, 2, 4);
    add(&content, 2, 4);
    size_t resets = content.length;
    add(&content, 2, 4);
    add(&content, 1, 4);
    add(&content, 8, 4);
    add(&content, 40, 4);
    add(&content, sizeof pages - 1, 8);
    add(&content, stream.length, 8);
    add(&content, LZX_FRAME, 8);
    add(&content, 0, 8);
    size_t packed = content.length;
    buf_add(&content, stream);
    add_entry(&list, "/a.htm", 1, 0, 10);
    add_entry(&list, "/b.htm", 1, 10, 10);
    add_entry(&list, "/t.hhc", 0, 0, sizeof hhc - 1);
    add_entry(&list, SPACE "Content", 0, packed, stream.length);
    add_entry(&list, SPACE "ControlData", 0, control, resets - control);
    add_entry(&list,
              SPACE "Transform/{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/InstanceData/ResetTable", 0,
              resets, packed - resets);
    buf_add(&out, S("ITSF"));
    add(&out, 3, 4);
    add(&out, HEADER, 0x40);
    add(&out, HEADER, 8);
    add(&out, LIST + CHUNK, 8);
    add(&out, HEADER + LIST + CHUNK, 8);
    buf_add(&out, S("ITSP"));
    add(&out, 1, 4);
    add(&out, LIST, 8);
    add(&out, CHUNK, LIST - 16);
    buf_add(&out, S("PMGL"));
    add(&out, CHUNK - 20 - list.length, 16);
    buf_add(&out, buf_str(&list));
    while (out.length < HEADER + LIST + CHUNK)
        add(&out, 0, 1);
    buf_add(&out, buf_str(&content));
    return buf_str(&out);
}

Test(extract, pages_of_windows_help_come_in_the_order_of_its_contents)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = help_file(arena);
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_chm);
    const char *got = dump(arena, &extractor_chm, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got, "h1 Second\np two\np one\n", "%s", got);
    bytes.length /= 2;
    got = dump(arena, &extractor_chm, bytes, (DumpOptions){ 0 });
    cr_expect(strlen(got) < 200, "%s", got);
}

Test(extract, lzx_of_noise_ends)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    char noise[4096];
    uint32_t seed = 1;
    for (size_t round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
        LzxSource source = { .packed = { noise, sizeof noise },
                             .window_bits = (unsigned)(15 + round % 7),
                             .reset_frames = 2 };
        cr_expect(lzx_unpack(arena, &source, KB(128)).length <= KB(128));
        arena_reset(arena);
    }
}
