/* org_test.c - Org mode: headlines, keywords, blocks, tables. */
#include "extract/formats/dump.h"

extern const Extractor extractor_org;

Test(extract, org_blocks_are_read)
{
    static const DumpCase cases[] = {
        { "headlines", "* TODO One :tag:\n** Two\ntext\n", "h1 TODO One :tag:\nh2 Two\np text\n" },
        { "keywords", "#+TITLE: A\n# comment\n#+OPTIONS: x\n#+DATE: <2011-03-04 Fri>\ntext\n",
          "meta(title) A\nmeta(published) 2011-03-04\np text\n" },
        { "marks and links", "a *b* /c/ =d= [[u][v]] a/b\n", "p a b c d v a/b\n" },
        { "blocks", "#+begin_src c\nint x;\n#+end_src\n#+BEGIN_QUOTE\nq\n#+END_QUOTE\n",
          "code(c) int x;\nquote q\n" },
        { "a table", "| a | b |\n|---+---|\n| 1 | 2 |\n", "rowh a | b\nrow 1 | 2\n" },
        { "lists", "- one\n  - two\n1. three\n", "li1 - one\nli2 - two\nli1 1. three\n" },
        { "a block without an end", "#+begin_src c\nint x;\n", "code(c) int x;\n" },
    };
    DUMP_CASES(extractor_org, cases);
}
