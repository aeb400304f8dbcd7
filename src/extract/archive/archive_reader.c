/* archive_reader.c - see archive_reader.h. */
#include "extract/archive/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/file.h"
#include "extract/archive/archive_members.h"

/* Members are looked at in a first pass even when they are large; compressed ones cost time. */
#define LIST_BYTES_MAX GB(4)
enum { CHUNK = 256 * 1024, ENTRY_MAX = 200000, RETRY_MAX = 3 };

typedef int Support(struct archive *);
typedef struct Reader {
    Members *members;
    const ExtractSource *source;
    const ArchiveKind *kind;
    Str raw_name;   /* of the one file in a compressed file */
    bool has_names; /* the format has members */
} Reader;

static Support *const tar_formats[] = { archive_read_support_format_tar,
                                        archive_read_support_format_raw,
                                        archive_read_support_format_empty, NULL };
static Support *const every_filter[] = {
    archive_read_support_filter_gzip,
    archive_read_support_filter_bzip2,
    archive_read_support_filter_xz,
    archive_read_support_filter_lzma,
    archive_read_support_filter_zstd,
    archive_read_support_filter_lz4,
    archive_read_support_filter_lzip,
    archive_read_support_filter_compress,
    NULL,
};

static void archive_auto(struct archive **archive) { archive_read_free(*archive); }

static bool says_encrypted(const char *reason)
{
    return strstr(reason, "ncrypt") || strstr(reason, "assphrase") || strstr(reason, "assword");
}

static bool fail_archive(const Reader *reader, struct archive *archive, Error *err)
{
    const char *reason = archive_error_string(archive);
    reason = reason ? reason : "it is cut or broken";
    if (!says_encrypted(reason))
        return fail(err, ERROR_DAMAGED, "the %s cannot be read: %s", reader->kind->title, reason);
    if (reader->kind->is_never_decrypted)
        return fail(err, ERROR_ENCRYPTED,
                    "the %s is encrypted, which is not read; unpack it first with its password",
                    reader->kind->title);
    return fail(err, ERROR_ENCRYPTED, "%s",
                reader->source->password.length ? "the password is wrong"
                                                : "the archive needs a password");
}

static struct archive *open_archive(Str bytes, const ArchiveKind *kind, const char *options)
{
    struct archive *archive = archive_read_new();
    for (Support *const *filter = kind->filters; filter && *filter; filter++)
        (*filter)(archive);
    for (Support *const *format = kind->formats; *format; format++)
        (*format)(archive);
    archive_read_set_options(archive, options);
    archive_read_open_memory(archive, bytes.at, bytes.length);
    return archive;
}

/* --- Listing --- */

static Str entry_name(struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);
    return str(name ? name : archive_entry_pathname_utf8(entry));
}

static MemberRow row_of(struct archive_entry *entry)
{
    const char *link = archive_entry_symlink(entry);
    if (!link)
        link = archive_entry_hardlink(entry);
    int type = (int)archive_entry_filetype(entry);
    MemberRow row = { .name = entry_name(entry),
                      .kind = link                            ? MEMBER_LINK
                              : type == AE_IFDIR              ? MEMBER_FOLDER
                              : type == AE_IFREG || type == 0 ? MEMBER_FILE
                                                              : MEMBER_OTHER,
                      .is_size_known = archive_entry_size_is_set(entry),
                      .size = (uint64_t)MAX(archive_entry_size(entry), 0),
                      .target = str(link),
                      .is_encrypted = archive_entry_is_data_encrypted(entry) };
    if (archive_entry_mtime_is_set(entry))
        member_time(&row, archive_entry_mtime(entry));
    return row;
}

/* The next member; false at the end, where *err is set when it is a broken one. */
static bool next_entry(const Reader *reader, struct archive *archive, struct archive_entry **entry,
                       Error *err)
{
    int result = ARCHIVE_RETRY;
    for (int i = 0; i < RETRY_MAX && result == ARCHIVE_RETRY; i++)
        result = archive_read_next_header(archive, entry);
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
        return true;
    if (result != ARCHIVE_EOF)
        fail_archive(reader, archive, err);
    return false;
}

static bool is_raw(struct archive *archive)
{
    return archive_format(archive) == ARCHIVE_FORMAT_RAW;
}

/* Fails when not even one member could be seen. */
static bool list_members(Reader *reader, int64_t *count_r, Error *err)
{
    AUTO(archive_auto)
    struct archive *archive = open_archive(reader->source->bytes, reader->kind, "!mac-ext");
    struct archive_entry *entry;
    Members *members = reader->members;
    Error broken = { 0 };
    int64_t count = 0;
    bool is_cut = false;
    while (!is_cut && doc_writer_ok(members->doc) && next_entry(reader, archive, &entry, &broken)) {
        if (is_raw(archive))
            return true;
        MemberRow row = row_of(entry);
        members_row(members, &row);
        is_cut = ++count >= ENTRY_MAX || members->total_size > LIST_BYTES_MAX;
    }
    if (count == 0 && broken.code != ERROR_NONE) {
        *err = broken;
        return false;
    }
    members_list_end(members);
    reader->has_names = true;
    *count_r = count;
    if (is_cut)
        doc_warning(members->doc, S("the list of members ends early: the archive is too large"));
    if (broken.code != ERROR_NONE)
        doc_warning(members->doc, str(broken.message));
    return true;
}

/* --- Unpacking --- */

