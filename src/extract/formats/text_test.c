/* text_test.c - plain text: paragraphs, headings, lists. */
#include "extract/formats/dump.h"

extern const Extractor extractor_text;

Test(extract, text_becomes_paragraphs)
{
    static const DumpCase cases[] = {
        { "paragraphs", "a\nb\n\nc\r\n\r\nd", "p a\\nb\np c\np d\n" },
        { "underlined headings", "Title\n=====\n\nPart\n----\ntext\n",
          "h1 Title\nh2 Part\np text\n" },
        { "headings in capitals", "THE BEGINNING\n\nIt was late.\n",
          "h2 THE BEGINNING\np It was late.\n" },
        { "numbered headings", "1.2 The lamp\n\ntext\n", "h2 1.2 The lamp\np text\n" },
        { "a sentence is no heading", "2 men came home.\n\nNO.\n", "p 2 men came home.\np NO.\n" },
        { "list", "- a\n  more\n- b\n", "li1 - a\\n  more\nli1 - b\n" },
        { "numbered list", "1. a\n2. b\n", "li1 1. a\nli1 2. b\n" },
        { "form feeds begin pages", "a\n\fb\n\f\n", "page \np a\npage \np b\n" },
        { "quotes", "He said:\n> one\n> > two\nno\n\n>seq1\n",
          "p He said:\nquote one\\ntwo\np no\np >seq1\n" },
    };
    DUMP_CASES(extractor_text, cases);
}

Test(extract, text_blocks_know_their_lines)
{
    static const DumpCase cases[] = {
        { "lines", "a\nb\n\nc\n", "p a\\nb @lines 1-2\np c @line 4\n" },
    };
    DUMP_CASES(extractor_text, cases, .places = true);
}

Test(extract, text_refuses_binary_files)
{
    cr_expect_eq(extractor_text.sniff((Str){ "a\0b", 3 }), 0);
    cr_expect_eq(extractor_text.sniff(S("\x01\x02\x03\x04\x05\x06")), 0);
    cr_expect_eq(extractor_text.sniff(S("{\\rtf1 x}")), 0);
    cr_expect_gt(extractor_text.sniff(S("plain")), 0);
}
