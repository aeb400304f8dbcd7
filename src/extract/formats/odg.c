/* odg.c - drawings, charts and formulas of LibreOffice, OpenOffice and others (OpenDocument),
 * packed or flat. */
#include "extract/odf/odf.h"

static int odg_sniff(Str bytes)
{
    static const char *const kinds[] = { "graphics", "draw",  "chart", "formula",
                                         "math",     "image", NULL };
    return odf_sniff(bytes, kinds);
}

const Extractor extractor_odg = {
    .name = "odg",
    .title = "OpenDocument drawing, chart or formula",
    .extensions = LIST("odg", "otg", "fodg", "sxd", "std", "odc", "odf", "sxm", "odi"),
    .media_types =
        LIST("application/vnd.oasis.opendocument.graphics",
             "application/vnd.oasis.opendocument.graphics-template",
             "application/vnd.oasis.opendocument.graphics-flat-xml",
             "application/vnd.oasis.opendocument.chart",
             "application/vnd.oasis.opendocument.formula", "application/vnd.sun.xml.draw"),
    .sniff = odg_sniff,
    .extract = odf_extract,
};
