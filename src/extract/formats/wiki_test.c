/* wiki_test.c - MediaWiki text. */
#include "extract/formats/dump.h"

extern const Extractor extractor_wiki;

Test(extract, wiki_text_becomes_blocks)
{
    static const DumpCase cases[] = {
        { "text and links",
          "'''Bold''' and ''it'' [[Target|shown]]s [[Plain]] [http://a.b the site] [http://c.d]\n"
          "goes on&nbsp;here.<ref name=\"x\">A ''note'' {{cite|title=T|year=1999}}</ref> "
          "<!-- no\n[[ -->5 {{convert|5|km}}\n\n"
          "== Head ==\n=== Deeper ===\n[[Category:Things]]\n",
          "p Bold and it showns Plain the site http://c.d goes on here. 5 5 km\n"
          "note(footnote) A note T 1999\nh2 Head\nh3 Deeper\nmeta(category) Things\n" },
        { "lists", "* one\n** two\n# first\n# second\n#* inner\n# third\n; term : means\n:: said\n",
          "li1 - one\nli2 - two\nli1 1. first\nli1 2. second\nli2 - inner\nli1 3. third\n"
          "li1  term : means\nli2  said\n" },
        { "tables",
          "{| class=\"x\"\n|+ The [[a|caption]]\n! A !! style=\"b\" | B\n|-\n| 1 || [[x|2]]\n|-\n"
          "| align=left | 3\n| 4\n|}\nafter\n",
          "p The caption\nrowh A | B\nrow 1 | 2\nrow 3 | 4\np after\n" },
        { "boxes", "{{Infobox\n| name = Ada\n| born = {{date|1815|12|10}}\n| none =\n}}\nText.\n",
          "row name | Ada\nrow born | 1815 12 10\np Text.\n" },
        { "code",
          "<syntaxhighlight lang=\"c\">\nint a; // "
          "[[x]]\n</syntaxhighlight>\n<nowiki>'''a'''</nowiki>\n"
          "----\n__TOC__\n",
          "code(c) int a; // [[x]]\np '''a'''\n" },
        { "broken", "[[a {{b <ref>c\n{|\n! a\n", "p [[a {{b c\nrow a\n" },
    };
    DUMP_CASES(extractor_wiki, cases);
}
