/* package.c - ZIP as Office files use it (APPNOTE 6.3: stored and deflated, ZIP64 sizes). */
#include "extract/package.h"

#include "extract/package_flat.h"

#include <zlib.h>

enum {
    PARTS_MAX = 100000,
    NAME_MAX_LENGTH = 65535,
    RATIO_MAX = 200,
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8
};
static const size_t RATIO_FREE_BYTES = MB(32); /* smaller parts may have any ratio */
static const size_t NAMES_MAX = MB(8);         /* of all parts together */

static uint64_t little(Str bytes, size_t at, int width)
{
    uint64_t number = 0;
    for (int i = 0; i < width && at + (size_t)i < bytes.length; i++)
        number |= (uint64_t)(unsigned char)bytes.at[at + (size_t)i] << (8 * i);
    return number;
}

/* --- The directory --- */

/* Sizes and offset of a large member are in extra field 1, in this order, each only when the
 * short form says 0xFFFFFFFF (APPNOTE 4.5.3). */
static void read_zip64(Str extra, uint64_t *size, uint64_t *packed, uint64_t *at)
{
    uint64_t *fields[] = { size, packed, at };
    while (extra.length >= 4) {
        size_t length = little(extra, 2, 2);
        if (little(extra, 0, 2) == 1) {
            size_t from = 4;
            for (size_t i = 0; i < COUNT(fields); i++)
                if (*fields[i] == UINT32_MAX && from + 8 <= length + 4) {
                    *fields[i] = little(extra, from, 8);
                    from += 8;
                }
            return;
        }
        extra = str_from(extra, 4 + length);
    }
}

static Str part_name(Arena *arena, Str name)
{
    while (name.length && HAS_CHAR(name.at[0], "/\\"))
        name = str_from(name, 1);
    char *copy = str_c(arena, name);
    for (size_t i = 0; i < name.length; i++)
        if (copy[i] == '\\')
            copy[i] = '/';
    return (Str){ copy, name.length };
}

Str package_listing(Str bytes)
{
    size_t first = bytes.length > KB(64) + 22 ? bytes.length - KB(64) - 22 : 0;
    for (size_t at = bytes.length < 22 ? 0 : bytes.length - 22; at > first; at--)
        if (memcmp(bytes.at + at, "PK\5\6", 4) == 0) {
            uint64_t begin = little(bytes, at + 16, 4);
            if (begin < at)
                return str_slice(bytes, begin, at);
            break;
        }
    return str_from(bytes, bytes.length > MB(1) ? bytes.length - MB(1) : 0);
}

static bool read_directory(Package *package)
{
    Str bytes = package->bytes;
    size_t names = 0;
    size_t tail = bytes.length > KB(64) + 22 ? bytes.length - KB(64) - 22 : 0, end = 0;
    for (size_t at = tail; at + 22 <= bytes.length; at++)
        if (memcmp(bytes.at + at, "PK\5\6", 4) == 0)
            end = at + 1;
    if (end == 0)
        return false;
    uint64_t count = little(bytes, end - 1 + 10, 2), at = little(bytes, end - 1 + 16, 4);
    if (at == UINT32_MAX && end > 20 && memcmp(bytes.at + end - 21, "PK\6\7", 4) == 0) {
        uint64_t large = little(bytes, end - 21 + 8, 8);
        if (large < bytes.length) {
            count = little(bytes, large + 32, 8);
            at = little(bytes, large + 48, 8);
        }
    }
    for (uint64_t i = 0; i < count && i < PARTS_MAX; i++) {
        if (at > bytes.length || at + 46 > bytes.length || memcmp(bytes.at + at, "PK\1\2", 4) != 0)
            break;
        uint64_t packed = little(bytes, at + 20, 4), size = little(bytes, at + 24, 4);
        uint64_t local = little(bytes, at + 42, 4);
        size_t name = little(bytes, at + 28, 2), extra = little(bytes, at + 30, 2);
        if ((names += name) > NAMES_MAX)
            break;
        read_zip64(str_slice(bytes, at + 46 + name, at + 46 + name + extra), &size, &packed,
                   &local);
        *vec_push(package->arena, &package->parts) =
            (Part){ .name = part_name(package->arena, str_slice(bytes, at + 46, at + 46 + name)),
                    .at = local,
                    .packed = packed,
                    .size = size,
                    .method = (int)little(bytes, at + 10, 2),
                    .is_encrypted = little(bytes, at + 8, 2) & 1 };
        at += 46 + name + extra + little(bytes, at + 32, 2);
    }
    return package->parts.count > 0;
}

