/* archives_test.c - archives and compressed files of each kind that libarchive writes. */
#include <archive.h>
#include <archive_entry.h>

#include "extract/formats/dump.h"

extern const Extractor extractor_rar;

enum { ROOM = 4 << 20 };

static void add_member(struct archive *out, const char *name, Str text)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)text.length);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 1230000000, 0);
    archive_write_header(out, entry);
    archive_write_data(out, text.at, text.length);
    archive_entry_free(entry);
}

/* NULL filter: none. NULL: this libarchive cannot. */
static Str make_archive(Arena *arena, const char *format, const char *filter)
{
    struct archive *out = archive_write_new();
    size_t used = 0;
    char *room = arena_alloc(arena, ROOM);
    int status = archive_write_set_format_by_name(out, format);
    if (filter && status == ARCHIVE_OK)
        status = archive_write_add_filter_by_name(out, filter);
    if (status == ARCHIVE_OK)
        status = archive_write_open_memory(out, room, ROOM, &used);
    if (status == ARCHIVE_OK) {
        add_member(out, "a.txt", S("alpha beta gamma"));
        if (strcmp(format, "raw") != 0)
            add_member(out, "b.txt", S("a second member"));
        status = archive_write_close(out);
    }
    archive_write_free(out);
    return status == ARCHIVE_OK ? (Str){ room, used } : STR_NONE;
}

static const char *read_any(Arena *arena, Str bytes, const char *name, const char *expected)
{
    const Extractor *found = extractor_choose(bytes, str(name), STR_NONE);
    cr_assert(found, "%s", name);
    cr_expect_str_eq(found->name, expected);
    return dump(arena, found, bytes, (DumpOptions){ .name = name });
}

Test(extract, archives_of_each_kind_are_listed_and_read)
{
    static const struct {
        const char *format, *extractor;
    } cases[] = { { "ustar", "tar" },   { "pax", "tar" },   { "gnutar", "tar" },
                  { "v7tar", "tar" },   { "cpio", "cpio" }, { "newc", "cpio" },
                  { "iso9660", "iso" }, { "xar", "xar" },   { "7zip", "seven_zip" },
                  { "zip", "zip" },     { "arbsd", "ar" },  { "argnu", "ar" } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str bytes = make_archive(arena, cases[i].format, NULL);
        cr_assert(bytes.length, "%s", cases[i].format);
        const char *got = read_any(arena, bytes, "archive", cases[i].extractor);
        cr_expect(strstr(got, "row a.txt | 16 | "), "%s: %s", cases[i].format, got);
        cr_expect(strstr(got, "+ a.txt\n  p alpha beta gamma\n"), "%s: %s", cases[i].format, got);
        cr_expect(strstr(got, "+ b.txt\n  p a second member\n"), "%s: %s", cases[i].format, got);
    }
}

static const struct {
    const char *filter, *extractor, *extension;
} filters[] = { { "gzip", "gzip", "gz" }, { "bzip2", "bzip2", "bz2" },
                { "xz", "xz", "xz" },     { "lzma", "lzma", "lzma" },
                { "lz4", "lz4", "lz4" },  { "zstd", "zstd", "zst" },
                { "lzip", "lzip", "lz" }, { "compress", "compress", "Z" } };

Test(extract, compressed_files_and_archives_are_read)
{
    for (size_t i = 0; i < COUNT(filters); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        char name[40];
        Str bytes = make_archive(arena, "raw", filters[i].filter);
        cr_assert(bytes.length, "%s", filters[i].filter);
        snprintf(name, sizeof name, "notes.txt.%s", filters[i].extension);
        const char *got = read_any(arena, bytes, name, filters[i].extractor);
        cr_expect(strstr(got, "p alpha beta gamma\n"), "%s: %s", name, got);
        bytes = make_archive(arena, "ustar", filters[i].filter);
        got = read_any(arena, bytes, "archive", filters[i].extractor);
        cr_expect(strstr(got, "+ b.txt\n  p a second member\n"), "%s: %s", name, got);
    }
}

Test(extract, gzip_members_follow_each_other)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str one = make_archive(arena, "raw", "gzip");
    Buf both = buf_new(arena, MB(1));
    buf_add(&both, one);
    buf_add(&both, one);
    const char *got = read_any(arena, buf_str(&both), "two.txt.gz", "gzip");
    cr_expect(strstr(got, "p alpha beta gammaalpha beta gamma\n"), "%s", got);
}

Test(extract, archives_that_are_cut_give_what_is_there)
{
    for (size_t i = 0; i < COUNT(filters); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str bytes = make_archive(arena, "ustar", filters[i].filter);
        for (size_t length = 0; length < bytes.length; length += 1 + bytes.length / 16) {
            Str cut = str_slice(bytes, 0, length);
            const Extractor *found = extractor_choose(cut, STR_NONE, STR_NONE);
            if (found && !found->worker)
                dump(arena, found, cut, (DumpOptions){ 0 });
        }
    }
}

/* Blocks: sum, size of what follows, type, flags, sizes of extra and data, then the file's own. */
Test(extract, rar5_names_of_encrypted_members_are_listed)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    static const char bytes[] = "Rar!\x1A\x07\x01\0"
                                "\0\0\0\0\x03\x01\0\0"
                                "\0\0\0\0\x11\x02\x03\x02\x04\0\x09\0\0\0\x06secret\x01\x01"
                                "data";
    const char *got =
        dump(arena, &extractor_rar, (Str){ bytes, sizeof bytes - 1 }, (DumpOptions){ 0 });
    cr_expect(strstr(got, "row secret | 9 (encrypted) | \n"), "%s", got);
    cr_expect(strstr(got, "+ secret\n  ! encrypted\n"), "%s", got);
}

Test(extract, parts_of_archives_in_several_files_are_named)
{
    static const struct {
        const char *name, *reason;
        Str bytes;
    } cases[] = {
        { "a.z02", "one part of an archive in several files", S_INIT("\1\2\0\3some bytes") },
        { "a.zip.003", "one part of an archive in several files", S_INIT("\1\2\0\3some bytes") },
        { "a.r00", "one part of an archive in several files", S_INIT("\1\2\0\3some bytes") },
        { "a.zip", "one part of an archive in several files",
          S_INIT("\1\2\0\3some bytes PK\5\6\4\0\4\0\1\0\1\0\0\0\0\0\0\0\0\0\0\0") },
        { "a.bin", "a binary file of an unknown kind", S_INIT("\1\2\0\3some bytes") },
        { "a.z01", "one part of a ZIP archive", S_INIT("PK\7\10PK\3\4 and so on, for some bytes") },
        { "a.7z.001", "one part of an archive in several files",
          S_INIT("7z\xBC\xAF\x27\x1C\0\4\0\0\0\0\0\0\1\0\0\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0"
                 "some bytes") },
        { "a.part2.rar", "one part of a RAR archive",
          S_INIT("Rar!\x1A\7\1\0\0\0\0\0\5\1\0\3\1\0\0some bytes") },
        { "a.rar", "RAR before 1.5", S_INIT("RE~^\7\0\0 some bytes") },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Error err = { 0 };
        DocSink sink;
        doc_tree_new(arena, S("file"), false, &sink);
        DocWriter *doc = doc_writer_new(arena, &sink, NULL);
        ExtractSource source = { .bytes = cases[i].bytes, .name = str(cases[i].name) };
        cr_expect(!extract_document(&source, doc, &err), "%s", cases[i].name);
        cr_expect(strstr(err.message, cases[i].reason), "%s: %s", cases[i].name, err.message);
        doc_writer_free(doc);
    }
}
