/* typst_test.c - Typst: headings, lists, commands. */
#include "extract/formats/dump.h"

extern const Extractor extractor_typst;

Test(extract, typst_blocks_are_read)
{
    static const DumpCase cases[] = {
        { "headings", "= A\ntext *b* _c_\n\n== B\n", "h1 A\np text b c\nh2 B\n" },
        { "lists", "- a\n  - b\n+ c\n", "li1 - a\nli2 - b\nli1 + c\n" },
        { "commands", "#set document(\n  title: \"T\",\n)\ntext\n",
          "code(typst) #set document(\\n  title: \"T\",\\n)\np text\n" },
        { "raw text", "```c\nint a;\n```\n", "code(c) int a;\n" },
        { "never closed", "#let x = (\n", "code(typst) #let x = (\n" },
    };
    DUMP_CASES(extractor_typst, cases);
}
