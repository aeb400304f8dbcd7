/* jpeg.c - JPEG (ITU-T T.81): size, EXIF, XMP, IPTC, comments, profile. */
#include "extract/byte_view.h"
#include "extract/picture/exif.h"
#include "extract/picture/iptc.h"
#include "extract/picture/picture_files.h"
#include "extract/picture/xmp.h"

enum { SEGMENT_MAX = 5000 };

static void read_segment(unsigned marker, Str body, PictureFacts *facts)
{
    static const Str xmp = S_INIT("http://ns.adobe.com/xap/1.0/\0");
    static const Str photoshop = S_INIT("Photoshop 3.0\0");
    static const Str profile = S_INIT("ICC_PROFILE\0");
    switch (marker) {
    case 0xE0: /* JFIF: unit, then dots across */
        if (str_starts(body, S("JFIF\0")) && byte_at(body, 7) && big16(body, 8) > 1)
            picture_fact_number(facts, "resolution",
                                big16(body, 8) * (byte_at(body, 7) == 2 ? 2.54 : 1));
        break;
    case 0xE1:
        if (str_starts(body, S("Exif\0")))
            exif_read(str_from(body, 6), facts);
        else if (str_starts(body, xmp))
            xmp_read(str_from(body, xmp.length), facts);
        break;
    case 0xE2:
        if (str_starts(body, profile))
            picture_fact_profile(facts, str_from(body, profile.length + 2));
        break;
    case 0xED:
        if (str_starts(body, photoshop))
            photoshop_resources_read(str_from(body, photoshop.length), facts);
        break;
    case 0xFE: picture_fact(facts, "comment", body); break;
    default: break;
    }
}

static bool is_frame(unsigned marker)
{
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/* EXIF first: it is trusted more than the file's own resolution, and IPTC and XMP say less. */
static bool read_segments(Str bytes, PictureFacts *facts, bool is_first_round)
{
    size_t at = 2;
    for (int count = 0; count < SEGMENT_MAX && at + 4 <= bytes.length; count++) {
        while (at < bytes.length && byte_at(bytes, at) != 0xFF)
            at++;
        while (at < bytes.length && byte_at(bytes, at) == 0xFF)
            at++;
        unsigned marker = byte_at(bytes, at++);
        if (marker == 0 || marker == 1 || (marker >= 0xD0 && marker <= 0xD8))
            continue; /* no length */
        if (marker == 0xD9 || marker == 0xDA || at + 2 > bytes.length)
            break; /* the end, or the picture's own bytes */
        size_t length = MAX(big16(bytes, at), (uint16_t)2);
        Str body = bytes_part(bytes, at + 2, length - 2);
        if (is_frame(marker) && is_first_round && !facts->width) {
            facts->height = big16(body, 1);
            facts->width = big16(body, 3);
            picture_fact_number(facts, "bit_depth", byte_at(body, 0));
        }
        bool is_exif = marker == 0xE1 && str_starts(body, S("Exif\0"));
        if (is_exif == is_first_round)
            read_segment(marker, body, facts);
        at += length;
    }
    return facts->width > 0 && facts->height > 0;
}

bool jpeg_facts(Str bytes, PictureFacts *facts)
{
    (void)read_segments(bytes, facts, true);
    return read_segments(bytes, facts, false);
}

static int jpeg_sniff(Str bytes) { return str_starts(bytes, S("\xFF\xD8\xFF")) ? 95 : 0; }

const Extractor extractor_jpeg = {
    .name = "jpeg",
    .title = "JPEG picture",
    .extensions = LIST("jpg", "jpeg", "jpe", "jfif"),
    .media_types = LIST("image/jpeg", "image/pjpeg"),
    .is_paged = true,
    .worker = "picture",
    .sniff = jpeg_sniff,
};