static void scan_members(Package *package)
{
    Str bytes = package->bytes;
    size_t names = 0;
    for (size_t at = 0; at + 30 <= bytes.length && package->parts.count < PARTS_MAX;) {
        const char *found = memmem(bytes.at + at, bytes.length - at, "PK\3\4", 4);
        if (!found || (at = (size_t)(found - bytes.at)) + 30 > bytes.length)
            return;
        size_t name = little(bytes, at + 26, 2), packed = little(bytes, at + 18, 4);
        if ((names += name) > NAMES_MAX)
            return;
        *vec_push(package->arena, &package->parts) =
            (Part){ .name = part_name(package->arena, str_slice(bytes, at + 30, at + 30 + name)),
                    .at = at,
                    .packed = packed,
                    .size = little(bytes, at + 22, 4),
                    .method = (int)little(bytes, at + 8, 2),
                    .is_encrypted = little(bytes, at + 6, 2) & 1 };
        at += 30 + name;
    }
}

/* The first of two parts of one name is the part. */
void package_index(Package *package)
{
    package->names = map_new(package->arena);
    for (size_t i = 0; i < package->parts.count; i++) {
        bool is_new;
        Str name = str_lower(package->arena, package->parts.at[i].name);
        MapEntry *entry = map_add(&package->names, name, &is_new);
        if (is_new)
            entry->number = (int64_t)i;
    }
}

bool package_open(Arena *arena, Str bytes, size_t unpacked_max, Package *package_r, Error *err)
{
    Package package = { .arena = arena, .bytes = bytes, .unpacked_max = unpacked_max };
    if (package_is_flat(bytes)) {
        package_read_flat(&package);
    } else if (!read_directory(&package)) {
        package.parts.count = 0;
        scan_members(&package);
    }
    package_index(&package);
    if (package.parts.count == 0)
        return fail(err, ERROR_DAMAGED, "the file is not a complete ZIP archive");
    *package_r = package;
    return true;
}

const Part *package_find(const Package *package, Str name)
{
    while (name.length && name.at[0] == '/')
        name = str_from(name, 1);
    if (name.length > NAME_MAX_LENGTH) /* longer than a ZIP can say */
        return NULL;
    AUTO_ARENA Arena *arena = arena_new(NAME_MAX_LENGTH * 2);
    const MapEntry *entry = map_find(&package->names, str_lower(arena, name));
    return entry ? &package->parts.at[entry->number] : NULL;
}

/* --- Unpacking --- */

typedef bool Receive(void *self, const void *bytes, size_t count);

static bool count_unpacked(Package *package, const Part *part, size_t size, size_t packed,
                           size_t total, Error *err)
{
    if (size > package->unpacked_max - package->unpacked)
        return fail(err, ERROR_TOO_LARGE, "the file unpacks to more than %zu MB",
                    package->unpacked_max >> 20);
    if (total > RATIO_FREE_BYTES && total / RATIO_MAX > packed)
        return fail(err, ERROR_TOO_LARGE, STR_FMT " unpacks to over %d times its size",
                    STR_ARG(part->name), RATIO_MAX);
    package->unpacked += size;
    return true;
}

