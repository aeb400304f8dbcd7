/* roff_test.c - manual pages and papers of troff. */
#include "extract/formats/dump.h"

extern const Extractor extractor_roff;

Test(extract, manual_pages_are_read_by_their_macros)
{
    static const DumpCase cases[] = {
        { "man",
          ".TH LS 1 \"May 2020\" \"GNU\" \"User\"\n.SH NAME\nls \\- list\n.SH OPTIONS\n.TP\n"
          "\\fB\\-a\\fR, \\fB\\-\\-all\\fR\nshow \\(lqall\\(rq\n.IP \\(bu 2\none\n.PP\n"
          "See\n.BR cat (1)\nand\n.B \"two words\" .\n.nf\n  a\n    b\n.fi\nend\\c\ning\n",
          "meta(title) LS(1)\nh1 LS(1)\nmeta(date) May 2020\nmeta(software) GNU\nh2 NAME\n"
          "p ls - list\nh2 OPTIONS\nli1  -a, --all\\nshow \xE2\x80\x9C"
          "all\xE2\x80\x9D\nli1 \xE2\x80\xA2 one\np See cat(1) and two words .\n"
          "code   a\\n    b\np ending\n" },
        { "tables and what is defined",
          ".TH A 1\n.de X\n.B no\n..\n.ie n .ds N yes\n.el .ds N no\n.if t not \\{\n.B this\n.\\}\n"
          "\\*N \\*(xx\n.TS\ntab(;);\nl l.\n\\fBa\\fR;b\n_\nc;T{\nlong\ntext\nT}\n.TE\nafter\n",
          "meta(title) A(1)\nh1 A(1)\np yes\nrow a | b\nrow c | long text\np after\n" },
        { "ms", ".TL\nOn\nThings\n.AU\nMe\n.NH 2\nFirst\n.PP\nText.\n.FS\nfoot\n.FE\nmore\n",
          "h1 On Things\np Me\nh3 First\np Text.\nnote(footnote) foot\np more\n" },
        { "mdoc",
          ".Dd May 1, 2020\n.Dt CAT 1\n.Os\n.Sh NAME\n.Nm cat\n.Nd join files\n.Sh SYNOPSIS\n.Nm\n"
          ".Op Fl bn Ns = Ns Ar x\n.Op Ar file ...\n.Sh DESCRIPTION\nSee\n.Xr ls 1 ,\n.Pq Em so .\n"
          ".Bl -enum\n.It\none\n.It\ntwo\n.El\n.Bl -tag -width x\n.It Fl b\nNumber.\n.El\n"
          ".Fn open \"int a\" b .\n",
          "meta(date) May 1, 2020\nmeta(title) CAT(1)\nh1 CAT(1)\nh2 NAME\n"
          "p cat \xE2\x80\x94 join files\nh2 SYNOPSIS\np cat [-bn=x] [file ...]\n"
          "h2 DESCRIPTION\np See ls(1), (so).\nli1 1. one\nli1 2. two\nli1  -b\\nNumber.\n"
          "p open(int a, b).\n" },
        { "includes and broken ends", ".TH A 1\n.so b.1\n.TS\n.TP\n.if n \\{\n.ig\n\\",
          "meta(title) A(1)\nh1 A(1)\n~ 1 included file is not read\n" },
    };
    DUMP_CASES(extractor_roff, cases);
}

Test(extract, manual_pages_are_told_from_other_text)
{
    static const struct {
        const char *text, *name, *format;
    } cases[] = {
        { ".TH A 1\n.SH NAME\na\n", "a", "roff" },
        { ".\\\" (c) me\n.Dd May\n.Dt A 1\n.Sh NAME\n", "a.txt", "roff" },
        { "No macros. At all.\n", "release.1", "text" },
        { "No macros. At all.\n", "a", "text" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const Extractor *found = extractor_choose(str(cases[i].text), str(cases[i].name), STR_NONE);
        cr_expect_str_eq(found ? found->name : "", cases[i].format, "%s", cases[i].text);
    }
}
