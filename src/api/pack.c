/* pack.c - see pack.h. */
#include "api/pack.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/file.h"

static void writer_auto(struct archive **archive) { archive_write_free(*archive); }
static void entry_auto(struct archive_entry **entry) { archive_entry_free(*entry); }

static la_ssize_t take(struct archive *archive, void *self, const void *bytes, size_t count)
{
    Buf *out = self;
    (void)archive;
    buf_add_bytes(out, bytes, count);
    return out->overflowed ? -1 : (la_ssize_t)count;
}

static bool failed(struct archive *archive, const Buf *out, Error *err)
{
    if (out->overflowed)
        return fail(err, ERROR_TOO_LARGE, "the files have more than %zu bytes", out->limit);
    return fail(err, ERROR_INTERNAL, "packing: %s", archive_error_string(archive));
}

static bool add_file(struct archive *archive, const PackFile *file, const Buf *out, Error *err)
{
    AUTO_MAP FileMap map = { 0 };
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    AUTO(entry_auto) struct archive_entry *entry = archive_entry_new();
    if (file->path && !file_map(file->path, &map, err))
        return false;
    Str bytes = file->path ? map.bytes : file->bytes;
    archive_entry_set_pathname_utf8(entry, str_c(arena, str_slice(file->name, 0, 4000)));
    archive_entry_set_size(entry, (la_int64_t)bytes.length);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    if (archive_write_header(archive, entry) < ARCHIVE_WARN)
        return failed(archive, out, err);
    la_ssize_t wrote = bytes.length ? archive_write_data(archive, bytes.at, bytes.length) : 0;
    return (size_t)wrote == bytes.length || failed(archive, out, err);
}

bool pack_files(PackKind kind, const PackFile *files, size_t count, Buf *out, Error *err)
{
    AUTO(writer_auto) struct archive *archive = archive_write_new();
    if (kind == PACK_ZIP)
        archive_write_set_format_zip(archive);
    else
        archive_write_set_format_pax_restricted(archive);
    archive_write_set_bytes_per_block(archive, 0);
    /* Names are UTF-8 whatever the locale. */
    (void)archive_write_set_options(archive, "hdrcharset=UTF-8");
    if (archive_write_open(archive, out, NULL, take, NULL) != ARCHIVE_OK)
        return failed(archive, out, err);
    for (size_t i = 0; i < count; i++)
        if (!add_file(archive, &files[i], out, err))
            return false;
    return archive_write_close(archive) == ARCHIVE_OK || failed(archive, out, err);
}
