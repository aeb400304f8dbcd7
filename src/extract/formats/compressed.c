/* compressed.c - single files under a compression, and tar archives inside them. */
#include "extract/archive/archive_reader.h"
#include "extract/charset/encoding.h"

enum { GZIP_EXTRA = 4, GZIP_NAME = 8 };

static int starts(Str bytes, Str mark, int score) { return str_starts(bytes, mark) ? score : 0; }

static bool plain_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    return archive_extract_compressed(source, STR_NONE, doc, err);
}

/* --- gzip, RFC 1952 --- */

static int gzip_sniff(Str bytes) { return starts(bytes, S("\x1F\x8B\x08"), 60); }

/* The name that the first member says, in the bytes themselves. */
static Str gzip_name(Str bytes)
{
    size_t at = 10;
    if (bytes.length < 12 || !(bytes.at[3] & GZIP_NAME))
        return STR_NONE;
    if (bytes.at[3] & GZIP_EXTRA)
        at += 2 + (size_t)((uint8_t)bytes.at[10] | (uint8_t)bytes.at[11] << 8);
    Str name = str_from(bytes, at);
    ptrdiff_t end = str_find_char(str_slice(name, 0, KB(4)), '\0');
    return end > 0 ? str_slice(name, 0, (size_t)end) : STR_NONE;
}

static bool gzip_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    return archive_extract_compressed(source, gzip_name(source->bytes), doc, err);
}

const Extractor extractor_gzip = {
    .name = "gzip",
    .title = "gzip files (and .tar.gz)",
    .extensions = LIST("gz", "tgz", "svgz", "gzip"),
    .media_types = LIST("application/gzip", "application/x-gzip"),
    .sniff = gzip_sniff,
    .extract = gzip_extract,
};

/* --- The others --- */

static int bzip2_sniff(Str bytes)
{
    bool has_level = bytes.length >= 14 && bytes.at[3] >= '1' && bytes.at[3] <= '9';
    bool has_block = has_level && (str_starts(str_from(bytes, 4), S("\x31\x41\x59\x26\x53\x59")) ||
                                   str_starts(str_from(bytes, 4), S("\x17\x72\x45\x38\x50\x90")));
    return has_block ? starts(bytes, S("BZh"), 60) : 0;
}

const Extractor extractor_bzip2 = {
    .name = "bzip2",
    .title = "bzip2 files (and .tar.bz2)",
    .extensions = LIST("bz2", "tbz2", "tbz", "bz"),
    .media_types = LIST("application/x-bzip2", "application/x-bzip"),
    .sniff = bzip2_sniff,
    .extract = plain_extract,
};

static int xz_sniff(Str bytes)
{
    return starts(bytes,
                  S("\xFD"
                    "7zXZ\0"),
                  60);
}

const Extractor extractor_xz = {
    .name = "xz",
    .title = "xz files (and .tar.xz)",
    .extensions = LIST("xz", "txz"),
    .media_types = LIST("application/x-xz"),
    .sniff = xz_sniff,
    .extract = plain_extract,
};

/* The old format has no mark: properties below 225, a dictionary of 2^n or 2^n + 2^(n-1) bytes, a
 * size that is unknown or below 256 GB, and a range coder that begins with zero. */
static int lzma_sniff(Str bytes)
{
    uint64_t dictionary = 0, size = 0;
    if (bytes.length < 18 || (uint8_t)bytes.at[0] != 0x5D || bytes.at[13] != 0)
        return 0;
    for (int i = 0; i < 4; i++)
        dictionary |= (uint64_t)(uint8_t)bytes.at[1 + i] << (8 * i);
    for (int i = 0; i < 8; i++)
        size |= (uint64_t)(uint8_t)bytes.at[5 + i] << (8 * i);
    bool is_round = dictionary >= KB(4) &&
                    (dictionary & (dictionary - 1) & ((dictionary & (dictionary - 1)) - 1)) == 0;
    bool is_size = size == UINT64_MAX || size < ((uint64_t)1 << 38);
    return (is_round || dictionary == UINT32_MAX) && is_size ? 50 : 0;
}

const Extractor extractor_lzma = {
    .name = "lzma",
    .title = "LZMA files (and .tar.lzma)",
    .extensions = LIST("lzma", "tlz"),
    .media_types = LIST("application/x-lzma"),
    .sniff = lzma_sniff,
    .extract = plain_extract,
};

static bool is_skippable_frame(Str bytes)
{
    return bytes.length >= 8 && (bytes.at[0] & 0xF0) == 0x50 &&
           str_starts(str_from(bytes, 1), S("\x2A\x4D\x18"));
}

/* Skippable frames are the same in both formats (RFC 8878, 3.1.2): what follows decides. */
static Str after_skippable(Str bytes)
{
    for (int i = 0; i < 16 && is_skippable_frame(bytes); i++) {
        size_t size = 0;
        for (int k = 0; k < 4; k++)
            size |= (size_t)(uint8_t)bytes.at[4 + k] << (8 * k);
        bytes = str_from(bytes, 8 + size);
    }
    return bytes;
}

static int zstd_sniff(Str bytes)
{
    return starts(after_skippable(bytes), S("\x28\xB5\x2F\xFD"), 60);
}

const Extractor extractor_zstd = {
    .name = "zstd",
    .title = "Zstandard files (and .tar.zst)",
    .extensions = LIST("zst", "tzst", "zstd"),
    .media_types = LIST("application/zstd", "application/x-zstd"),
    .sniff = zstd_sniff,
    .extract = plain_extract,
};

/* Frames, and the older form of the lz4 command. */
static int lz4_sniff(Str bytes)
{
    Str frame = after_skippable(bytes);
    return MAX(starts(frame, S("\x04\x22\x4D\x18"), 60), starts(bytes, S("\x02\x21\x4C\x18"), 60));
}

const Extractor extractor_lz4 = {
    .name = "lz4",
    .title = "LZ4 files (and .tar.lz4)",
    .extensions = LIST("lz4", "tlz4"),
    .media_types = LIST("application/x-lz4"),
    .sniff = lz4_sniff,
    .extract = plain_extract,
};

static int compress_sniff(Str bytes)
{
    int bits = bytes.length >= 5 ? bytes.at[2] & 0x1F : 0;
    return bits >= 9 && bits <= 16 ? starts(bytes, S("\x1F\x9D"), 60) : 0;
}

const Extractor extractor_compress = {
    .name = "compress",
    .title = "compress files (and .tar.Z)",
    .extensions = LIST("Z", "taz"),
    .media_types = LIST("application/x-compress"),
    .sniff = compress_sniff,
    .extract = plain_extract,
};

static int lzip_sniff(Str bytes)
{
    return bytes.length > 6 && bytes.at[4] <= 1 ? starts(bytes, S("LZIP"), 60) : 0;
}

const Extractor extractor_lzip = {
    .name = "lzip",
    .title = "lzip files (and .tar.lz)",
    .extensions = LIST("lz"),
    .media_types = LIST("application/x-lzip", "application/lzip"),
    .sniff = lzip_sniff,
    .extract = plain_extract,
};
