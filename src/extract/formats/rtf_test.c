/* rtf_test.c - Rich Text Format. */
#include "extract/formats/dump.h"
#include "extract/word/rtf_text.h"

extern const Extractor extractor_rtf;

Test(extract, rtf_is_read_as_it_is_shown)
{
    static const DumpCase cases[] = {
        { "characters of code pages and fonts",
          "{\\rtf1\\ansi\\ansicpg1250{\\fonttbl{\\f0\\fcharset238 A;}{\\f1\\fcharset128 B;}}"
          "\\f0 za\\'bf\\'f3\\'b3\\'e6 \\u8364?\\par\\f1\\'83\\'66\\'83B\\par}",
          "p zażółć €\np ディ\n" },
        { "pairs and skipped characters",
          "{\\rtf1\\uc2 a\\u-10179 ??\\u-8704 ??b\\uc0\\u233 c\\~d\\_e\\emdash f}",
          "p a😀béc d-e—f\n" },
        { "headings of styles and levels",
          "{\\rtf1{\\stylesheet{\\s0 Normal;}{\\s1\\outlinelevel0 Kop;}{\\s2 heading 2;}}"
          "\\pard\\s1 One\\par\\pard\\s2 Two\\par\\pard\\outlinelevel2 Three\\par\\pard x\\par}",
          "h1 One\nh2 Two\nh3 Three\np x\n" },
        { "lists with their markers",
          "{\\rtf1{\\listtext a)\\tab}\\ilvl1 item\\par{\\listtext\\'b7\\tab}dot\\par}",
          "li2 a) item\nli2 - dot\n" },
        { "tables, joined cells",
          "{\\rtf1\\trowd\\trhdr\\cellx1\\cellx2\\intbl A\\cell B\\cell\\row"
          "\\trowd\\clmgf\\cellx1\\clmrg\\cellx2\\intbl C\\par D\\cell\\cell\\row\\pard "
          "after\\par}",
          "rowh A | B\nrow C D\np after\n" },
        { "notes, comments, headers",
          "{\\rtf1{\\header top\\par}text{\\footnote foot}{\\*\\atnauthor Ann}{\\*\\annotation "
          "why}\\par}",
          "header top\np text\nnote(footnote) foot\nnote(comment) Ann:\\nwhy\n" },
        { "fields show their result and keep their target",
          "{\\rtf1 see {\\field{\\*\\fldinst{HYPERLINK \"http://a.example\"}}{\\fldrslt "
          "here}}\\par}",
          "p see here\nnote(link) http://a.example\n" },
        { "deleted text is a note, unknown destinations are left out",
          "{\\rtf1 a{\\deleted gone}{\\*\\unknown out}b\\par}",
          "p ab\nnote(tracked change) deleted: gone\n" },
        { "facts",
          "{\\rtf1{\\info{\\title T}{\\author A}{\\creatim\\yr2020\\mo2\\dy3\\hr4\\min5}"
          "{\\nofpages7}}x}",
          "meta(title) T\nmeta(author) A\nmeta(created) 2020-02-03T04:05:00\nmeta(pages) 7\np "
          "x\n" },
        { "HTML that Outlook wrapped",
          "{\\rtf1\\ansi\\fromhtml1 {\\*\\htmltag64 <p>}\\htmlrtf gone\\htmlrtf0 caf\\'e9"
          "{\\*\\htmltag72 </p>}}",
          "p café\n" },
        { "groups that never end", "{\\rtf1{{{ text", "p text\n" },
        { "ends before they begin", "{\\rtf1}}}} text", "p text\n" },
    };
    DUMP_CASES(extractor_rtf, cases);
}

/* [MS-OXRTFCP] 4.1.1 and 4.2.1. */
Test(extract, rtf_of_mail_is_decompressed)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    static const char packed[] =
        "\x2d\x00\x00\x00\x2b\x00\x00\x00\x4c\x5a\x46\x75\xf1\xc5\xc7\xa7\x03\x00\x0a\x00\x72\x63"
        "\x70\x67\x31\x32\x35\x42\x32\x0a\xf3\x20\x68\x65\x6c\x09\x00\x20\x62\x77\x05\xb0\x6c\x64"
        "\x7d\x0a\x80\x0f\xa0";
    static const char crossing[] =
        "\x1a\x00\x00\x00\x1c\x00\x00\x00\x4c\x5a\x46\x75\xe2\xd4\x4b\x51\x41\x00\x04\x20\x57\x58"
        "\x59\x5a\x0d\x6e\x7d\x01\x0e\xb0";
    Str rtf;
    Error err;
    cr_assert(rtf_decompress(arena, (Str){ packed, sizeof packed - 1 }, KB(64), &rtf, &err));
    cr_expect(str_is(rtf, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"), STR_FMT,
              STR_ARG(rtf));
    cr_assert(rtf_decompress(arena, (Str){ crossing, sizeof crossing - 1 }, KB(64), &rtf, &err));
    cr_expect(str_is(rtf, "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"), STR_FMT, STR_ARG(rtf));
    cr_expect(!rtf_decompress(arena, S("short"), KB(64), &rtf, &err));
}
