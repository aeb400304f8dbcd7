/* ods.c - sheets of LibreOffice, OpenOffice and others (OpenDocument), packed or flat. */
#include "extract/odf/odf.h"

static int ods_sniff(Str bytes)
{
    static const char *const kinds[] = { "spreadsheet", "calc", NULL };
    return odf_sniff(bytes, kinds);
}

const Extractor extractor_ods = {
    .name = "ods",
    .title = "OpenDocument spreadsheet",
    .extensions = LIST("ods", "ots", "fods", "sxc", "stc"),
    .media_types = LIST("application/vnd.oasis.opendocument.spreadsheet",
                        "application/vnd.oasis.opendocument.spreadsheet-template",
                        "application/vnd.oasis.opendocument.spreadsheet-flat-xml",
                        "application/vnd.sun.xml.calc", "application/vnd.sun.xml.calc.template"),
    .sniff = ods_sniff,
    .extract = odf_extract,
};
