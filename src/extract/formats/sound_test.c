/* sound_test.c - recordings are recognised by their content, and what only looks like one is not.
 */
#include <criterion/criterion.h>

#include "extract/extractor.h"

static void expect(const char *about, Str bytes, const char *name)
{
    const Extractor *found = extractor_choose(bytes, S("file"), STR_NONE);
    if (!name)
        cr_expect(!found || !found->worker, "%s is taken for %s", about, found ? found->name : "");
    else
        cr_expect(found && strcmp(found->name, name) == 0, "%s is taken for %s", about,
                  found ? found->name : "nothing");
}

Test(extract, recordings_are_recognised_by_their_first_bytes)
{
    static const struct {
        const char *about;
        Str bytes;
        const char *name;
    } cases[] = {
        { "WAVE", S_INIT("RIFF\x24\0\0\0WAVEfmt "), "wav" },
        { "RF64", S_INIT("RF64\xFF\xFF\xFF\xFFWAVEds64"), "wav" },
        { "AIFF",
          S_INIT("FORM\0\0\0\x2E"
                 "AIFFCOMM"),
          "aiff" },
        { "AIFF-C",
          S_INIT("FORM\0\0\0\x2E"
                 "AIFCFVER"),
          "aiff" },
        { "FLAC", S_INIT("fLaC\0\0\0\x22"), "flac" },
        { "Ogg", S_INIT("OggS\0\2\0\0\0\0"), "ogg" },
        { "AMR", S_INIT("#!AMR\n\x3C"), "amr" },
        { "CAF", S_INIT("caff\0\1\0\0desc"), "caf" },
        { "WavPack", S_INIT("wvpk\x10\0\0\0\x10\4\0\0"), "wavpack" },
        { "Sun", S_INIT(".snd\0\0\0\x18\0\0\0\0\0\0\0\1"), "au" },
        { "a picture in the same envelope", S_INIT("RIFF\x24\0\0\0WEBPVP8 "), "webp" },
        { "a text", S_INIT("fLa is a word"), NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect(cases[i].about, cases[i].bytes, cases[i].name);
}

/* MPEG 1 layer III, 128 kbit/s, 44,100 Hz: frames of 417 bytes. */
static void add_frames(Buf *out, int count)
{
    for (int i = 0; i < count; i++) {
        buf_add(out, S("\xFF\xFB\x90\x00"));
        for (int k = 4; k < 417; k++)
            buf_add_char(out, '\0');
    }
}

Test(extract, mp3_is_recognised_by_frames_that_follow_each_other)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf frames = buf_new(arena, KB(8)), tagged = buf_new(arena, KB(8)), one = buf_new(arena, KB(8));
    add_frames(&frames, 4);
    expect("four frames", buf_str(&frames), "mp3");
    /* 28 bits of size: 0x00 0x00 0x01 0x00 is 128. */
    buf_add(&tagged, S("ID3\4\0\0\0\0\1\0"));
    for (int i = 0; i < 128; i++)
        buf_add_char(&tagged, '\0');
    Str tag = str_copy(arena, buf_str(&tagged));
    add_frames(&tagged, 4);
    expect("frames behind a tag", buf_str(&tagged), "mp3");
    tagged.length = tag.length;
    buf_add(&tagged, S("fLaC\0\0\0\x22"));
    expect("FLAC behind a tag", buf_str(&tagged), "flac");
    add_frames(&one, 1);
    for (int i = 0; i < 4000; i++)
        buf_add_char(&one, (char)(i * 7));
    expect("one frame and noise", buf_str(&one), NULL);
}

Test(extract, aac_is_recognised_by_the_lengths_of_its_frames)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf out = buf_new(arena, KB(8));
    for (int i = 0; i < 3; i++) {
        /* 64 bytes: 0x040 stands in bits 30 to 42. */
        buf_add(&out, S("\xFF\xF1\x50\x80\x08\x00\xFC"));
        for (int k = 7; k < 64; k++)
            buf_add_char(&out, '\0');
    }
    expect("three frames", buf_str(&out), "aac");
}
