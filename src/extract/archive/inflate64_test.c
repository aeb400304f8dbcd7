/* inflate64_test.c - what Deflate64 has beyond deflate: far and long matches; and what is broken.
 */
#include <criterion/criterion.h>

#include "extract/archive/inflate64.h"

enum { PLAIN = 200000 };

typedef struct Writer {
    Buf out;
    unsigned held;
    int count;
} Writer;

static void put_bits(Writer *w, unsigned bits, int count)
{
    for (int i = 0; i < count; i++) {
        w->held |= (bits >> i & 1) << w->count;
        if (++w->count == 8) {
            buf_add_char(&w->out, (char)w->held);
            w->held = 0;
            w->count = 0;
        }
    }
}

/* Codes have their first bit first. */
static void put_code(Writer *w, unsigned code, int count)
{
    for (int i = count - 1; i >= 0; i--)
        put_bits(w, code >> i & 1, 1);
}

static void put_literal(Writer *w, uint8_t byte)
{
    byte < 144 ? put_code(w, 0x30u + byte, 8) : put_code(w, 0x190u + byte - 144, 9);
}

/* By the last length code, with 16 bits, and any distance. */
static void put_match(Writer *w, unsigned length, unsigned distance)
{
    put_code(w, 0xC5, 8);
    put_bits(w, length - 3, 16);
    unsigned code = 2, bits = 0, first = 3;
    for (unsigned next = 4; code < 31 && distance >= next; next = first + (1u << bits)) {
        first = next;
        code++;
        bits = code / 2 - 1;
    }
    put_code(w, code, 5);
    put_bits(w, distance - first, (int)bits);
}

static uint8_t byte_at(size_t i) { return (uint8_t)(i * 2654435761u >> 13); }

/* Literals, then matches of those lengths and distances; *plain_r: what it holds. */
static Str make_stream(Arena *arena, size_t literals, const unsigned (*matches)[2], size_t count,
                       Str *plain_r)
{
    Writer w = { .out = buf_new(arena, MB(1)) };
    Buf plain = buf_new(arena, MB(1));
    put_bits(&w, 3, 3);
    for (size_t i = 0; i < literals; i++) {
        put_literal(&w, byte_at(i));
        buf_add_char(&plain, (char)byte_at(i));
    }
    for (size_t i = 0; i < count; i++) {
        put_match(&w, matches[i][0], matches[i][1]);
        for (unsigned k = 0; k < matches[i][0]; k++)
            buf_add_char(&plain, plain.at[plain.length - matches[i][1]]);
    }
    put_code(&w, 0, 7);
    put_bits(&w, 0, 7);
    *plain_r = buf_str(&plain);
    return buf_str(&w.out);
}

Test(extract, inflate64_copies_far_and_long_matches)
{
    static const unsigned matches[][2] = { { 3, 4 },     { 258, 5 },     { 40000, 49152 },
                                           { 9, 49153 }, { 300, 65535 }, { 65538, 65536 },
                                           { 700, 1025 } };
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Str plain;
    Str packed = make_stream(arena, 66000, matches, COUNT(matches), &plain);
    char *out = arena_alloc(arena, PLAIN);
    size_t length;
    cr_expect(inflate64(packed, out, plain.length, &length));
    cr_expect(str_equal((Str){ out, length }, plain));
    cr_expect(!inflate64(packed, out, plain.length - 1, &length), "more than there is room for");
    cr_expect_eq(length, plain.length - 1);
}

Test(extract, inflate64_refuses_what_is_broken)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Str plain;
    Str packed = make_stream(arena, 59, NULL, 0, &plain);
    char *out = arena_alloc(arena, PLAIN);
    size_t length;
    for (size_t cut = 0; cut + 3 < packed.length; cut++)
        cr_expect(!inflate64(str_slice(packed, 0, cut), out, PLAIN, &length), "cut at %zu", cut);
    /* Bytes before the begin; what was there comes out. */
    Writer w = { .out = buf_new(arena, KB(4)) };
    put_bits(&w, 3, 3);
    put_literal(&w, 'a');
    put_literal(&w, 'b');
    put_match(&w, 10, 3);
    put_bits(&w, 0, 14);
    cr_expect(!inflate64(buf_str(&w.out), out, PLAIN, &length));
    cr_expect_eq(length, 2);
    static const Str broken[] = { S_INIT("\7"), S_INIT("\1\1\0\1\0a"),
                                  S_INIT("\5\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF") };
    for (size_t i = 0; i < COUNT(broken); i++)
        cr_expect(!inflate64(broken[i], out, PLAIN, &length), "case %zu", i);
}
