/* seven_zip.c - see seven_zip.h. */
#include "extract/archive/seven_zip.h"

#include <zlib.h>

#include "extract/archive/archive_members.h"
#include "extract/archive/seven_zip_file.h"

enum {
    ID_HEADER = 1,
    ID_MAIN_STREAMS = 4,
    ID_FILES = 5,
    ID_ENCODED = 23,
    HEADER_MAX = 64 << 20,
};
#define UNIX_EPOCH_FILETIME 116444736000000000u

static bool is_encrypted(const SevenZipFolder *folder)
{
    return seven_zip_has_method(folder, METHOD_AES);
}

/* --- The header --- */

static bool fail_header(const SevenZipReader *in, Error *err)
{
    if (in->is_huge)
        return fail(err, ERROR_TOO_LARGE,
                    "the 7z archive says that it has over %d members or parts: it is broken, or "
                    "made to exhaust memory",
                    SEVEN_ZIP_ITEMS_MAX);
    return fail(err, ERROR_DAMAGED, "the 7z archive's header is broken");
}

/* A wrong password shows as bytes that make no sense. */
static bool fail_as_password(const SevenZipFolder *folder, Error *err)
{
    if (is_encrypted(folder) && err->code == ERROR_DAMAGED)
        return fail(err, ERROR_ENCRYPTED, "it is encrypted and the password is wrong");
    return false;
}

static bool read_packed_header(SevenZip *a, SevenZipReader *in, char **bytes_r, Error *err)
{
    seven_zip_read_streams(a, in);
    if (in->failed || a->folders.count == 0 ||
        seven_zip_folder_size(&a->folders.at[0]) > HEADER_MAX)
        return fail_header(in, err);
    const SevenZipFolder *folder = &a->folders.at[0];
    if (!seven_zip_unpack(a, folder, bytes_r, err))
        return fail_as_password(folder, err);
    Str bytes = { *bytes_r, (size_t)seven_zip_folder_size(folder) };
    if (folder->has_crc && crc32_z(0, (const uint8_t *)bytes.at, bytes.length) != folder->crc) {
        fail_header(in, err);
        return fail_as_password(folder, err);
    }
    in->rest = str_copy(a->arena, bytes);
    return true;
}

static bool read_header(SevenZip *a, bool *has_locked_header_r, Error *err)
{
    uint64_t at = seven_zip_number(str_slice(a->bytes, 12, 20)),
             size = seven_zip_number(str_slice(a->bytes, 20, 28));
    SevenZipReader in = { 0 };
    if (a->bytes.length < SEVEN_ZIP_SIGNATURE || at > a->bytes.length - SEVEN_ZIP_SIGNATURE ||
        size > a->bytes.length - SEVEN_ZIP_SIGNATURE - at)
        return fail_header(&in, err);
    in = (SevenZipReader){ .rest = str_slice(a->bytes, SEVEN_ZIP_SIGNATURE + (size_t)at,
                                             SEVEN_ZIP_SIGNATURE + (size_t)(at + size)) };
    int id = seven_zip_byte(&in);
    for (int i = 0; id == ID_ENCODED && i < 4; i++) {
        AUTO_FREE char *bytes = NULL;
        bool ok = read_packed_header(a, &in, &bytes, err);
        *has_locked_header_r |= a->folders.count && is_encrypted(&a->folders.at[0]);
        if (!ok)
            return false;
        id = seven_zip_byte(&in);
    }
    if (id != ID_HEADER)
        return fail_header(&in, err);
    for (id = seven_zip_byte(&in); id && !in.failed; id = seven_zip_byte(&in)) {
        if (id == ID_MAIN_STREAMS)
            seven_zip_read_streams(a, &in);
        else if (id == ID_FILES)
            seven_zip_read_files(a, &in);
        else
            in.failed = true;
    }
    return (!in.is_huge && (!in.failed || a->items.count > 0)) || fail_header(&in, err);
}

