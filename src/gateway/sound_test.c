/* sound_test.c - how long a recording is, from heads of every kind. */
#include "gateway/sound.h"

#include <criterion/criterion.h>

static void put(Buf *out, uint32_t value, size_t count, bool is_big)
{
    for (size_t i = 0; i < count; i++)
        buf_add_char(out, (char)(value >> 8 * (is_big ? count - 1 - i : i)));
}

static void put_zeros(Buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_char(out, 0);
}

static Str wav(Buf *out)
{
    buf_add(out, S("RIFF\x24\x00\x01\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"));
    put(out, 8000, 4, false);
    put(out, 16000, 4, false); /* bytes a second */
    put(out, 0x00100002, 4, false);
    buf_add(out, S("data"));
    put_zeros(out, 160000 - out->length);
    return buf_str(out);
}

static Str flac(Buf *out)
{
    buf_add(out, S("fLaC"));
    put_zeros(out, 14);
    put(out, 44100 << 4, 3, true);
    put(out, 0xF0, 1, true);
    put(out, 441000, 4, true);
    return buf_str(out);
}

static Str opus(Buf *out)
{
    buf_add(out, S("OggS"));
    put_zeros(out, 24);
    buf_add(out, S("OpusHead"));
    put_zeros(out, 100);
    buf_add(out, S("OggS"));
    put(out, 0, 2, false);
    put(out, 480000, 4, false);
    put_zeros(out, 40);
    return buf_str(out);
}

static Str mp4(Buf *out)
{
    put(out, 24, 4, true);
    buf_add(out, S("ftypM4A "));
    put_zeros(out, 50);
    buf_add(out, S("mvhd"));
    put_zeros(out, 12);
    put(out, 1000, 4, true);
    put(out, 10000, 4, true);
    return buf_str(out);
}

/* 128 kbit/s at 44,100: frames of 417 bytes and 1,152 samples. */
static Str mp3(Buf *out)
{
    buf_add(out, S("ID3\x04"));
    put_zeros(out, 5);
    buf_add_char(out, 20);
    put_zeros(out, 20);
    for (int i = 0; i < 383; i++) {
        put(out, 0xFFFB9000, 4, true);
        put_zeros(out, 413);
    }
    return buf_str(out);
}

static Str noise(Buf *out)
{
    for (int i = 0; i < 20000; i++)
        buf_add_char(out, "abcdefg"[i % 7]);
    return buf_str(out);
}

Test(gateway, the_length_of_a_recording_is_read_from_its_head)
{
    static Str (*const makers[])(Buf *) = { wav, flac, opus, mp4, mp3, noise };
    for (size_t i = 0; i < COUNT(makers); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(4));
        Buf out = buf_new(arena, MB(1));
        double seconds = sound_seconds(makers[i](&out));
        cr_assert(seconds > 9.9 && seconds < 10.1, "%zu: %g", i, seconds);
    }
}

Test(gateway, a_head_that_is_cut_or_lies_is_no_reason_to_fail)
{
    static Str (*const makers[])(Buf *) = { wav, flac, opus, mp4, mp3 };
    for (size_t i = 0; i < COUNT(makers); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(4));
        Buf out = buf_new(arena, MB(1));
        Str whole = makers[i](&out);
        for (size_t cut = 1; cut < MIN(whole.length, (size_t)600); cut++) {
            char *copy = heap_alloc(cut); /* its own, so that reading on is noticed */
            memcpy(copy, whole.at, cut);
            double seconds = sound_seconds((Str){ copy, cut });
            free(copy);
            cr_assert(seconds > 0 && seconds < 1e6, "%zu at %zu: %g", i, cut, seconds);
        }
    }
}
