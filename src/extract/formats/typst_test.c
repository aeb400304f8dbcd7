/* typst_test.c - Typst: headings, lists, commands. */
#include "extract/formats/dump.h"

extern const Extractor extractor_typst;

Test(extract, typst_blocks_are_read)
{
    static const DumpCase cases[] = {
        { "headings", "= A\ntext *b* _c_\n\n== B\n", "h1 A\np text b c\nh2 B\n" },
        { "lists", "- a\n  - b\n+ c\n", "li1 - a\nli2 - b\nli1 + c\n" },
        { "facts",
          "#set document(\n  title: [A *big* T], author: (\"A\", \"B\"),\n  date: "
          "datetime(year: 2024, month: 5, day: 6),\n)\ntext\n",
          "meta(title) A big T\nmeta(author) A\nmeta(author) B\nmeta(created) 2024-05-06\n"
          "code(typst) #set document(\\n  title: [A *big* T], author: (\"A\", \"B\"),\\n  date: "
          "datetime(year: 2024, month: 5, day: 6),\\n)\np text\n" },
        { "settings stay", "#set page(\n  width: 3cm,\n)\n",
          "code(typst) #set page(\\n  width: 3cm,\\n)\n" },
        { "tables with headers and spans",
          "#table(\n  columns: (auto, 1fr),\n  table.header([A], [B, b]),\n  "
          "table.cell(rowspan: 2)[x], \"y\", [z],\n  table.hline(), table.cell(colspan: "
          "2)[w],\n)\n",
          "rowh A | B, b\nrow x | y\nrow  | z\nrow w\n" },
        { "columns by number and by product",
          "#table(columns: 2, [a], [b], [c])\n\n#table(columns: (1fr,) * 3, [a], [b], [c])\n",
          "row a | b\nrow c\nrow a | b | c\n" },
        { "figures",
          "#figure(\n  image(\"a.png\", alt: \"A cat\"),\n  caption: [The _cat_],\n) <cat>\n"
          "#figure(table(columns: 1, [x]), caption: \"T\")\n",
          "img A cat\np The cat\nrow x\np T\n" },
        { "links, notes, calls and labels",
          "See #link(\"https://x.org\")[*here*]#footnote[A _note_.], #emph[so], "
          "#upper(\"u\")#h(1em) "
          "#f(2) https://y.org <lbl>\n#strong[next] // gone\n",
          "p See here, so, u #f(2) https://y.org  next\nnote(link) https://x.org\n"
          "note(footnote) A note.\n" },
        { "content over paragraphs", "#align(center)[\n  = A\n\n  b\n]\n", "h1 A\np b\n" },
        { "terms, escapes, formulas", "/ One: *a*\n/ Two: b\n\n\\#5 and $a_1 * b_1$~c\n",
          "li1 - One: a\nli1 - Two: b\n"
          "p #5 and $a_1 * b_1$ c\n" },
        { "raw text", "```c\nint a;\n```\n", "code(c) int a;\n" },
        { "never closed", "#let x = (\n", "code(typst) #let x = (\n" },
    };
    DUMP_CASES(extractor_typst, cases);
}
