/* odt.c - texts of LibreOffice, OpenOffice and others (OpenDocument), packed or flat. */
#include "extract/odf/odf.h"

static int odt_sniff(Str bytes)
{
    static const char *const kinds[] = { "text", "writer", NULL };
    return odf_sniff(bytes, kinds);
}

const Extractor extractor_odt = {
    .name = "odt",
    .title = "OpenDocument text",
    .extensions = LIST("odt", "ott", "fodt", "odm", "otm", "oth", "sxw", "stw", "sxg"),
    .media_types =
        LIST("application/vnd.oasis.opendocument.text",
             "application/vnd.oasis.opendocument.text-template",
             "application/vnd.oasis.opendocument.text-flat-xml",
             "application/vnd.oasis.opendocument.text-master", "application/vnd.sun.xml.writer",
             "application/vnd.sun.xml.writer.template"),
    .sniff = odt_sniff,
    .extract = odf_extract,
};
