/* tmx_test.c - translation memories. */
#include "extract/formats/dump.h"

extern const Extractor extractor_tmx;

Test(extract, tmx_units_are_rows_by_language)
{
    static const DumpCase cases[] = {
        { "two languages, codes and a note",
          "<?xml version=\"1.0\"?><tmx version=\"1.4\"><header srclang=\"en\"/><body>"
          "<tu tuid=\"1\"><note>N</note><note>M</note><tuv xml:lang=\"en\"><seg>The <bpt i=\"1\">"
          "&lt;b></bpt><hi>wheel</hi><ept i=\"1\">x</ept> &amp; stone</seg></tuv>"
          "<tuv xml:lang=\"de\"><seg>Das Rad</seg></tuv></tu>"
          "<tu><tuv xml:lang=\"fr\"><seg>La roue</seg></tuv><tuv xml:lang=\"EN\"><seg>Wheel</seg>"
          "</tuv></tu><tu><tuv xml:lang=\"en\"><seg></seg></tuv></tu></body></tmx>",
          "rowh en | de | fr | Note\nrow The wheel & stone | Das Rad |  | N M\n"
          "row Wheel |  | La roue | \nmeta(rows) 2\n" },
        { "cut", "<tmx><body><tu><tuv lang=\"en\"><seg>Wheel",
          "rowh en | Note\nrow Wheel | \nmeta(rows) 1\n" },
    };
    DUMP_CASES(extractor_tmx, cases);
    cr_expect_eq(extractor_tmx.sniff(str(cases[0].input)), 90);
}