bool seven_zip_look(Str bytes, bool *is_ours_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    SevenZip a = { .arena = arena, .bytes = bytes };
    Error why = { 0 };
    bool is_ours = false;
    if (bytes.length >= SEVEN_ZIP_SIGNATURE &&
        seven_zip_number(str_slice(bytes, 12, 20)) > bytes.length - SEVEN_ZIP_SIGNATURE)
        return fail(err, ERROR_DAMAGED,
                    "the 7z archive ends before its list of members: it is cut, or one part of an "
                    "archive in several files; join the parts first");
    if (!read_header(&a, &is_ours, &why) && why.code == ERROR_TOO_LARGE) {
        *err = why;
        return false;
    }
    for (size_t i = 0; i < a.folders.count; i++)
        is_ours |= seven_zip_has_method(&a.folders.at[i], METHOD_AES) ||
                   seven_zip_has_method(&a.folders.at[i], METHOD_DEFLATE64) ||
                   seven_zip_has_method(&a.folders.at[i], METHOD_ARM64);
    *is_ours_r = is_ours;
    return true;
}

/* --- Members --- */

static void list_items(const SevenZip *a, Members *members)
{
    size_t next = 0, left = a->folders.count ? a->folders.at[0].file_count : 0;
    for (size_t i = 0; i < a->items.count; i++) {
        const SevenZipItem *item = &a->items.at[i];
        MemberRow row = { .name = item->name, .is_size_known = true, .size = item->size };
        while (item->has_stream && left == 0 && next + 1 < a->folders.count)
            left = a->folders.at[++next].file_count;
        if (item->has_stream && left) {
            row.is_encrypted = is_encrypted(&a->folders.at[next]);
            left--;
        }
        if (item->time > UNIX_EPOCH_FILETIME)
            member_time(&row, (int64_t)((item->time - UNIX_EPOCH_FILETIME) / 10000000));
        members_row(members, &row);
    }
    members_list_end(members);
}

static void write_item(Members *members, const SevenZipFolder *folder, const SevenZipItem *item,
                       Str bytes)
{
    Error why = { 0 };
    if (item->has_crc && crc32_z(0, (const uint8_t *)bytes.at, bytes.length) != item->crc) {
        fail(&why, ERROR_DAMAGED, "its checksum is wrong: it is cut or was changed");
        fail_as_password(folder, &why);
        members_failed(members, item->name, &why);
    } else {
        members_read(members, item->name, bytes);
    }
}

/* One folder is unpacked once; its files follow each other in it. */
static void read_items(SevenZip *a, Members *members)
{
    size_t at = 0;
    for (size_t i = 0; i < a->folders.count && doc_writer_ok(members->doc); i++) {
        const SevenZipFolder *folder = &a->folders.at[i];
        AUTO_FREE char *bytes = NULL;
        Error why = { 0 };
        uint64_t from = 0;
        bool ok = members_may_grow(members, seven_zip_folder_size(folder), &why) &&
                  seven_zip_unpack(a, folder, &bytes, &why);
        if (!ok)
            fail_as_password(folder, &why);
        for (size_t k = 0; k < folder->file_count && at < a->items.count; at++) {
            const SevenZipItem *item = &a->items.at[at];
            if (!item->has_stream)
                continue;
            k++;
            if (ok && item->size <= seven_zip_folder_size(folder) - from)
                write_item(members, folder, item, (Str){ bytes + from, (size_t)item->size });
            else if (!ok)
                members_failed(members, item->name, &why);
            from = MIN(from + item->size, seven_zip_folder_size(folder));
        }
    }
}

bool seven_zip_read(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO(members_free) Members members = { 0 };
    SevenZip a = { .arena = arena, .bytes = source->bytes, .password = source->password };
    bool is_locked = false;
    if (!read_header(&a, &is_locked, err))
        return false;
    members_begin(&members, source, doc);
    list_items(&a, &members);
    read_items(&a, &members);
    return members_end(&members, err);
}
