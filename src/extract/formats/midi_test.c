/* midi_test.c - a song of two tracks, with words. */
#include <criterion/criterion.h>

#include "extract/extractor.h"

static void add_track(Buf *out, Str events)
{
    uint32_t length = (uint32_t)events.length;
    buf_add(out, S("MTrk"));
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_add_char(out, (char)(length >> shift & 0xFF));
    buf_add(out, events);
}

static DocNode *read_song(Arena *arena, Str bytes)
{
    DocSink sink;
    DocNode *root = doc_tree_new(arena, S("a.mid"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, &doc_limits_default);
    Error err;
    ExtractSource source = { .bytes = bytes, .name = S("a.mid") };
    cr_assert(extract_document(&source, doc, &err), "%s", err.message);
    doc_writer_free(doc);
    return root;
}

Test(extract, a_midi_file_gives_its_words_at_their_times)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Buf song = buf_new(arena, KB(4)), out = buf_new(arena, KB(8));
    /* 96 ticks a quarter; a quarter is a second: 0x0F4240. */
    buf_add(&song, S("MThd\0\0\0\6\0\1\0\2\0\x60"));
    add_track(&song, S("\0\xFF\3\x0B"
                       "Harbour air\0\xFF\x51\3\x0F\x42\x40\0\xFF\2\5(c) A\0\xFF\x2F\0"));
    add_track(&song, S("\0\xFF\3\5Voice"
                       "\x60\xFF\5\4The \0\x90\x3C\x40\x60\x3C\0\0\xFF\5\4tide"
                       "\x60\xFF\5\6\rturns\x60\xFF\x2F\0"));
    doc_print(read_song(arena, buf_str(&song)), DOC_JSON, &out);
    static const char *const expected[] = { "\"text\":\"Harbour air\"",
                                            "\"text\":\"4.000000\"",
                                            "\"text\":\"2 | Voice |  | 1\"",
                                            "\"text\":\"The tide\"",
                                            "\"start_ms\":1000,\"end_ms\":3000",
                                            "\"text\":\"turns\"",
                                            "\"text\":\"(c) A\"" };
    for (size_t i = 0; i < COUNT(expected); i++)
        cr_expect(str_find(buf_str(&out), str(expected[i])) >= 0, "%s is not in %s", expected[i],
                  buf_c(&out));
}

Test(extract, a_midi_file_that_is_cut_anywhere_is_read_as_far_as_it_goes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf song = buf_new(arena, KB(4));
    buf_add(&song, S("MThd\0\0\0\6\0\0\0\1\0\x60"));
    add_track(&song, S("\0\xFF\3\5Voice\x60\x90\x3C\x40\x60\x3C\0\0\xFF\x51\3\0\0\0\0\xFF\x2F\0"));
    for (size_t i = 14; i <= song.length; i++)
        (void)read_song(arena, str_slice(buf_str(&song), 0, i));
}
