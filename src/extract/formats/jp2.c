/* jp2.c - JPEG 2000 (ISO/IEC 15444-1): files of boxes and bare codestreams. */
#include "extract/picture/exif.h"
#include "extract/picture/iptc.h"
#include "extract/picture/iso_boxes.h"
#include "extract/picture/picture_files.h"
#include "extract/picture/xmp.h"

enum { BOX_MAX = 10000 };

static const Str signature = S_INIT("\0\0\0\x0CjP  \r\n\x87\n");
static const Str codestream = S_INIT("\xFF\x4F\xFF\x51");

static void take_uuid(PictureFacts *facts, Str body)
{
    static const Str xmp =
        S_INIT("\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC");
    static const Str exif = S_INIT("JpgTiffExif->JP2");
    static const Str iptc =
        S_INIT("\x33\xC7\xA4\xD2\xB8\x1D\x47\x23\xA0\xBA\xF1\xA3\xE0\x97\xAD\x38");
    Str value = str_from(body, 16);
    if (str_starts(body, xmp))
        xmp_read(value, facts);
    else if (str_starts(body, exif))
        exif_read(value, facts);
    else if (str_starts(body, iptc))
        iptc_read(value, facts);
}

/* SIZ: the picture's corner less its offset (A.5.1). */
static void take_codestream(PictureFacts *facts, Str bytes)
{
    if (facts->width || !str_starts(bytes, codestream))
        return;
    facts->width = (int64_t)big32(bytes, 8) - big32(bytes, 16);
    facts->height = (int64_t)big32(bytes, 12) - big32(bytes, 20);
}

bool jp2_facts(Str bytes, PictureFacts *facts)
{
    IsoBox box;
    take_codestream(facts, bytes);
    for (int i = 0; i < BOX_MAX && iso_box_next(&bytes, &box); i++) {
        if (str_is(box.type, "jp2h")) {
            Str head = iso_box_find(box.body, "ihdr"), color = iso_box_find(box.body, "colr");
            facts->height = big32(head, 0);
            facts->width = big32(head, 4);
            if (head.length >= 11)
                picture_fact_number(facts, "bit_depth", (byte_at(head, 10) & 0x7F) + 1);
            if (byte_at(color, 0) == 2)
                picture_fact_profile(facts, str_from(color, 3));
        } else if (str_is(box.type, "uuid")) {
            take_uuid(facts, box.body);
        } else if (str_is(box.type, "jp2c")) {
            take_codestream(facts, box.body);
        }
    }
    return facts->width > 0 && facts->height > 0;
}

static int jp2_sniff(Str bytes)
{
    return str_starts(bytes, signature) || str_starts(bytes, codestream) ? 100 : 0;
}

const Extractor extractor_jp2 = {
    .name = "jp2",
    .title = "JPEG 2000 picture",
    .extensions = LIST("jp2", "jpx", "jpf", "j2k", "j2c", "jpc"),
    .media_types = LIST("image/jp2", "image/jpx", "image/x-jp2-codestream"),
    .is_paged = true,
    .worker = "picture",
    .sniff = jp2_sniff,
};