/* The member's bytes in heap memory, as far as they could be read. */
static bool read_member(Reader *reader, struct archive *archive, const MemberRow *row,
                        char **bytes_r, size_t *length_r, Error *err)
{
    /* libarchive 3.6 goes on with made-up bytes behind the end of a xar member. */
    bool has_end = archive_format(archive) == ARCHIVE_FORMAT_XAR && row->is_size_known;
    size_t length = 0, capacity = 0;
    la_ssize_t count;
    bool ok = true;
    do {
        if (capacity - length < CHUNK) {
            capacity = capacity ? capacity * 2 : CHUNK;
            *bytes_r = heap_grow(*bytes_r, capacity);
        }
        count = archive_read_data(archive, *bytes_r + length, capacity - length);
        if (count < 0) {
            ok = fail_archive(reader, archive, err);
            break;
        }
        length += (size_t)count;
        ok = members_may_grow(reader->members, length, err);
    } while (count > 0 && ok && !(has_end && length >= row->size));
    *length_r = has_end ? (size_t)MIN(length, row->size) : length;
    return ok;
}

static void write_raw_row(const Reader *reader, struct archive_entry *entry, size_t length)
{
    MemberRow row = row_of(entry);
    row.name = reader->raw_name;
    row.is_size_known = true;
    row.size = length;
    members_row(reader->members, &row);
    members_list_end(reader->members);
}

static void write_member(Reader *reader, struct archive *archive, struct archive_entry *entry)
{
    AUTO_FREE char *bytes = NULL;
    Members *members = reader->members;
    MemberRow row = row_of(entry);
    Error why = { 0 };
    size_t length = 0;
    if (row.kind != MEMBER_FILE)
        return;
    AUTO_FREE char *copy = heap_text(row.name.at ? row.name.at : "");
    Str name = reader->has_names ? str(copy) : reader->raw_name;
    bool ok = !(row.is_size_known && !members_may_grow(members, row.size, &why)) &&
              read_member(reader, archive, &row, &bytes, &length, &why);
    if (!reader->has_names)
        write_raw_row(reader, entry, length);
    /* A damaged member gives what came out of it before the damage. */
    bool is_useful = length && why.code == ERROR_DAMAGED;
    if (ok || is_useful)
        members_read(members, name, (Str){ bytes, length });
    else
        members_failed(members, name, &why);
    if (is_useful)
        doc_warning(members->doc, str(why.message));
}

static void read_members(Reader *reader, int64_t total)
{
    AUTO(archive_auto)
    struct archive *archive = open_archive(reader->source->bytes, reader->kind, "!mac-ext");
    struct archive_entry *entry;
    Members *members = reader->members;
    Error broken = { 0 };
    for (int64_t done = 0; doc_writer_ok(members->doc) && !members->is_bomb; done++) {
        if ((total && done >= total) || !next_entry(reader, archive, &entry, &broken))
            break;
        write_member(reader, archive, entry);
        doc_progress(members->doc, "unpacking", done + 1, MAX(total, 1));
    }
}

static bool read_archive(const ExtractSource *source, const ArchiveKind *kind, Str raw_name,
                         DocWriter *doc, Error *err)
{
    AUTO_MEMBERS Members members = { 0 };
    int64_t total = 0;
    members_begin(&members, source, doc);
    Reader reader = { .members = &members, .source = source, .kind = kind, .raw_name = raw_name };
    if (!list_members(&reader, &total, err))
        return false;
    read_members(&reader, total);
    return members_end(&members, err);
}

bool archive_extract(const ExtractSource *source, const ArchiveKind *kind, DocWriter *doc,
                     Error *err)
{
    return read_archive(source, kind, STR_NONE, doc, err);
}

/* "notes.txt" of "notes.txt.gz". */
static Str inner_name(Str name)
{
    ptrdiff_t dot;
    name = path_name(name);
    dot = str_find_last_char(name, '.');
    return dot > 0 ? str_slice(name, 0, (size_t)dot) : S("content");
}

bool archive_extract_compressed(const ExtractSource *source, Str inner, DocWriter *doc, Error *err)
{
    static const ArchiveKind kind = { tar_formats, every_filter, "compressed file", false };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str name = inner.length ? inner : inner_name(str_copy(arena, source->name));
    return read_archive(source, &kind, name, doc, err);
}

bool archive_find_in_tar(Arena *arena, Str bytes, const char *name, size_t max, Str *bytes_r)
{
    static const ArchiveKind kind = { tar_formats, every_filter, "archive", false };
    AUTO(archive_auto) struct archive *archive = open_archive(bytes, &kind, "!mac-ext");
    struct archive_entry *entry;
    for (int i = 0; i < 100 && archive_read_next_header(archive, &entry) == ARCHIVE_OK; i++) {
        Str found = entry_name(entry);
        if (str_starts(found, S("./")))
            found = str_from(found, 2);
        if (!str_is(found, name))
            continue;
        char *copy = arena_alloc(arena, max);
        la_ssize_t count = archive_read_data(archive, copy, max);
        *bytes_r = (Str){ copy, (size_t)MAX(count, 0) };
        return count > 0;
    }
    return false;
}

bool archive_unpack_only(Str bytes, Support *format, char *out, size_t size, size_t *length_r)
{
    const ArchiveKind kind = { .formats = (Support *const[]){ format, NULL }, .title = "archive" };
    AUTO(archive_auto) struct archive *archive = open_archive(bytes, &kind, "ignorecrc32");
    struct archive_entry *entry;
    la_ssize_t count = 1;
    size_t length = 0;
    bool ok = archive_read_next_header(archive, &entry) == ARCHIVE_OK;
    while (ok && count > 0 && length < size) {
        count = archive_read_data(archive, out + length, size - length);
        length += (size_t)MAX(count, 0);
    }
    *length_r = length;
    return ok && count >= 0;
}
