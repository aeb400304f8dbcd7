/* wps_test.c - Works and Write files built here. */
#include "extract/formats/dump.h"
#include "extract/ole/ole_sample.h"

extern const Extractor extractor_wps;

Test(extract, works_and_write_text_is_read)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf old = buf_new(arena, KB(8)), chunks = buf_new(arena, KB(8)), bare = buf_new(arena, KB(8));
    while (old.length < 0x100)
        sample_number(&old, old.length == 0x26 ? 0x10A : 0, 2);
    buf_add(&old, S("One\r\nTwo\x96\r"));
    buf_add(&chunks, S("CHNKINK "));
    while (chunks.length < 0x18)
        buf_add_char(&chunks, 0);
    sample_number(&chunks, 0x000101F8, 4);
    sample_number(&chunks, 0xFFFFFFFF, 4);
    buf_add(&chunks, S("\x18\0TEXT\0\0\0\0\0\0TEXT\x38\0\0\0\x06\0\0\0"));
    buf_add(&chunks, S("A\0\r\0B\0"));
    buf_add(&bare, S("\x31\xBE\0\0\0\xAB\0\0\0\0\0\0\0\0\x85\0\0\0"));
    while (bare.length < 0x80)
        buf_add_char(&bare, 0);
    buf_add(&bare, S("a\r\nb\rrest"));
    OleMember works = { "MN0", buf_str(&old) }, later = { "CONTENTS", buf_str(&chunks) };
    const struct {
        Str bytes;
        const char *expected;
    } cases[] = { { ole_sample(arena, &works, 1), "p One\np Two–\n" },
                  { ole_sample(arena, &later, 1), "p A\np B\n" },
                  { buf_str(&bare), "p a\np b\n" } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *got = dump(arena, &extractor_wps, cases[i].bytes, (DumpOptions){ 0 });
        cr_expect(extractor_wps.sniff(cases[i].bytes) > 41);
        cr_expect_str_eq(got, cases[i].expected, "%zu: %s", i, got);
    }
}
