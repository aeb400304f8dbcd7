/* odp.c - slides of LibreOffice, OpenOffice and others (OpenDocument), packed or flat. */
#include "extract/odf/odf.h"

static int odp_sniff(Str bytes)
{
    static const char *const kinds[] = { "presentation", "impress", NULL };
    return odf_sniff(bytes, kinds);
}

const Extractor extractor_odp = {
    .name = "odp",
    .title = "OpenDocument presentation",
    .extensions = LIST("odp", "otp", "fodp", "sxi", "sti"),
    .media_types =
        LIST("application/vnd.oasis.opendocument.presentation",
             "application/vnd.oasis.opendocument.presentation-template",
             "application/vnd.oasis.opendocument.presentation-flat-xml",
             "application/vnd.sun.xml.impress", "application/vnd.sun.xml.impress.template"),
    .sniff = odp_sniff,
    .extract = odf_extract,
};
