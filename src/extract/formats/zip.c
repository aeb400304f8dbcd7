/* zip.c - ZIP archives: a table of the members, then each member as a document of its own.
 *
 * Documents that are ZIP inside have readers of their own, which are surer of them; what none of
 * them claims is an archive like any other. */
#include "extract/archive/zip_unpack.h"
#include "extract/formats/zip_directory.h"
#include "extract/metadata.h"

#define MANIFEST_MAX KB(64)
#define AUTO_UNPACKER AUTO(zip_unpacker_free)

static bool is_folder(const ZipEntry *entry)
{
    return str_ends(entry->name, S("/")) || (str_ends(entry->name, S("\\")) && entry->size == 0);
}

/* Copies of a Mac's file attributes say nothing to a reader. */
static bool is_mac_shadow(const ZipEntry *entry) { return str_starts(entry->name, S("__MACOSX/")); }

static void write_list(Members *members, const ZipDirectory *directory)
{
    for (size_t i = 0; i < directory->entries.count; i++) {
        const ZipEntry *entry = &directory->entries.at[i];
        MemberRow row = { .name = entry->name,
                          .kind = is_folder(entry) ? MEMBER_FOLDER : MEMBER_FILE,
                          .is_size_known = true,
                          .size = entry->size,
                          .is_encrypted = entry->is_encrypted };
        if (entry->date)
            snprintf(row.time, sizeof row.time, "%04u-%02u-%02u %02u:%02u",
                     1980u + (entry->date >> 9 & 127u), entry->date >> 5 & 15u, entry->date & 31u,
                     entry->time >> 11 & 31u, entry->time >> 5 & 63u);
        if (!members_row(members, &row))
            break;
    }
    members_list_end(members);
}

/* A Java program says what it is (JAR file specification, "Main Attributes"). */
static void write_manifest(ZipUnpacker *unpacker, const ZipDirectory *directory)
{
    static const struct {
        const char *field, *key;
    } fields[] = {
        { "Implementation-Title", "title" },
        { "Implementation-Version", "version" },
        { "Implementation-Vendor", "company" },
        { "Created-By", "software" },
        { "Bundle-Name", "title" },
        { "Bundle-Version", "version" },
    };
    const ZipEntry *entry = zip_directory_find(directory, "META-INF/MANIFEST.MF");
    Error ignored = { 0 };
    Str text, line;
    if (!entry || entry->size > MANIFEST_MAX || !zip_unpack(unpacker, entry, &text, &ignored))
        return;
    while (str_next(&text, '\n', &line)) {
        ptrdiff_t colon = str_find_char(line, ':');
        for (size_t i = 0; colon > 0 && i < COUNT(fields); i++)
            if (str_is(str_slice(line, 0, (size_t)colon), fields[i].field))
                doc_meta(unpacker->members->doc, fields[i].key,
                         str_trim(str_from(line, (size_t)colon + 1)));
    }
}

static void read_members(ZipUnpacker *unpacker, const ZipDirectory *directory)
{
    Members *members = unpacker->members;
    DocWriter *doc = members->doc;
    int64_t total = (int64_t)directory->entries.count;
    for (int64_t i = 0; i < total && doc_writer_ok(doc) && !members->is_bomb; i++) {
        const ZipEntry *entry = &directory->entries.at[i];
        Error why = { 0 };
        Str bytes;
        if (is_folder(entry) || is_mac_shadow(entry))
            continue;
        bool ok = zip_unpack(unpacker, entry, &bytes, &why);
        /* A damaged member gives what came out of it before the damage. */
        if (ok || (why.code == ERROR_DAMAGED && bytes.length))
            members_read(members, entry->name, bytes);
        else
            members_failed(members, entry->name, &why);
        members->damaged_count += !ok && why.code == ERROR_DAMAGED && bytes.length > 0;
        doc_progress(doc, "unpacking", i + 1, total);
    }
}

static bool zip_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    AUTO_MEMBERS Members members = { 0 };
    ZipDirectory directory = { 0 };
    bool has_directory = zip_directory_read(arena, source->bytes, &directory);
    if (directory.is_split || str_starts(source->bytes, S("PK\7\10PK\3\4")))
        return fail(err, ERROR_UNSUPPORTED,
                    "it is one part of a ZIP archive in several files; join the parts first");
    if (directory.has_overlap)
        return fail(err, ERROR_DAMAGED,
                    "members of the archive share the same bytes; it is broken, or made to unpack "
                    "without end");
    if (!has_directory)
        zip_directory_scan(arena, source->bytes, &directory);
    members_begin(&members, source, doc);
    AUTO_UNPACKER ZipUnpacker unpacker = { .members = &members,
                                           .archive = source->bytes,
                                           .password = source->password };
    if (!has_directory)
        doc_warning(doc, S("the archive's table of contents is missing; members were looked for"));
    write_manifest(&unpacker, &directory);
    write_list(&members, &directory);
    read_members(&unpacker, &directory);
    if (!has_directory && members.read_count == 0)
        return fail(err, ERROR_DAMAGED, "the archive is broken: no member could be read");
    return members_end(&members, err);
}

static int zip_sniff(Str bytes)
{
    if (str_starts(bytes, S("PK\3\4")) || str_starts(bytes, S("PK\5\6")) ||
        str_starts(bytes, S("PK00PK\3\4")) || str_starts(bytes, S("PK\7\10PK\3\4")))
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
    .extensions = LIST("zip", "zipx", "kmz", "jar", "war", "ear", "apk", "aar", "xpi", "npz"),
    .media_types =
        LIST("application/zip", "application/x-zip-compressed", "application/java-archive"),
    .sniff = zip_sniff,
    .extract = zip_extract,
};
