/* asciidoc_test.c - AsciiDoc: sections, attributes, blocks, tables. */
#include "extract/formats/dump.h"

extern const Extractor extractor_asciidoc;

Test(extract, asciidoc_blocks_are_read)
{
    static const DumpCase cases[] = {
        { "sections", "= Title\n:author: Ann\n\n== Part\n\ntext\n",
          "h1 Title\nmeta(author) Ann\nh2 Part\np text\n" },
        { "authors and revision below the title",
          "= Title\nAda Lund <a@x.org>; Bo Ek\nv1.2, 4 March 2011: new\n:tags: a\n\ntext\n",
          "h1 Title\nmeta(author) Ada Lund\nmeta(author) Bo Ek\nmeta(version) 1.2\n"
          "meta(modified) 2011-03-04\nmeta(keywords) a\np text\n" },
        { "text right below the title", "= Title\nThis is no author, it is a text.\n",
          "h1 Title\np This is no author, it is a text.\n" },
        { "titles underlined", "Title\n=====\n\nPart\n----\n", "h1 Title\nh2 Part\n" },
        { "marks and links", "a *b* _c_ `d` https://x.y[z] <<q,r>>\n", "p a b c d z r\n" },
        { "source", "[source,ruby]\n----\nputs 1\n----\n", "code(ruby) puts 1\n" },
        { "a table", "|===\n|a |b\n\n|1 |2\n|===\n", "rowh a | b\nrow 1 | 2\n" },
        { "lists", "* one\n** two\n. three\n", "li1 * one\nli2 ** two\nli1 . three\n" },
        { "an admonition", "NOTE: Take care.\n", "note(note) Take care.\n" },
        { "a block without an end", "----\ncode\n", "p code\n" },
    };
    DUMP_CASES(extractor_asciidoc, cases);
}
