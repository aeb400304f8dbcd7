/* subtitles_test.c - cues with their times. */
#include "extract/formats/dump.h"

extern const Extractor extractor_subtitles;

Test(extract, subtitles_become_paragraphs_with_times)
{
    static const DumpCase cases[] = {
        { "SubRip",
          "1\n00:00:06,500 --> 00:00:09,000\nHello\n<i>there</i>\n\n2\n01:00:11,000 --> "
          "01:00:17,000\n{\\an8}Bye & so\n",
          "p Hello\\nthere @lines 3-4, 0:06-0:09\np Bye & so @line 8, 1:00:11-1:00:17\n"
          "meta(duration) 3617.000000 @line 8, 1:00:11-1:00:17\n" },
        { "no blank line between cues",
          "1\n00:00:01,000 --> 00:00:02,000\na\n2\n00:00:03,000 --> 00:00:04,000\nb\n",
          "p a @line 3, 0:01-0:02\np b @line 6, 0:03-0:04\n"
          "meta(duration) 4.000000 @line 6, 0:03-0:04\n" },
        { "WebVTT",
          "WEBVTT\n\nSTYLE\n::cue {}\n\nid\n00:01.000 --> 00:04.000 align:start\n<v Ann>Never "
          "&lt;drink&gt;</v>\n\nNOTE the\nend\n",
          "p Ann: Never <drink> @line 8, 0:01-0:04\nnote(comment) NOTE the\\nend @lines 10-11\n"
          "meta(duration) 4.000000 @lines 10-11\n" },
        { "times beside the mark", "WEBVTT 00:11.000 --> 00:13.000\n<v A B>Test\n",
          "p A B: Test @line 2, 0:11-0:13\nmeta(duration) 13.000000 @line 2, 0:11-0:13\n" },
        { "SBV", "0:00:00.599,0:00:04.160\nHi\n\n",
          "p Hi @line 2, 0:00-0:04\nmeta(duration) 4.160000 @line 2, 0:00-0:04\n" },
        { "SubStation",
          "[Script Info]\nTitle: T\n[Events]\nFormat: Start, End, Name, Text\nDialogue: "
          "0:00:01.20,0:00:03.00,Bo,a, {\\i1}b\\Nc\n",
          "meta(title) T @\np Bo: a, b\\nc @line 5, 0:01-0:03\n" },
        { "TTML",
          "<tt xmlns=\"http://www.w3.org/ns/ttml\" xml:lang=\"fr\"><head><metadata><title>T"
          "</title></metadata></head><body><div><p begin=\"00:00:01.5\" dur=\"2s\">a\n  "
          "<span>b</span><br/>c</p></div></body></tt>",
          "meta(language) fr @\nmeta(title) T @\np a b\\nc @0:01-0:03\n" },
        { "lyrics", "[ti:Song]\n[ar:Band]\n[00:12.00]One\n[00:17.20][00:27.20]Refrain\n",
          "meta(title) Song @\nmeta(artist) Band @\np One @line 3, 0:12\n"
          "p Refrain @line 4, 0:17\n" },
        { "MicroDVD", "{1}{1}25\n{25}{50}{y:i}One|two\n{75}{100}Three\n",
          "p One\\ntwo @line 2, 0:01-0:02\np Three @line 3, 0:03-0:04\n" },
        { "SAMI",
          "<SAMI><HEAD><TITLE>T</TITLE></HEAD><BODY>\n<SYNC Start=1000><P Class=ENCC>One<br>&amp; "
          "two\n<SYNC Start=3000><P>&nbsp;\n<SYNC Start=4000><P>Three <i>and</i> "
          "four</BODY></SAMI>",
          "meta(title) T @\np One\\n& two @lines 2-3, 0:01-0:03\np Three and four @line 4, "
          "0:04\n" },
    };
    DUMP_CASES(extractor_subtitles, cases, .places = true);
}

Test(extract, subtitles_are_recognised_by_times)
{
    cr_expect_gt(extractor_subtitles.sniff(S("1\n00:00:01,000 --> 00:00:02,000\nx\n")), 60);
    cr_expect_gt(extractor_subtitles.sniff(S("\xEF\xBB\xBFWEBVTT\n\n")), 60);
    cr_expect_gt(extractor_subtitles.sniff(S("[by:x]\n[00:01.00]x\n")), 60);
    cr_expect_eq(extractor_subtitles.sniff(S("[section]\nkey: 1\n")), 0);
    cr_expect_eq(extractor_subtitles.sniff(S("{1}{x}\n")), 0);
    cr_expect_eq(extractor_subtitles.sniff(S("1\n2\n3\n")), 0);
    cr_expect_eq(extractor_subtitles.sniff(S("WEBVTTX\n")), 0);
    cr_expect_eq(extractor_subtitles.sniff(S("12:30 lunch\n")), 0);
}
