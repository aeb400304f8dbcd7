/* ipynb_test.c - notebooks: cells, outputs. */
#include "extract/formats/dump.h"

extern const Extractor extractor_ipynb;

Test(extract, ipynb_cells_and_outputs_are_read)
{
    static const DumpCase cases[] = {
        { "cells",
          "{\"cells\":[{\"cell_type\":\"markdown\",\"source\":[\"# A\\n\",\"b\"]},"
          "{\"cell_type\":\"code\",\"source\":\"f()\",\"outputs\":[{\"output_type\":\"stream\","
          "\"text\":[\"\\u001b[31m1\\u001b[0m\\n\",\"2\"]},{\"data\":{\"image/"
          "png\":\"eHg=\\n\",\"text/"
          "plain\":\"<F>\"}}]}],"
          "\"metadata\":{\"kernelspec\":{\"language\":\"python\"}},\"nbformat\":4}",
          "meta(programming_language) python\nh1 A\np b\ncode(python) f()\ncode(output) 1\\n2\n"
          "code(output) <F>\n+ cells[1] 1.png\n  p xx\n" },
        { "attachments, vector pictures, broken ones",
          "{\"cells\":[{\"cell_type\":\"markdown\",\"source\":\"a\",\"attachments\":{\"p.svg\":{"
          "\"image/svg+xml\":[\"<svg xmlns='http://www.w3.org/2000/svg'>\",\"<text>in</text>"
          "</svg>\"]},\"q.png\":{\"image/png\":\"!\"}}}],\"nbformat\":4}",
          "p a\n~ 1 broken picture is not shown\n+ p.svg\n  p in\n" },
        { "broken", "{\"cells\":[", "! damaged\n" },
    };
    DUMP_CASES(extractor_ipynb, cases);
}
