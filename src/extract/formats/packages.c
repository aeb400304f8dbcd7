/* packages.c - Debian and RPM packages: facts about the software, then the files; and plain ar
 * archives. */
#include <archive.h>

#include "extract/archive/archive_reader.h"
#include "extract/metadata.h"

#define CONTROL_MAX KB(64)

#define SUPPORT(...)                                                                               \
    (int (*const[])(struct archive *)) { __VA_ARGS__, NULL }

/* --- ar, and Debian packages, which are ar archives of three members (deb(5)) --- */

enum { AR_HEADER = 60, AR_MEMBERS_MAX = 20 };

static int ar_sniff(Str bytes) { return str_starts(bytes, S("!<arch>\n")) ? 60 : 0; }

/* The bytes of the first member whose name begins so. */
static Str ar_member(Str bytes, const char *prefix)
{
    Str rest = str_from(bytes, 8);
    for (int i = 0; i < AR_MEMBERS_MAX && rest.length > AR_HEADER; i++) {
        int64_t size;
        if (!str_to_int(str_trim(str_slice(rest, 48, 58)), 0, INT32_MAX, &size))
            break;
        if (str_starts(rest, str(prefix)))
            return str_slice(rest, AR_HEADER, AR_HEADER + (size_t)size);
        rest = str_from(rest, AR_HEADER + (size_t)size + ((size_t)size & 1));
    }
    return STR_NONE;
}

static void write_control(DocWriter *doc, Str control)
{
    static const struct {
        const char *field, *key;
    } fields[] = {
        { "Package", "title" },       { "Version", "version" },     { "Maintainer", "author" },
        { "Description", "subject" }, { "Homepage", "identifier" }, { "Section", "category" },
    };
    Str line;
    while (str_next(&control, '\n', &line)) {
        ptrdiff_t colon = str_find_char(line, ':');
        for (size_t i = 0; colon > 0 && i < COUNT(fields); i++)
            if (str_is(str_slice(line, 0, (size_t)colon), fields[i].field))
                doc_meta(doc, fields[i].key, str_trim(str_from(line, (size_t)colon + 1)));
    }
}

static bool ar_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    const ArchiveKind kind = { .formats = SUPPORT(archive_read_support_format_ar),
                               .title = "ar archive" };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str control;
    if (str_starts(str_from(source->bytes, 8), S("debian-binary")) &&
        archive_find_in_tar(arena, ar_member(source->bytes, "control.tar"), "control", CONTROL_MAX,
                            &control))
        write_control(doc, control);
    return archive_extract(source, &kind, doc, err);
}

const Extractor extractor_ar = {
    .name = "ar",
    .title = "Debian packages and ar archives",
    .extensions = LIST("deb", "udeb", "a", "ar", "ipk"),
    .media_types = LIST("application/vnd.debian.binary-package", "application/x-archive"),
    .sniff = ar_sniff,
    .extract = ar_extract,
};

/* --- RPM: a lead of 96 bytes, a header of signatures, a header of facts (RPM V4 file format) ---
 */

enum {
    RPM_LEAD = 96,
    RPM_INTRO = 16,
    RPM_ENTRY = 16,
    RPM_ENTRIES_MAX = 4096,
    RPM_STRING = 6,
    RPM_I18N_STRING = 9,
};

static uint32_t big32(Str bytes, size_t at)
{
    uint32_t number = 0;
    for (size_t i = 0; i < 4; i++)
        number = number << 8 | (at + i < bytes.length ? (uint8_t)bytes.at[at + i] : 0u);
    return number;
}

static int rpm_sniff(Str bytes)
{
    return bytes.length > RPM_LEAD && str_starts(bytes, S("\xED\xAB\xEE\xDB")) ? 60 : 0;
}

static size_t rpm_header_size(Str header)
{
    if (!str_starts(header, S("\x8E\xAD\xE8")))
        return 0;
    return RPM_INTRO + (size_t)big32(header, 8) * RPM_ENTRY + big32(header, 12);
}

static void write_rpm_facts(DocWriter *doc, Str header)
{
    static const struct {
        uint32_t tag;
        const char *key;
    } tags[] = {
        { 1000, "title" },     { 1001, "version" }, { 1004, "subject" },  { 1005, "description" },
        { 1011, "publisher" }, { 1014, "license" }, { 1016, "category" }, { 1020, "identifier" },
    };
    uint32_t count = MIN(big32(header, 8), (uint32_t)RPM_ENTRIES_MAX);
    Str store = str_from(header, RPM_INTRO + (size_t)count * RPM_ENTRY);
    for (uint32_t i = 0; i < count; i++) {
        size_t at = RPM_INTRO + (size_t)i * RPM_ENTRY;
        uint32_t type = big32(header, at + 4);
        Str text = str_from(store, big32(header, at + 8));
        ptrdiff_t end = str_find_char(text, '\0');
        if ((type != RPM_STRING && type != RPM_I18N_STRING) || end <= 0)
            continue;
        for (size_t k = 0; k < COUNT(tags); k++)
            if (tags[k].tag == big32(header, at))
                doc_meta(doc, tags[k].key, str_slice(text, 0, (size_t)end));
    }
}

static bool rpm_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    const ArchiveKind kind = {
        .formats = SUPPORT(archive_read_support_format_cpio),
        .filters = SUPPORT(archive_read_support_filter_rpm, archive_read_support_filter_gzip,
                           archive_read_support_filter_bzip2, archive_read_support_filter_xz,
                           archive_read_support_filter_lzma, archive_read_support_filter_zstd),
        .title = "RPM package",
    };
    Str signatures = str_from(source->bytes, RPM_LEAD);
    size_t size = (rpm_header_size(signatures) + 7) & ~(size_t)7;
    Str header = str_from(signatures, size);
    if (size && rpm_header_size(header))
        write_rpm_facts(doc, header);
    return archive_extract(source, &kind, doc, err);
}

const Extractor extractor_rpm = {
    .name = "rpm",
    .title = "RPM packages",
    .extensions = LIST("rpm"),
    .media_types = LIST("application/x-rpm"),
    .sniff = rpm_sniff,
    .extract = rpm_extract,
};
