/* spreadsheetml_test.c - Office files of one XML file: SpreadsheetML 2003 and flat packages. */
#include "extract/formats/dump.h"

extern const Extractor extractor_spreadsheetml, extractor_docx;

Test(extract, xml_workbooks_become_rows)
{
    static const DumpCase cases[] = {
        { "cells as shown",
          "<Workbook "
          "xmlns='urn:schemas-microsoft-com:office:spreadsheet'><DocumentProperties><Title>"
          "T</Title></DocumentProperties><Styles><Style ss:ID='p'><NumberFormat "
          "ss:Format='Percent'/>"
          "</Style></Styles><Worksheet ss:Name='S'><Table><Row><Cell ss:MergeAcross='1'><Data "
          "ss:Type='String'>a &amp; <B>b</B></Data></Cell><Cell ss:StyleID='p'><Data "
          "ss:Type='Number'>0.5</Data><Comment "
          "ss:Author='Ada'><ss:Data>why</ss:Data></Comment></Cell>"
          "</Row><Row ss:Index='3'><Cell ss:Index='2'><Data ss:Type='DateTime'>"
          "2008-01-04T00:00:00.000</Data></Cell></Row></"
          "Table><WorksheetOptions><Visible>SheetHidden"
          "</Visible></WorksheetOptions></Worksheet></Workbook>",
          "meta(title) T @\nh1 S (hidden) @S\nrow a & b | 50.00% @S!A1:C1\nrow 2008-01-04 @S!B3\n"
          "note(comment) Ada: why @S!C1\nmeta(sheets) 1 @\n" },
        { "cut", "<Workbook><Worksheet ss:Name='S'><Table><Row><Cell><Data>x",
          "h1 S @S\nrow x @S!A1\nmeta(sheets) 1 @\n" },
    };
    DUMP_CASES(extractor_spreadsheetml, cases, .places = true);
}

#define REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

Test(extract, a_package_may_be_one_xml_file)
{
    static const char file[] =
        "<?xml version='1.0'?><pkg:package xmlns:pkg='http://schemas.microsoft.com/office/2006/"
        "xmlPackage'><pkg:part pkg:name='/_rels/.rels'><pkg:xmlData><Relationships "
        "xmlns='http://schemas.openxmlformats.org/package/2006/relationships'><Relationship Id='a' "
        "Type='" REL "officeDocument' Target='word/document.xml'/></Relationships></pkg:xmlData>"
        "</pkg:part><pkg:part pkg:name='/word/document.xml' pkg:contentType='application/vnd."
        "openxmlformats-officedocument.wordprocessingml.document.main+xml'><pkg:xmlData><w:"
        "document "
        "xmlns:w='w'><w:body><w:p><w:r><w:t>Hello</w:t></w:r></w:p></w:body></w:document>"
        "</pkg:xmlData></pkg:part><pkg:part pkg:name='/word/embeddings/a.txt'><pkg:binaryData>"
        "aGkgdGhl\r\ncmU=</pkg:binaryData></pkg:part></pkg:package>";
    static const DumpCase cases[] = {
        { "Word", file, "p Hello\n+ a.txt\n  p hi there\n" },
    };
    const Extractor *found = extractor_choose(str(file), S("a.xml"), STR_NONE);
    cr_assert(found == &extractor_docx, "%s", found ? found->name : "");
    DUMP_CASES(extractor_docx, cases);
}
