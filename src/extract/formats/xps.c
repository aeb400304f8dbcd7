/* xps.c - XPS (ECMA-388 is OpenXPS): pages that MuPDF draws and reads, with the facts of the
 * package.
 */
#include "extract/formats/pdf.h"
#include "extract/office/ooxml.h"

static bool xps_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Package package;
    Error ignored;
    if (package_open(arena, source->bytes, doc_writer_limits(doc)->child_bytes_max, &package,
                     &ignored))
        ooxml_write_meta(&package, doc);
    return pdf_extract(source, doc, err);
}

/* Its parts are named by types; large files have them in pieces ("[Content_Types].xml/[0].piece").
 */
static int xps_sniff(Str bytes)
{
    static const char *const types[] = { "vnd.ms-package.xps-fixeddocumentsequence",
                                         "vnd.ms-package.xps-fixeddocument+xml", "oxps", NULL };
    int score = ooxml_sniff(bytes, types);
    if (score || !str_starts(bytes, S("PK\3\4")))
        return score;
    Str tail = str_from(bytes, bytes.length > KB(64) ? bytes.length - KB(64) : 0);
    return str_find_ignore_case(tail, S(".fdseq")) >= 0 && str_find(tail, S(".fpage")) >= 0 ? 93
                                                                                            : 0;
}

const Extractor extractor_xps = {
    .name = "xps",
    .title = "XPS document",
    .extensions = LIST("xps", "oxps"),
    .media_types = LIST("application/vnd.ms-xpsdocument", "application/oxps"),
    .is_paged = true,
    .sniff = xps_sniff,
    .extract = xps_extract,
};
