/* svg_test.c */
#include "extract/formats/dump.h"

extern const Extractor extractor_svg;

Test(extract, an_svg_drawing_gives_its_texts)
{
    static const DumpCase cases[] = {
        { "texts in order, lines by tspan",
          "<svg width='120px' viewBox='0 0 60 40'><title>Plan</title><desc>What</desc>"
          "<style>text{}</style><g><title>Room</title><text>A<tspan x='1' y='2'>B</tspan>"
          "<tspan>C &lt;</tspan></text></g><path d='M0'/></svg>",
          "meta(width) 120\nmeta(height) 40\nmeta(title) Plan\nmeta(description) What\n"
          "p Room\np A\\nBC <\n" },
        { "Dublin Core, a document type, fonts",
          "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x \"y\">]><svg "
          "xmlns='a'><metadata><rdf:RDF>"
          "<dc:creator><cc:Agent><dc:title>Ann</dc:title></cc:Agent></dc:creator></rdf:RDF>"
          "</metadata><font><glyph>no</glyph></font><text>x</text></svg>",
          "meta(author) Ann\np x\n" },
        { "cut", "<svg><text>half", "p half\n" },
    };
    DUMP_CASES(extractor_svg, cases, 0);
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(extractor_choose(str(cases[i].input), STR_NONE, STR_NONE) == &extractor_svg);
}

Test(extract, a_page_with_a_drawing_is_no_drawing)
{
    Str page = S("<html><body><svg><text>x</text></svg></body></html>");
    cr_expect(extractor_choose(page, STR_NONE, STR_NONE) != &extractor_svg);
}
