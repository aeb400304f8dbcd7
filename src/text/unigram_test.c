/* unigram_test.c - against sums of every way through a text, taken one after another. */
#include "text/unigram.h"

#include <criterion/criterion.h>
#include <math.h>

enum { PIECES = 60, WORDS = 300, TEXT_MAX = 4000 };

static uint64_t seed;

static uint32_t random_below(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % limit;
}

/* Letters a and b, before them a mark or not. */
static Str random_piece(Arena *arena)
{
    Buf text = buf_new(arena, 16);
    if (random_below(2))
        buf_add(&text, S("\xE2\x96\x81"));
    for (uint32_t left = 1 + random_below(5); left; left--)
        buf_add_char(&text, (char)('a' + random_below(2)));
    return buf_str(&text);
}

/* Scores in a few steps, so that many ways are nearly equal. */
static size_t make_pieces(Arena *arena, UnigramPiece pieces[PIECES])
{
    static const Str always[] = { S_INIT("<unk>"), S_INIT("a"), S_INIT("b"),
                                  S_INIT("\xE2\x96\x81") };
    size_t count = 0;
    for (; count < COUNT(always); count++)
        pieces[count] = (UnigramPiece){ always[count], (double)-9.3f };
    while (count < PIECES) {
        Str text = random_piece(arena);
        bool is_known = false;
        for (size_t i = 0; i < count; i++)
            is_known |= str_equal(pieces[i].text, text);
        if (!is_known)
            pieces[count++] =
                (UnigramPiece){ text, (double)(-3.1f * (float)(1 + random_below(12))) };
    }
    return count;
}

/* The best way through words with marks before them; sums in single precision where `rounds`. */
static size_t encode_slowly(const UnigramPiece *pieces, Str text, bool rounds, uint32_t *ids)
{
    static double best[TEXT_MAX];
    static uint32_t last[TEXT_MAX], way[TEXT_MAX];
    size_t count = 0;
    for (size_t i = 1; i <= text.length; i++)
        best[i] = -INFINITY;
    best[0] = 0;
    for (size_t at = 0; at < text.length; at++)
        for (size_t length = 1; length <= MIN(text.length - at, 8u) && best[at] > -INFINITY;
             length++)
            for (uint32_t id = 1; id < PIECES; id++) {
                if (!str_equal(pieces[id].text, str_slice(text, at, at + length)))
                    continue;
                double sum = best[at] + pieces[id].score;
                sum = rounds ? (double)(float)sum : sum;
                if (sum > best[at + length]) {
                    best[at + length] = sum;
                    last[at + length] = id;
                }
            }
    for (size_t at = text.length; at; at -= pieces[last[at]].text.length)
        way[count++] = last[at];
    for (size_t i = 0; i < count; i++)
        ids[i] = way[count - 1 - i];
    return count;
}

static void check(Arena *arena, bool as_sentencepiece)
{
    UnigramPiece pieces[PIECES];
    Unigram *unigram = NULL;
    Error err = { 0 };
    static uint32_t ids[TEXT_MAX], expected[TEXT_MAX];
    UnigramOptions options = { .pieces = pieces,
                               .piece_count = make_pieces(arena, pieces),
                               .splits_words = !as_sentencepiece,
                               .as_sentencepiece = as_sentencepiece };
    cr_assert(unigram_new(&options, &unigram, &err), "%s", err.message);
    Buf text = buf_new(arena, TEXT_MAX), marked = buf_new(arena, TEXT_MAX);
    size_t slow = 0;
    for (int i = 0; i < WORDS; i++) {
        size_t start = text.length;
        for (uint32_t left = 1 + random_below(6); left; left--)
            buf_add_char(&text, (char)('a' + random_below(2)));
        buf_add(&marked, S("\xE2\x96\x81"));
        buf_add(&marked, str_from(buf_str(&text), start));
        buf_add_char(&text, ' ');
        if (as_sentencepiece)
            continue;
        slow += encode_slowly(pieces, buf_str(&marked), false, expected + slow);
        marked.length = 0;
    }
    if (as_sentencepiece)
        slow = encode_slowly(pieces, buf_str(&marked), true, expected);
    size_t count = unigram_encode(unigram, buf_str(&text), ids, TEXT_MAX);
    cr_assert_eq(count, slow);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(ids[i], expected[i], "token %zu: %u, not %u", i, ids[i], expected[i]);
    unigram_free(unigram);
}

static void check_many(bool as_sentencepiece)
{
    for (uint64_t vocabulary = 1; vocabulary <= 20; vocabulary++) {
        AUTO_ARENA Arena *arena = arena_new(MB(4));
        seed = vocabulary;
        check(arena, as_sentencepiece);
    }
}

Test(text_unigram, takes_the_best_way_through_each_word) { check_many(false); }
Test(text_unigram, takes_the_way_that_rounded_sums_take_through_a_text) { check_many(true); }
