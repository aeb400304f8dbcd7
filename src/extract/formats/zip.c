/* zip.c - ZIP archives: a table of the members, then each member as a document of its own.
 *
 * Our own directory reader judges the archive first; libarchive unpacks (every method, ZipCrypto
 * and AES). A document that is a ZIP inside, of a kind that no extractor claimed, is refused by
 * its name rather than shown as a heap of parts. */
#include <archive.h>
#include <archive_entry.h>

#include "base/utf8.h"
#include "extract/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/zip_directory.h"

/* A member may unpack to MEMBER_MAX bytes; beyond RATIO_FROM bytes to at most RATIO_MAX times the
 * whole archive: deflate cannot do more than 1032. */
#define MEMBER_MAX MB(256)
#define RATIO_FROM MB(32)
enum { RATIO_MAX = 500, CHUNK = 256 * 1024, LISTED_MAX = 10000 };

typedef struct Unpacker {
    DocWriter *doc;
    Arena *arena; /* of one member's name */
    struct archive *archive;
    size_t archive_size;
    int read_count, encrypted_count, damaged_count, unsafe_count, large_count;
    bool is_bomb;
} Unpacker;

/* --- Which document it is, when it is one --- */

static const struct {
    const char *member, *kind;
} kinds[] = {
    { "[Content_Types].xml", "an Office Open XML document" },
    { "META-INF/container.xml", "an EPUB book" },
    { "content.xml", "an OpenDocument file" },
    { "Index/Document.iwa", "an iWork document" },
    { "Index.zip", "an iWork document" },
    { "index.apxl", "an iWork presentation" },
    { "index.xml", "an iWork document" },
    { "FixedDocumentSequence.fdseq", "an XPS document" },
    { "AndroidManifest.xml", "an Android app" },
    { "META-INF/MANIFEST.MF", "a Java program" },
};

static const char *document_kind(Str bytes, const ZipDirectory *directory)
{
    /* A first member "mimetype" is stored, so its text stands at a fixed place. */
    bool has_type = str_starts(str_from(bytes, 30), S("mimetypeapplication/"));
    for (size_t i = 0; i < COUNT(kinds); i++) {
        bool needs_type = str_is(str(kinds[i].member), "content.xml");
        if (zip_directory_find(directory, kinds[i].member) && (!needs_type || has_type))
            return kinds[i].kind;
    }
    return has_type ? "a document in a ZIP package" : NULL;
}

/* --- The list of members --- */

static void write_list(DocWriter *doc, Arena *arena, const ZipDirectory *directory)
{
    char text[32];
    if (directory->entries.count == 0)
        return;
    doc_table_begin(doc);
    doc_cell(doc, S("Name"));
    doc_cell(doc, S("Size"));
    doc_cell(doc, S("Modified"));
    doc_header_end(doc);
    for (size_t i = 0; i < MIN(directory->entries.count, (size_t)LISTED_MAX); i++) {
        const ZipEntry *entry = &directory->entries.at[i];
        doc_cell(doc, zip_name(arena, entry->name));
        snprintf(text, sizeof text, "%" PRIu64, entry->size);
        doc_cell(doc, str(text));
        snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d", 1980 + (entry->date >> 9),
                 entry->date >> 5 & 15, entry->date & 31, entry->time >> 11, entry->time >> 5 & 63);
        doc_cell(doc, entry->date ? str(text) : STR_NONE);
        if (!doc_row_end(doc))
            break;
        arena_reset(arena);
    }
    doc_table_end(doc);
}

/* --- Unpacking --- */

static bool is_bomb(const Unpacker *u, size_t length)
{
    return length > RATIO_FROM && length / RATIO_MAX > u->archive_size;
}

/* The member's bytes in heap memory; false when it cannot be read or must not be. */
static bool read_member(Unpacker *u, char **bytes_r, size_t *length_r)
{
    char *bytes = NULL;
    size_t length = 0, capacity = 0;
    for (;;) {
        if (capacity - length < CHUNK) {
            capacity = capacity ? capacity * 2 : CHUNK;
            bytes = heap_grow(bytes, capacity);
        }
        la_ssize_t count = archive_read_data(u->archive, bytes + length, capacity - length);
        if (count < 0)
            break;
        length += (size_t)count;
        u->is_bomb |= length > MEMBER_MAX || is_bomb(u, length);
        if (count == 0 || u->is_bomb)
            break;
    }
    *bytes_r = bytes;
    *length_r = length;
    return !u->is_bomb && archive_errno(u->archive) == 0;
}

static Str member_name(Unpacker *u, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);
    if (!name)
        name = archive_entry_pathname_utf8(entry);
    bool is_changed;
    Str safe = zip_safe_path(u->arena, zip_name(u->arena, str(name)), &is_changed);
    u->unsafe_count += is_changed;
    return safe;
}

