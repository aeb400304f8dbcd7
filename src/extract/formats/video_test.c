/* video_test.c - containers are recognised by their content, pictures in the same ones are not. */
#include <criterion/criterion.h>

#include "extract/extractor.h"

Test(extract, videos_are_recognised_by_their_first_bytes)
{
    static const struct {
        Str bytes;
        const char *file, *name;
    } cases[] = {
        { S_INIT("\0\0\0\x18"
                 "ftypisom\0\0\2\0isommp42"),
          "a", "mp4" },
        { S_INIT("\0\0\0\x18"
                 "ftypisom\0\0\2\0isommp42"),
          "a.m4a", "m4a" },
        { S_INIT("\0\0\0\x18"
                 "ftypM4B \0\0\2\0M4B mp42"),
          "a", "m4a" },
        { S_INIT("\0\0\0\x14"
                 "ftypqt  \0\0\2\0qt  "),
          "a", "mov" },
        { S_INIT("\0\0\0\x18"
                 "ftyp3gp5\0\0\1\0003gp5isom"),
          "a", "3gp" },
        { S_INIT("\0\0\0\x18"
                 "ftypheic\0\0\0\0mif1heic"),
          "a", "heif" },
        { S_INIT("\0\0\0\x18"
                 "ftypavif\0\0\0\0avifmif1"),
          "a", "heif" },
        { S_INIT("\0\0\0\x08"
                 "wide\0\0\0\x74moov\0\0\0\x6Cmvhd"),
          "a", "mov" },
        { S_INIT("\x1A\x45\xDF\xA3\x93\x42\x82\x88matroska"), "a", "matroska" },
        { S_INIT("\x1A\x45\xDF\xA3\x8F\x42\x82\x84webm"), "a", "webm" },
        { S_INIT("RIFF\x24\0\0\0AVI LIST"), "a", "avi" },
        { S_INIT("FLV\1\5\0\0\0\x09\0\0\0\0"), "a", "flv" },
        { S_INIT("\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\x00\xAA\x00\x62\xCE\x6C"), "a", "asf" },
        { S_INIT("\0\0\1\xBA\x44\0\4\0\4\1"), "a", "mpeg" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const Extractor *found = extractor_choose(cases[i].bytes, str(cases[i].file), STR_NONE);
        cr_expect(found && strcmp(found->name, cases[i].name) == 0, "case %zu (%s) is taken for %s",
                  i, cases[i].name, found ? found->name : "nothing");
    }
}

Test(extract, transport_streams_are_recognised_by_their_packets)
{
    static const size_t steps[] = { 188, 192, 204 };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(steps); i++) {
        char *bytes = arena_alloc(arena, 4000);
        for (size_t at = steps[i] == 192 ? 4 : 0; at < 4000; at += steps[i])
            bytes[at] = 0x47;
        const Extractor *found = extractor_choose((Str){ bytes, 4000 }, S("a"), STR_NONE);
        cr_expect(found && strcmp(found->name, "mpeg") == 0, "packets of %zu bytes", steps[i]);
    }
}
