/* markdown_test.c - Markdown: nodes, front matter, lines. */
#include "extract/formats/dump.h"

extern const Extractor extractor_markdown;

Test(extract, markdown_becomes_blocks)
{
    static const DumpCase cases[] = {
        { "headings", "# A *b*\n\nC\n---\n", "h1 A b\nh2 C\n" },
        { "inline", "a **b** `c` [d](http://e) ~~f~~\ng", "p a b c d f g\n" },
        { "hard break", "a  \nb", "p a\\nb\n" },
        { "lists", "- a\n  1. b\n  2. c\n- [x] d\n", "li1 - a\nli2 1. b\nli2 2. c\nli1 - [x] d\n" },
        { "quote", "> q\n", "quote q\n" },
        { "code", "```c x\nint a;\n```\n\n    b\n", "code(c) int a;\ncode b\n" },
        { "table", "|a|b|\n|-|-|\n|1|*2*|\n", "rowh a | b\nrow 1 | 2\n" },
        { "images", "![alt](x.png)\n\ntext ![in](y.png)\n", "img alt\np text in\n" },
        { "HTML", "<div hidden>x</div>\n\na<br>b <!-- c -->\n\n<p>d</p>\n",
          "note(hidden) x\np a\\nb\np d\n" },
        { "footnotes", "a[^1]\n\n[^1]: n\n", "p a[^1]\nnote(footnote) n\n" },
        { "footnotes of two paragraphs", "a[^1]\n\n[^1]: n\n\n    m\n",
          "p a[^1]\nnote(footnote) n\\nm\n" },
        { "front matter", "---\ntitle: \"T: x\"\ntags: [a]\n---\nb\n",
          "meta(title) T: x\nmeta(keywords) a\np b\n" },
        { "front matter that goes on below",
          "---\ntags:\n  - a\n  - \"b c\"\ndescription: >\n  long\n  text\nx: 1\n---\nb\n",
          "meta(keywords) a, b c\nmeta(description) long text\nmeta(x) 1\np b\n" },
        { "an alert", "> [!NOTE]\n> a\n> b\n", "quote [!NOTE]\\na b\n" },
        { "definitions", "T\n: a\n: *b*\n\n    more\n", "p T\nli1 - a\nli1 - b\np more\n" },
        { "definitions apart from their term", "T\n\n:   a\n", "p T\nli1 - a\n" },
        { "a colon in a line", "a\nb : c\n", "p a b : c\n" },
        { "a formula", "$$\n\\{a_1\\} \\\\ *b*\n$$\n", "code(latex) \\{a_1\\} \\\\ *b*\n" },
        { "two formulas", "$$a\\\\$$\n\nb\n\n$$c\\\\$$\n",
          "code(latex) a\\\\\np b\ncode(latex) c\\\\\n" },
        { "code with attributes", "```{r setup, echo=FALSE}\nx\n```\n\n```{.py #i}\ny\n```\n",
          "code(r) x\ncode(py) y\n" },
        { "a rule is no front matter", "---\na\n", "p a\n" },
    };
    DUMP_CASES(extractor_markdown, cases);
}

Test(extract, markdown_blocks_know_their_lines)
{
    static const DumpCase cases[] = {
        { "lines", "---\nt: x\n---\n# A\n\nb\nc\n\n<p>d</p>\n",
          "meta(t) x @line 2\nh1 A @line 4\np b c @lines 6-7\np d @line 9\n" },
    };
    DUMP_CASES(extractor_markdown, cases, .places = true);
}

Test(extract, markdown_long_files_are_read_in_pieces)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Buf input = buf_new(arena, MB(8));
    for (int i = 1; i <= 40000; i++)
        buf_addf(&input, "# Head %d\n\ntext\n\n", i);
    const char *got =
        dump(arena, &extractor_markdown, buf_str(&input), (DumpOptions){ .places = true });
    cr_expect(strstr(got, "h1 Head 40000 @line 159997\n"));
}

Test(extract, markdown_sample_reads_whole)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = dump_sample(arena, "notes.md", false);
    cr_expect(strstr(got, "li2 - Ask Tomas for a new tap.\nquote Water early, prune late.\n"), "%s",
              got);
}

Test(extract, markdown_rows_of_very_many_cells_are_text)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Buf input = buf_new(arena, MB(8));
    buf_add(&input, S("|a|b|\n|-|-|\n|1|2|\n"));
    for (int i = 0; i < 20000; i++)
        buf_add_char(&input, '|');
    const char *got = dump(arena, &extractor_markdown, buf_str(&input), (DumpOptions){ 0 });
    cr_expect(strncmp(got, "p |a|b|", 7) == 0 && strstr(got, "||||"), "%.100s", got);
}