static void write_member(Unpacker *u, struct archive_entry *entry)
{
    AUTO_FREE char *bytes = NULL;
    size_t length = 0;
    if (archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != 0)
        return;
    Str name = member_name(u, entry);
    if (name.length && archive_entry_size_is_set(entry) && archive_entry_size(entry) == 0)
        return;
    if (archive_entry_size_is_set(entry) && (uint64_t)archive_entry_size(entry) > MEMBER_MAX) {
        u->large_count++;
        return;
    }
    archive_clear_error(u->archive);
    bool ok = read_member(u, &bytes, &length);
    const char *reason = archive_error_string(u->archive);
    bool is_locked = reason && (strstr(reason, "assphrase") || strstr(reason, "ncrypt"));
    if (!ok && is_locked && archive_entry_is_encrypted(entry)) {
        u->encrypted_count++;
        return;
    }
    u->damaged_count += !ok && !u->is_bomb;
    /* A damaged member gives what came out of it before the damage. */
    if (u->is_bomb || length == 0)
        return;
    u->read_count++;
    doc_child(u->doc, name, STR_NONE, (Str){ bytes, length });
}

static void read_members(Unpacker *u, int64_t total)
{
    struct archive_entry *entry;
    int failures = 0;
    for (int64_t done = 0; doc_writer_ok(u->doc) && !u->is_bomb && failures < 3; done++) {
        int result = archive_read_next_header(u->archive, &entry);
        if (result == ARCHIVE_EOF || result == ARCHIVE_FATAL)
            break;
        failures = result == ARCHIVE_RETRY ? failures + 1 : 0;
        if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
            write_member(u, entry);
        arena_reset(u->arena);
        doc_progress(u->doc, "unpacking", done + 1, total);
    }
}

static void warn_count(DocWriter *doc, int count, const char *what)
{
    char text[160];
    if (count == 0)
        return;
    snprintf(text, sizeof text, "%d member%s %s", count, count == 1 ? "" : "s", what);
    doc_warning(doc, str(text));
}

static void archive_auto(struct archive **archive) { archive_read_free(*archive); }

static bool unpack(const ExtractSource *source, Unpacker *u, int64_t total, Error *err)
{
    AUTO(archive_auto) struct archive *archive = archive_read_new();
    u->archive = archive;
    archive_read_support_format_zip(archive);
    /* Without the locale of extract_preload() names are bytes all the same. */
    archive_read_set_options(archive, "zip:!mac-ext");
    if (source->password.length)
        archive_read_add_passphrase(archive, str_c(u->arena, source->password));
    if (archive_read_open_memory(archive, source->bytes.at, source->bytes.length) != ARCHIVE_OK)
        return fail(err, ERROR_DAMAGED, "the archive cannot be read: %s",
                    archive_error_string(archive));
    read_members(u, total);
    if (u->is_bomb)
        doc_warning(u->doc, S("unpacking stopped: a member grows out of all proportion, as in an "
                              "archive made to exhaust memory"));
    if (u->encrypted_count && !u->read_count)
        return fail(err, ERROR_ENCRYPTED,
                    source->password.length ? "the password is wrong"
                                            : "the archive needs a password");
    warn_count(u->doc, u->encrypted_count,
               source->password.length ? "could not be read with this password"
                                       : "could not be read without a password");
    warn_count(u->doc, u->damaged_count, "damaged or packed in a way that is not read");
    warn_count(u->doc, u->large_count, "larger than 256 MB, not read");
    warn_count(u->doc, u->unsafe_count, "had an unsafe name that was changed");
    return true;
}

static bool zip_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    AUTO_ARENA Arena *names = arena_new(MB(64));
    ZipDirectory directory = { 0 };
    bool has_directory = zip_directory_read(arena, source->bytes, &directory);
    const char *kind = document_kind(source->bytes, &directory);
    if (kind)
        return fail(err, ERROR_UNSUPPORTED, "it is %s, of a kind that is not read yet", kind);
    if (directory.has_overlap)
        return fail(err, ERROR_DAMAGED,
                    "members of the archive share the same bytes; it is broken, or made to unpack "
                    "without end");
    if (!has_directory)
        doc_warning(doc, S("the archive's table of contents is missing; members were looked for"));
    write_list(doc, names, &directory);
    Unpacker u = { .doc = doc, .arena = names, .archive_size = source->bytes.length };
    if (!unpack(source, &u, (int64_t)directory.entries.count, err))
        return false;
    if (!has_directory && u.read_count == 0)
        return fail(err, ERROR_DAMAGED, "the archive is broken: no member could be read");
    return true;
}

static int zip_sniff(Str bytes)
{
    if (str_starts(bytes, S("PK\3\4")) || str_starts(bytes, S("PK\5\6")) ||
        str_starts(bytes, S("PK00PK\3\4")))
        return 60;
    /* A program that unpacks itself. */
    if (!str_starts(bytes, S("MZ")) && !str_starts(bytes, S("\x7F"
                                                            "ELF")))
        return 0;
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    ZipDirectory directory;
    return zip_directory_read(arena, bytes, &directory) ? 60 : 0;
}

const Extractor extractor_zip = {
    .name = "zip",
    .title = "ZIP archives",
    .extensions = LIST("zip", "zipx", "cbz", "kmz"),
    .media_types = LIST("application/zip", "application/x-zip-compressed"),
    .sniff = zip_sniff,
    .extract = zip_extract,
};
