#include <criterion/criterion.h>

#include "text/wordpiece.h"

static const char vocab[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"      /* 0-4 */
                            "un\n##aff\n##able\n##ordable\nthe\ncafe\n" /* 5-10 */
                            "!\n,\n[\n]\nx\n##x\nwant\n##s\nа\n"        /* 11-19 */
                            "中\n豈\n##ß\nstra\n##e\n;\n";              /* 20-25 */

static WordPiece *open_vocab(void)
{
    WordPiece *tokenizer = NULL;
    Error err = { 0 };
    cr_assert(wordpiece_new(S(vocab), false, &tokenizer, &err), "%s", err.message);
    return tokenizer;
}

Test(text, wordpiece_gives_the_longest_pieces_first)
{
    static const struct {
        const char *about, *text;
        uint32_t ids[8];
        size_t count;
    } cases[] = {
        { "nothing", "", { 0 }, 0 },
        { "a word", "the", { 9 }, 1 },
        { "pieces", "unaffable unaffordable", { 5, 6, 7, 5, 6, 8 }, 6 },
        { "case and accents", "CAF\xC3\x89 The cafe\xCC\x81", { 10, 9, 10 }, 3 },
        { "punctuation stands alone", "the,the!", { 9, 12, 9, 11 }, 4 },
        { "a word without pieces", "the zebra,", { 9, 1, 12 }, 3 },
        { "ideographs stand alone", "the\xE4\xB8\xADthe", { 9, 20, 9 }, 3 },
        { "compatibility ideograph decomposes", "\xEF\xA4\x80", { 21 }, 1 },
        { "Greek question mark is a semicolon", "the\xCD\xBE", { 9, 25 }, 2 },
        { "controls and format characters go",
          "t\xE2\x80\x8Bh\x01"
          "e\xC2\xAD",
          { 9 },
          1 },
        { "bad bytes go",
          "t\xFFh\xC3"
          "e",
          { 9 },
          1 },
        { "any white space separates",
          "the\xE3\x80\x80the\xE2\x80\xA8the\tthe",
          { 9, 9, 9, 9 },
          4 },
        { "but vertical tab is a control", "t\x0Bhe", { 9 }, 1 },
        { "a sign that was punctuation in Unicode 8", "the\xE1\x99\xAD", { 9, 1 }, 2 },
        { "a mark that was a letter",
          "th\xE1\xA2\x85"
          "e",
          { 1 },
          1 },
        { "names of special tokens", "[SEP] the[MASK][mask]", { 3, 9, 4, 13, 1, 14 }, 6 },
        { "sharp s stays",
          "STRA\xC3\x9F"
          "E",
          { 23, 22, 24 },
          3 },
    };
    WordPiece *tokenizer = open_vocab();
    for (size_t i = 0; i < COUNT(cases); i++) {
        WordPieceToken tokens[16];
        size_t count = wordpiece_encode(tokenizer, str(cases[i].text), tokens, COUNT(tokens));
        cr_assert_eq(count, cases[i].count + 2, "%s: %zu", cases[i].about, count);
        cr_assert_eq(wordpiece_count(tokenizer, str(cases[i].text)), cases[i].count);
        cr_assert_eq(tokens[0].id, 2);
        cr_assert_eq(tokens[count - 1].id, 3);
        for (size_t k = 0; k < cases[i].count; k++)
            cr_assert_eq(tokens[k + 1].id, cases[i].ids[k], "%s: token %zu is %u", cases[i].about,
                         k, tokens[k + 1].id);
    }
    wordpiece_free(tokenizer);
}

Test(text, wordpiece_says_where_tokens_came_from)
{
    static const struct {
        const char *text;
        uint32_t ends[4][2];
    } cases[] = {
        { "unaffable,", { { 0, 2 }, { 2, 5 }, { 5, 9 }, { 9, 10 } } },
        { "CAF\xC3\x89 the", { { 0, 5 }, { 6, 9 } } },
        { "un\xC2\xAD"
          "affable",
          { { 0, 2 }, { 4, 7 }, { 7, 11 } } },
        { "\xC2\xAD"
          "wants",
          { { 2, 6 }, { 6, 7 } } },
    };
    WordPiece *tokenizer = open_vocab();
    for (size_t i = 0; i < COUNT(cases); i++) {
        WordPieceToken tokens[8];
        size_t count = wordpiece_encode(tokenizer, str(cases[i].text), tokens, COUNT(tokens));
        for (size_t k = 0; k + 2 < count; k++) {
            cr_assert_eq(tokens[k + 1].start, cases[i].ends[k][0], "case %zu token %zu", i, k);
            cr_assert_eq(tokens[k + 1].end, cases[i].ends[k][1], "case %zu token %zu", i, k);
        }
    }
    wordpiece_free(tokenizer);
}

Test(text, wordpiece_cuts_at_the_limit_and_keeps_sep)
{
    WordPiece *tokenizer = open_vocab();
    WordPieceToken tokens[4];
    cr_assert_eq(wordpiece_encode(tokenizer, S("the the the the"), tokens, 4), 4);
    cr_assert_eq(tokens[2].id, 9);
    cr_assert_eq(tokens[3].id, 3);
    /* The whole word decides: its end has no piece, so the part before the cut is [UNK]. */
    cr_assert_eq(wordpiece_encode(tokenizer, S("unaffq"), tokens, 3), 3);
    cr_assert_eq(tokens[1].id, 1);
    cr_assert_eq(wordpiece_encode(tokenizer, S("the"), tokens, 2), 2);
    cr_assert_eq(tokens[1].id, 3);
    wordpiece_free(tokenizer);
}

Test(text, wordpiece_takes_words_of_at_most_100_characters)
{
    WordPiece *tokenizer = open_vocab();
    char word[101];
    memset(word, 'x', sizeof word);
    cr_assert_eq(wordpiece_count(tokenizer, (Str){ word, 100 }), 100);
    WordPieceToken tokens[4];
    cr_assert_eq(wordpiece_encode(tokenizer, (Str){ word, 101 }, tokens, 4), 3);
    cr_assert_eq(tokens[1].id, 1);
    cr_assert_eq(tokens[1].end, 101);
    wordpiece_free(tokenizer);
}

Test(text, wordpiece_refuses_a_vocabulary_that_is_not_one)
{
    static const struct {
        Str vocab;
        const char *reason;
    } cases[] = {
        { S_INIT(""), "[UNK]" },
        { S_INIT("[UNK]\n[CLS]\nthe\n"), "[SEP]" },
        { S_INIT("[UNK]\n[CLS]\n[SEP]\n\xFF\xFE\n"), "line 4" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        WordPiece *tokenizer = NULL;
        Error err = { 0 };
        cr_assert(!wordpiece_new(cases[i].vocab, false, &tokenizer, &err));
        cr_assert_null(tokenizer);
        cr_assert(strstr(err.message, cases[i].reason), "%s", err.message);
    }
}
