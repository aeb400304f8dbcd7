/* tiff.c - TIFF 6.0 and BigTIFF; each of its pictures is a page. */
#include "extract/picture/exif.h"
#include "extract/picture/picture_files.h"

bool tiff_facts(Str bytes, PictureFacts *facts) { return tiff_read(bytes, facts); }

static int tiff_sniff(Str bytes)
{
    static const Str marks[] = { S_INIT("II*\0"), S_INIT("MM\0*"), S_INIT("II+\0"),
                                 S_INIT("MM\0+") };
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts(bytes, marks[i]))
            return 90;
    return 0;
}

const Extractor extractor_tiff = {
    .name = "tiff",
    .title = "TIFF pictures",
    .extensions = LIST("tif", "tiff", "dng"),
    .media_types = LIST("image/tiff", "image/x-adobe-dng"),
    .is_paged = true,
    .worker = "picture",
    .sniff = tiff_sniff,
};
