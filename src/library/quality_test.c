/* quality_test.c - grades follow what was measured. */
#include "library/quality.h"

#include <criterion/criterion.h>
#include <unicode/uchar.h>

static Arena *arena;
static DocNode *node;
static DocSink sink;

static void open_node(void)
{
    arena = arena_new(MB(16));
    node = doc_tree_new(arena, S("x"), false, &sink);
}
static void close_node(void) { arena_free(arena); }
TestSuite(library_quality, .init = open_node, .fini = close_node);

static void add(BlockKind kind, const char *label, const char *text)
{
    Block block = { .kind = kind, .label = str(label), .text = str(text) };
    doc_node_add(arena, node, &block);
}

static const char *grade(void)
{
    Quality quality;
    quality_measure(arena, node, &quality);
    return quality_name(quality.grade);
}

#define PROSE                                                                                      \
    "The harbour master keeps the tide tables in the blue cabinet beside the window and reads "    \
    "them to every captain who asks before leaving with the morning tide, whatever the weather. "

Test(library_quality, clean_text_is_excellent)
{
    add(BLOCK_PARAGRAPH, "", PROSE PROSE);
    cr_assert_str_eq(grade(), "excellent");
}

/* They have a way of their own, so that it is held against what ICU says of them. */
Test(library_quality, ascii_counts_as_other_characters_do)
{
    for (int c = 1; c < 0x80; c++) {
        char text[] = { 'a', 'b', (char)c, 'C', 'd', '\0' };
        Quality quality;
        node->blocks.count = 0;
        add(BLOCK_PARAGRAPH, "", text);
        quality_measure(arena, node, &quality);
        cr_expect_eq(quality.words, u_isalpha(c) ? 1 : 2, "character %d", c);
        bool is_unreadable = u_iscntrl(c) && c != '\n' && c != '\t' && c != 0x7f;
        int characters = 4 + !u_isUWhiteSpace(c);
        cr_expect_eq(quality.unreadable, (double)is_unreadable / characters, "character %d", c);
    }
}

Test(library_quality, words_without_vowels_and_with_capitals_inside_are_odd)
{
    static const struct {
        const char *word;
        bool is_odd;
    } cases[] = { { "window", false },       { "WINDOW", false },     { "Window", false },
                  { "wndwx", true },         { "wndY", false },       { "wInDow", true },
                  { "\xc3\x89tude", false }, { "\xc3\xa9tUdE", true } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Quality quality;
        node->blocks.count = 0;
        for (int k = 0; k < 60; k++)
            add(BLOCK_PARAGRAPH, "", cases[i].word);
        quality_measure(arena, node, &quality);
        cr_expect_eq(quality.word_share, cases[i].is_odd ? 0 : 1, "%s", cases[i].word);
    }
}

Test(library_quality, pages_without_text_lower_the_grade)
{
    for (int i = 0; i < 10; i++) {
        add(BLOCK_PAGE, "", "");
        if (i < 7)
            add(BLOCK_PARAGRAPH, "", PROSE);
    }
    cr_assert_str_eq(grade(), "fair");
    node->blocks.count = 1;
    cr_assert_str_eq(grade(), "poor");
}

Test(library_quality, unsure_recognition_lowers_the_grade)
{
    static const struct {
        const char *confidence, *grade;
    } cases[] = { { "97", "excellent" }, { "90", "good" }, { "75", "fair" }, { "50", "poor" } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        node->blocks.count = 0;
        add(BLOCK_META, "ocr_confidence", cases[i].confidence);
        add(BLOCK_PARAGRAPH, "", PROSE);
        cr_expect_str_eq(grade(), cases[i].grade, "%s", cases[i].confidence);
    }
}

Test(library_quality, characters_and_words_nobody_can_read_lower_the_grade)
{
    add(BLOCK_PARAGRAPH, "", PROSE "\xEF\xBF\xBD\xEF\xBF\xBD");
    cr_expect_str_eq(grade(), "fair");
    node->blocks.count = 0;
    for (int i = 0; i < 12; i++)
        add(BLOCK_PARAGRAPH, "", "wrtq xkcd plMnB rTgHy fjord hjkl ghbn");
    cr_expect_str_eq(grade(), "poor");
    node->blocks.count = 0;
    for (int i = 0; i < 12; i++)
        add(BLOCK_CODE, "c", "wrtq xkcd plMnB rTgHy fjord hjkl ghbn");
    cr_expect_str_eq(grade(), "excellent");
}

Test(library_quality, what_was_cut_is_a_reason)
{
    add(BLOCK_PARAGRAPH, "", PROSE);
    *vec_push(arena, &node->warnings) =
        S("only the first part was read: the document has more than 10 members");
    Quality quality;
    quality_measure(arena, node, &quality);
    cr_assert_eq(quality.grade, QUALITY_FAIR);
    cr_assert_eq(quality.reasons.count, 1);
    Str json = quality_json(arena, &quality);
    cr_assert(str_find(json, S("\"grade\":\"fair\"")) >= 0, STR_FMT, STR_ARG(json));
}

Test(library_quality, a_photograph_without_words_was_read_well)
{
    add(BLOCK_PAGE, "", "");
    cr_assert_str_eq(grade(), "poor");
    add(BLOCK_META, "picture_kind", "photograph");
    cr_assert_str_eq(grade(), "excellent");
}

Test(library_quality, a_recording_whose_speech_was_not_understood_was_not_read_well)
{
    static const struct {
        const char *warning, *grade;
    } cases[] = {
        { "no English speech was understood", "poor" },
        { "speech could not be made out: only English is written down", "poor" },
        { "no transcript: the language is de, and only English is understood", "poor" },
        { "the sound is encrypted: it was not listened to", "poor" },
        { "3 passages were not understood", "fair" },
        { "only the first 30 minutes were listened to", "fair" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        node->warnings.count = 0;
        *vec_push(arena, &node->warnings) = str(cases[i].warning);
        Quality quality;
        quality_measure(arena, node, &quality);
        cr_expect_str_eq(quality_name(quality.grade), cases[i].grade, "%s", cases[i].warning);
        cr_expect(quality.reasons.count && str_is(quality.reasons.at[0], cases[i].warning));
    }
}
