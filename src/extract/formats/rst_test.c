/* rst_test.c - reStructuredText: sections, lists, directives, tables, references. */
#include "extract/formats/dump.h"

extern const Extractor extractor_rst;

Test(extract, rst_blocks_are_read)
{
    static const DumpCase cases[] = {
        { "sections", "Title\n=====\n\nSub\n---\n\nNext\n====\n", "h1 Title\nh2 Sub\nh1 Next\n" },
        { "an adornment above", "=====\nTitle\n=====\n\nPart\n====\n", "h1 Title\nh2 Part\n" },
        { "marks and references", "Some *emphasis*, ``code``, `Bob <http://b>`_ and :doc:`x`.\n",
          "p Some emphasis, code, Bob and x.\n" },
        { "lists", "- one\n- two\n\n  - inner\n\n3. three\n",
          "li1 - one\nli1 - two\nli2 - inner\nli1 3. three\n" },
        { "fields before the text", ":Author: Ann\n\ntext\n", "meta(author) Ann\np text\n" },
        { "notes", ".. note:: Take care.\n\n   Really.\n",
          "note(note) Take care.\nnote(note) Really.\n" },
        { "code", ".. code-block:: c\n\n   int x;\n\nSo::\n\n  raw\n",
          "code(c) int x;\np So:\ncode raw\n" },
        { "a simple table", "== ==\na  b\n== ==\n1  2\n== ==\n", "rowh a | b\nrow 1 | 2\n" },
        { "a grid", "+---+---+\n| a | b |\n+===+===+\n| 1 | 2 |\n+---+---+\n",
          "rowh a | b\nrow 1 | 2\n" },
        { "a list table",
          ".. list-table::\n   :header-rows: 1\n\n   * - a\n     - b\n   * - 1\n     - 2\n",
          "rowh a | b\nrow 1 | 2\n" },
        { "a footnote", ".. [1] See there.\n", "note(footnote) [1] See there.\n" },
        { "a substitution", ".. |x| replace:: Lectern\n\nThis is |x|.\n", "p This is Lectern.\n" },
        { "a comment", ".. nothing\n\ntext\n", "p text\n" },
    };
    DUMP_CASES(extractor_rst, cases);
}
