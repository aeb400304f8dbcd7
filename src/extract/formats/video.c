/* video.c - video and the containers it shares with sound, by what marks them; the worker class
 * "media" reads them. */
#include "extract/byte_view.h"
#include "extract/extractor.h"
#include "extract/picture/iso_boxes.h"

#define VIDEO_WORKER "media"

/* --- ISO base media files: MP4, M4A, QuickTime, 3GP --- */

typedef enum Brand { BRAND_NONE, BRAND_MP4, BRAND_M4A, BRAND_MOV, BRAND_3GP } Brand;

/* Registered brands that are no video: pictures, and raw files of cameras. */
static bool is_picture_brand(Str brand)
{
    static const char *const brands[] = { "heic", "heix", "heim", "heis", "hevc", "hevx",
                                          "mif1", "msf1", "avif", "avis", "jpeg", "jpgs",
                                          "jp2 ", "jpx ", "jpm ", "jxl ", "crx " };
    for (size_t i = 0; i < COUNT(brands); i++)
        if (str_is(brand, brands[i]))
            return true;
    return false;
}

static bool is_in_movie(Str type)
{
    static const char *const types[] = { "mvhd", "cmov", "rmra", "udta", "trak", "iods" };
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_is(type, types[i]))
            return true;
    return false;
}

/* QuickTime files before brands begin with one of these atoms (QuickTime File Format, "Overview of
 * the file format"); a "free" or "skip" may stand before them. */
static bool is_old_quicktime(Str bytes)
{
    IsoBox box;
    for (int i = 0; i < 8 && iso_box_next(&bytes, &box); i++) {
        if (str_is(box.type, "moov"))
            return is_in_movie(bytes_part(box.body, 4, 4));
        if (str_is(box.type, "mdat") && i + 1 < 8) {
            Str next = bytes_part(bytes, 4, 4);
            return bytes.length == 0 || str_is(next, "moov") || str_is(next, "free") ||
                   str_is(next, "wide");
        }
        if (!str_is(box.type, "free") && !str_is(box.type, "skip") && !str_is(box.type, "wide") &&
            !str_is(box.type, "pnot"))
            return false;
    }
    return false;
}

static Brand brand_of(Str bytes)
{
    Str brand = bytes_part(bytes, 8, 4);
    if (!str_is(bytes_part(bytes, 4, 4), "ftyp"))
        return is_old_quicktime(bytes) ? BRAND_MOV : BRAND_NONE;
    if (brand.length < 4 || is_picture_brand(brand))
        return BRAND_NONE;
    if (str_starts(brand, S("M4A")) || str_starts(brand, S("M4B")) || str_starts(brand, S("M4P")))
        return BRAND_M4A;
    if (str_starts(brand, S("3gp")) || str_starts(brand, S("3g2")) || str_starts(brand, S("3ge")))
        return BRAND_3GP;
    return str_is(brand, "qt  ") ? BRAND_MOV : BRAND_MP4;
}

static int mp4_sniff(Str bytes) { return brand_of(bytes) == BRAND_MP4 ? 90 : 0; }

const Extractor extractor_mp4 = {
    .name = "mp4",
    .title = "MP4 video",
    .extensions = LIST("mp4", "m4v", "f4v", "mj2"),
    .media_types = LIST("video/mp4", "video/x-m4v", "application/mp4"),
    .worker = VIDEO_WORKER,
    .sniff = mp4_sniff,
};

/* Files of the brand "isom" are also named .m4a. */
static int m4a_sniff(Str bytes)
{
    Brand brand = brand_of(bytes);
    return brand == BRAND_M4A ? 90 : brand == BRAND_MP4 ? 80 : 0;
}

const Extractor extractor_m4a = {
    .name = "m4a",
    .title = "M4A sound and audio books",
    .extensions = LIST("m4a", "m4b", "m4p", "m4r", "aax"),
    .media_types = LIST("audio/mp4", "audio/x-m4a", "audio/m4a", "audio/m4b"),
    .worker = VIDEO_WORKER,
    .sniff = m4a_sniff,
};

static int mov_sniff(Str bytes) { return brand_of(bytes) == BRAND_MOV ? 90 : 0; }

const Extractor extractor_mov = {
    .name = "mov",
    .title = "QuickTime video",
    .extensions = LIST("mov", "qt"),
    .media_types = LIST("video/quicktime"),
    .worker = VIDEO_WORKER,
    .sniff = mov_sniff,
};

static int three_gp_sniff(Str bytes) { return brand_of(bytes) == BRAND_3GP ? 90 : 0; }

const Extractor extractor_three_gp = {
    .name = "3gp",
    .title = "3GP video of telephones",
    .extensions = LIST("3gp", "3gpp", "3g2"),
    .media_types = LIST("video/3gpp", "video/3gpp2", "audio/3gpp"),
    .worker = VIDEO_WORKER,
    .sniff = three_gp_sniff,
};

