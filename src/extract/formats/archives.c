/* archives.c - the kinds of archives that libarchive reads well: what marks them, one by one. */
#include <archive.h>

#include "extract/archive/archive_reader.h"
#include "extract/archive/rar5_list.h"
#include "extract/archive/seven_zip.h"

#define SUPPORT(...)                                                                               \
    (int (*const[])(struct archive *)) { __VA_ARGS__, NULL }

/* --- tar --- */

enum { TAR_BLOCK = 512, TAR_SUM_AT = 148, TAR_SUM_SIZE = 8 };

static uint64_t octal(Str text)
{
    uint64_t number = 0;
    text = str_trim(text);
    for (size_t i = 0; i < text.length && text.at[i] >= '0' && text.at[i] <= '7'; i++)
        number = number * 8 + (uint64_t)(text.at[i] - '0');
    return number;
}

/* The header's checksum counts its own field as blanks (POSIX.1-2001, ustar). */
static int tar_sniff(Str bytes)
{
    uint64_t sum = TAR_SUM_SIZE * ' ';
    if (bytes.length < TAR_BLOCK || bytes.at[0] == '\0')
        return 0;
    for (size_t i = 0; i < TAR_BLOCK; i++)
        if (i < TAR_SUM_AT || i >= TAR_SUM_AT + TAR_SUM_SIZE)
            sum += (uint8_t)bytes.at[i];
    bool is_ustar = str_starts(str_from(bytes, 257), S("ustar"));
    bool has_sum = octal(str_slice(bytes, TAR_SUM_AT, TAR_SUM_AT + TAR_SUM_SIZE)) == sum;
    return has_sum ? (is_ustar ? 70 : 60) : is_ustar ? 45 : 0;
}

static bool tar_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    const ArchiveKind kind = { .formats = SUPPORT(archive_read_support_format_tar),
                               .title = "tar archive" };
    return archive_extract(source, &kind, doc, err);
}

const Extractor extractor_tar = {
    .name = "tar",
    .title = "tar archives",
    .extensions = LIST("tar"),
    .media_types = LIST("application/x-tar"),
    .sniff = tar_sniff,
    .extract = tar_extract,
};

/* --- cpio --- */

static int cpio_sniff(Str bytes)
{
    static const Str marks[] = { S_INIT("070701"), S_INIT("070702"), S_INIT("070707") };
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts(bytes, marks[i]) && bytes.length >= 76)
            return 60;
    bool is_old = str_starts(bytes, S("\xC7\x71")) || str_starts(bytes, S("\x71\xC7"));
    return is_old && bytes.length >= 26 ? 45 : 0;
}

static bool cpio_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    const ArchiveKind kind = { .formats = SUPPORT(archive_read_support_format_cpio),
                               .title = "cpio archive" };
    return archive_extract(source, &kind, doc, err);
}

const Extractor extractor_cpio = {
    .name = "cpio",
    .title = "cpio archives",
    .extensions = LIST("cpio"),
    .media_types = LIST("application/x-cpio"),
    .sniff = cpio_sniff,
    .extract = cpio_extract,
};

/* --- Windows cabinets --- */

static int cab_sniff(Str bytes) { return str_starts(bytes, S("MSCF\0\0\0\0")) ? 60 : 0; }

static bool cab_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    const ArchiveKind kind = { .formats = SUPPORT(archive_read_support_format_cab),
                               .title = "cabinet" };
    return archive_extract(source, &kind, doc, err);
}

const Extractor extractor_cab = {
    .name = "cab",
    .title = "Windows cabinets",
    .extensions = LIST("cab"),
    .media_types = LIST("application/vnd.ms-cab-compressed"),
    .sniff = cab_sniff,
    .extract = cab_extract,
};

/* --- CD images; the volume descriptors begin in sector 16 of 2048 bytes (ECMA-119, 6.2) --- */

static int iso_sniff(Str bytes)
{
    return bytes.length > 32774 && str_starts(str_from(bytes, 32769), S("CD001")) ? 60 : 0;
}

static bool iso_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    const ArchiveKind kind = { .formats = SUPPORT(archive_read_support_format_iso9660),
                               .title = "CD image" };
    return archive_extract(source, &kind, doc, err);
}

const Extractor extractor_iso = {
    .name = "iso",
    .title = "CD images (ISO 9660)",
    .extensions = LIST("iso"),
    .media_types = LIST("application/x-iso9660-image"),
    .sniff = iso_sniff,
    .extract = iso_extract,
};