static bool inflate_part(Package *package, const Part *part, Str packed, Receive *receive,
                         void *self, Error *err)
{
    unsigned char out[KB(32)];
    z_stream stream = { .next_in = (unsigned char *)(uintptr_t)packed.at,
                        .avail_in = (unsigned)MIN(packed.length, UINT32_MAX) };
    bool ok = true, wants_more = true;
    int status = inflateInit2(&stream, -MAX_WBITS) == Z_OK ? Z_OK : Z_MEM_ERROR;
    while (status == Z_OK && ok && wants_more) {
        stream.next_out = out;
        stream.avail_out = sizeof out;
        status = inflate(&stream, Z_NO_FLUSH);
        size_t size = sizeof out - stream.avail_out;
        ok = count_unpacked(package, part, size, stream.total_in, stream.total_out, err);
        wants_more = ok && size > 0 && receive(self, out, size);
        if (size == 0 && status == Z_OK)
            status = Z_BUF_ERROR;
    }
    inflateEnd(&stream);
    if (ok && wants_more && status != Z_STREAM_END && stream.total_out == 0)
        return fail(err, ERROR_DAMAGED, STR_FMT " is broken", STR_ARG(part->name));
    return ok;
}

/* Gives the part a piece at a time; a part that is cut gives what is there. */
static bool unpack(Package *package, const Part *part, Receive *receive, void *self, Error *err)
{
    Str bytes = package->bytes;
    if (part->data.length) {
        receive(self, part->data.at, part->data.length);
        return true;
    }
    if (part->at >= bytes.length || part->at + 30 > bytes.length ||
        memcmp(bytes.at + part->at, "PK\3\4", 4) != 0)
        return fail(err, ERROR_DAMAGED, STR_FMT " is not where the archive says",
                    STR_ARG(part->name));
    if (part->is_encrypted)
        return fail(err, ERROR_ENCRYPTED, STR_FMT " is encrypted", STR_ARG(part->name));
    size_t start =
        part->at + 30 + little(bytes, part->at + 26, 2) + little(bytes, part->at + 28, 2);
    Str packed = str_from(bytes, start);
    if (part->method == METHOD_STORED) {
        packed = str_slice(packed, 0, part->packed);
        if (!count_unpacked(package, part, packed.length, packed.length, packed.length, err))
            return false;
        receive(self, packed.at, packed.length);
        return true;
    }
    if (part->method != METHOD_DEFLATED)
        return fail(err, ERROR_UNSUPPORTED, STR_FMT " is packed by an unknown method %d",
                    STR_ARG(part->name), part->method);
    return inflate_part(package, part, packed, receive, self, err);
}

static bool receive_bytes(void *self, const void *bytes, size_t count)
{
    Buf *out = self;
    buf_add_bytes(out, bytes, count);
    return !out->overflowed;
}

bool package_read(Package *package, Arena *arena, const Part *part, size_t bytes_max, Str *bytes_r,
                  Error *err)
{
    Buf out = buf_new(arena, bytes_max);
    if (!unpack(package, part, receive_bytes, &out, err))
        return false;
    if (out.overflowed)
        return fail(err, ERROR_TOO_LARGE, STR_FMT " is larger than %zu bytes when unpacked",
                    STR_ARG(part->name), bytes_max);
    *bytes_r = buf_str(&out);
    return true;
}

static bool receive_xml(void *self, const void *bytes, size_t count)
{
    return xml_add(self, bytes, count);
}

bool package_parse(Package *package, const Part *part, const XmlEvents *events, void *self,
                   Error *err)
{
    XmlParser *parser = xml_begin(events, self);
    Error xml_err = { 0 };
    bool ok = unpack(package, part, receive_xml, parser, err);
    bool xml_ok = xml_end(parser, &xml_err);
    if (ok && !xml_ok) {
        *err = xml_err;
        return fail_in(err, STR_FMT, STR_ARG(part->name));
    }
    return ok;
}