/* --- Matroska --- */

/* RFC 8794: the header of an EBML file names its type in the element 0x4282. */
static int matroska_score(Str bytes, bool wants_webm)
{
    Str head = str_slice(bytes, 0, 256);
    if (!str_starts(bytes, S("\x1A\x45\xDF\xA3")))
        return 0;
    bool is_webm = str_find(head, S("webm")) >= 0;
    if (!is_webm && str_find(head, S("matroska")) < 0)
        return 0;
    return is_webm == wants_webm ? 95 : 0;
}

static int matroska_sniff(Str bytes) { return matroska_score(bytes, false); }

const Extractor extractor_matroska = {
    .name = "matroska",
    .title = "Matroska video",
    .extensions = LIST("mkv", "mka", "mks", "mk3d"),
    .media_types = LIST("video/x-matroska", "video/matroska", "audio/x-matroska"),
    .worker = VIDEO_WORKER,
    .sniff = matroska_sniff,
};

static int webm_sniff(Str bytes) { return matroska_score(bytes, true); }

const Extractor extractor_webm = {
    .name = "webm",
    .title = "WebM video",
    .extensions = LIST("webm", "weba"),
    .media_types = LIST("video/webm", "audio/webm"),
    .worker = VIDEO_WORKER,
    .sniff = webm_sniff,
};

/* --- The others --- */

static int avi_sniff(Str bytes)
{
    Str kind = bytes_part(bytes, 8, 4);
    bool is_riff = str_starts(bytes, S("RIFF")) || str_starts(bytes, S("ON2 "));
    return is_riff && (str_is(kind, "AVI ") || str_is(kind, "AVIX") || str_is(kind, "ON2f")) ? 95
                                                                                             : 0;
}

const Extractor extractor_avi = {
    .name = "avi",
    .title = "AVI video",
    .extensions = LIST("avi", "divx"),
    .media_types = LIST("video/x-msvideo", "video/avi", "video/vnd.avi"),
    .worker = VIDEO_WORKER,
    .sniff = avi_sniff,
};

static int flv_sniff(Str bytes)
{
    return str_starts(bytes, S("FLV\x01")) && big32(bytes, 5) >= 9 ? 95 : 0;
}

const Extractor extractor_flv = {
    .name = "flv",
    .title = "Flash video",
    .extensions = LIST("flv"),
    .media_types = LIST("video/x-flv"),
    .worker = VIDEO_WORKER,
    .sniff = flv_sniff,
};

static int asf_sniff(Str bytes)
{
    return str_starts(bytes, S("\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\x00\xAA\x00\x62\xCE\x6C"))
               ? 95
               : 0;
}

const Extractor extractor_asf = {
    .name = "asf",
    .title = "Windows Media: WMV, WMA, ASF",
    .extensions = LIST("wmv", "wma", "asf", "wm"),
    .media_types = LIST("video/x-ms-wmv", "audio/x-ms-wma", "video/x-ms-asf"),
    .worker = VIDEO_WORKER,
    .sniff = asf_sniff,
};

/* ISO/IEC 13818-1: packets of 188 bytes that begin with 0x47; cameras put four bytes of time
 * before each, broadcasters 16 or 20 behind. */
static bool is_transport(Str bytes, size_t first, size_t step)
{
    size_t count = 0;
    for (size_t at = first; count < 8 && at < bytes.length; at += step, count++)
        if (byte_at(bytes, at) != 0x47)
            return false;
    return count >= 3;
}

static int mpeg_sniff(Str bytes)
{
    uint32_t head = big32(bytes, 0);
    /* A pack header of MPEG-2 ("01...") or MPEG-1 ("0010"), or a sequence header before a size. */
    if (head == 0x1BA)
        return (byte_at(bytes, 4) & 0xC0) == 0x40 || (byte_at(bytes, 4) & 0xF0) == 0x20 ? 90 : 0;
    if (head == 0x1B3)
        return big16(bytes, 4) >> 4 > 0 && (byte_at(bytes, 7) & 15) != 0 ? 80 : 0;
    return is_transport(bytes, 0, 188) || is_transport(bytes, 4, 192) ||
                   is_transport(bytes, 0, 204) || is_transport(bytes, 0, 208)
               ? 80
               : 0;
}

const Extractor extractor_mpeg = {
    .name = "mpeg",
    .title = "MPEG video: programme and transport streams",
    .extensions = LIST("mpg", "mpeg", "ts", "m2ts", "mts", "vob", "m2v", "m1v", "m2p"),
    .media_types = LIST("video/mpeg", "video/mp2t", "video/MP2P"),
    .worker = VIDEO_WORKER,
    .sniff = mpeg_sniff,
};