/* --- LHA --- */

static int lha_sniff(Str bytes)
{
    bool has_mark = bytes.length >= 21 && bytes.at[2] == '-' && bytes.at[3] == 'l' &&
                    (bytes.at[4] == 'h' || bytes.at[4] == 'z') && bytes.at[6] == '-';
    return has_mark && HAS_CHAR(bytes.at[5], "0123456789ds") ? 60 : 0;
}

static bool lha_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    const ArchiveKind kind = { .formats = SUPPORT(archive_read_support_format_lha),
                               .title = "LHA archive" };
    return archive_extract(source, &kind, doc, err);
}

const Extractor extractor_lha = {
    .name = "lha",
    .title = "LHA archives",
    .extensions = LIST("lzh", "lha"),
    .media_types = LIST("application/x-lzh-compressed"),
    .sniff = lha_sniff,
    .extract = lha_extract,
};

/* --- RAR --- */

static int rar_sniff(Str bytes) { return str_starts(bytes, S("Rar!\x1A\x07")) ? 60 : 0; }

/* One of several files: the archive's flags begin with that (RAR 5 technote, "main archive header";
 * RAR 4 technote, MAIN_HEAD). */
static bool rar_is_volume(Str bytes)
{
    bool is_new = str_starts(bytes, S("Rar!\x1A\x07\x01"));
    Str main = str_from(bytes, is_new ? 12 : 9); /* behind mark and sum */
    if (main.length < 8)
        return false;
    const uint8_t *at = (const uint8_t *)main.at;
    /* RAR 5: size, type, flags, size of what is extra (if a flag says so), flags of the archive. */
    return is_new ? at[1] == 1 && at[at[2] & 1 ? 4 : 3] & 1 : at[0] == 0x73 && at[1] & 1;
}

static bool rar_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    const ArchiveKind kind = {
        .formats = SUPPORT(archive_read_support_format_rar, archive_read_support_format_rar5),
        .title = "RAR archive",
        .is_never_decrypted = true,
    };
    AUTO(members_free) Members members = { 0 };
    members_begin(&members, source, doc);
    if (rar5_list_encrypted(source, &members))
        return members_end(&members, err);
    bool ok = archive_extract(source, &kind, doc, err);
    if (!rar_is_volume(source->bytes) || (!ok && err->code != ERROR_DAMAGED))
        return ok;
    return ok ? doc_warning(doc,
                            S("the archive is one part of several files: members that go on in "
                              "the others are not whole"))
              : fail(err, ERROR_UNSUPPORTED,
                     "it is one part of a RAR archive in several files; unpack it with the others");
}

const Extractor extractor_rar = {
    .name = "rar",
    .title = "RAR archives (without encrypted ones)",
    .extensions = LIST("rar", "cbr"),
    .media_types = LIST("application/vnd.rar", "application/x-rar-compressed"),
    .sniff = rar_sniff,
    .extract = rar_extract,
};

/* --- xar --- */

static int xar_sniff(Str bytes) { return str_starts(bytes, S("xar!\0")) ? 60 : 0; }

static bool xar_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    const ArchiveKind kind = { .formats = SUPPORT(archive_read_support_format_xar),
                               .title = "xar archive" };
    return archive_extract(source, &kind, doc, err);
}

const Extractor extractor_xar = {
    .name = "xar",
    .title = "xar archives and Mac packages",
    .extensions = LIST("xar", "pkg"),
    .media_types = LIST("application/x-xar"),
    .sniff = xar_sniff,
    .extract = xar_extract,
};

/* --- 7z --- */

static int seven_zip_sniff(Str bytes)
{
    return str_starts(bytes, S("7z\xBC\xAF\x27\x1C")) ? 60 : 0;
}

static bool seven_zip_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    const ArchiveKind kind = { .formats = SUPPORT(archive_read_support_format_7zip),
                               .title = "7z archive" };
    bool is_ours;
    if (!seven_zip_look(source->bytes, &is_ours, err))
        return false;
    return is_ours ? seven_zip_read(source, doc, err) : archive_extract(source, &kind, doc, err);
}

const Extractor extractor_seven_zip = {
    .name = "seven_zip",
    .title = "7z archives",
    .extensions = LIST("7z"),
    .media_types = LIST("application/x-7z-compressed"),
    .sniff = seven_zip_sniff,
    .extract = seven_zip_extract,
};
