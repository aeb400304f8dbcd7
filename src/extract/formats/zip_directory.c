/* zip_directory.c - see zip_directory.h. PKWARE APPNOTE 6.3.10. */
#include "extract/formats/zip_directory.h"

#include "base/utf8.h"
#include "extract/charset/encoding.h"

enum {
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR_SIZE = 20,
    CENTRAL_SIZE = 46,
    LOCAL_SIZE = 30,
    COMMENT_MAX = 65535,
    AES_METHOD = 99,
    FLAG_ENCRYPTED = 1,
    FLAG_BIG_WINDOW = 2, /* of Implode, as the next */
    FLAG_LITERAL_CODE = 4,
    FLAG_DESCRIPTOR = 8,
    FLAG_STRONG = 0x40,
    FLAG_UTF8 = 0x800,
    PATH_BYTES_MAX = 1000,
};

static uint64_t number(Str bytes, size_t at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size && at + i < bytes.length; i++)
        value |= (uint64_t)(uint8_t)bytes.at[at + i] << (8 * i);
    return value;
}

static bool has_mark(Str bytes, size_t at, const char *mark)
{
    return at < bytes.length && str_starts(str_from(bytes, at), str(mark));
}

/* The end record nearest to the end, before at most 64 KB of comment. */
static bool find_end(Str bytes, size_t *at_r)
{
    if (bytes.length < END_SIZE)
        return false;
    size_t last = bytes.length - END_SIZE;
    size_t first = last > COMMENT_MAX ? last - COMMENT_MAX : 0;
    for (size_t at = last + 1; at-- > first;) {
        if (has_mark(bytes, at, "PK\5\6")) {
            *at_r = at;
            return true;
        }
    }
    return false;
}

/* Sizes and offset over 4 GB are in an extra field, in a fixed order, only those that overflow. */
static void read_extra(Str extra, ZipEntry *entry)
{
    while (extra.length >= 4) {
        uint64_t id = number(extra, 0, 2), size = number(extra, 2, 2), at = 4;
        if (id == 1) {
            uint64_t *const fields[] = { &entry->size, &entry->packed, &entry->offset };
            for (size_t i = 0; i < COUNT(fields); i++) {
                if (*fields[i] != UINT32_MAX || at + 8 > size + 4)
                    continue;
                *fields[i] = number(extra, at, 8);
                at += 8;
            }
        }
        /* WinZip AES: version, "AE", strength, the method underneath. */
        if (id == 0x9901 && size >= 7 && entry->method == AES_METHOD) {
            uint64_t strength = number(extra, 8, 1);
            entry->aes_strength = strength >= 1 && strength <= 3 ? (uint8_t)strength : 0;
            entry->is_strong = entry->aes_strength == 0;
            entry->method = (uint16_t)number(extra, 9, 2);
        }
        extra = str_from(extra, (size_t)size + 4);
    }
}

static int compare_offsets(const void *a, const void *b)
{
    const ZipEntry *const *x = a, *const *y = b;
    return (*x)->offset < (*y)->offset ? -1 : (*x)->offset > (*y)->offset;
}

static bool entries_overlap(Arena *arena, const ZipDirectory *directory)
{
    size_t count = directory->entries.count;
    const ZipEntry **sorted = arena_new_array(arena, const ZipEntry *, count);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &directory->entries.at[i];
    qsort(sorted, count, sizeof *sorted, compare_offsets);
    for (size_t i = 0; i + 1 < count; i++)
        if (sorted[i]->packed > sorted[i + 1]->offset - sorted[i]->offset ||
            sorted[i]->offset + LOCAL_SIZE + sorted[i]->packed > sorted[i + 1]->offset)
            return true;
    return false;
}

bool zip_directory_read(Arena *arena, Str bytes, ZipDirectory *directory_r)
{
    size_t end;
    if (!find_end(bytes, &end))
        return false;
    uint64_t size = number(bytes, end + 12, 4), offset = number(bytes, end + 16, 4);
    uint64_t directory_end = end;
    if (end >= LOCATOR_SIZE && has_mark(bytes, end - LOCATOR_SIZE, "PK\6\7")) {
        uint64_t at = number(bytes, end - LOCATOR_SIZE + 8, 8);
        if (at < end && has_mark(bytes, (size_t)at, "PK\6\6")) {
            size = number(bytes, (size_t)at + 40, 8);
            offset = number(bytes, (size_t)at + 48, 8);
            directory_end = at;
        }
    }
    if (size > directory_end)
        return false;
    /* Offsets count from the archive's beginning, which a program may stand before. */
    uint64_t begin = directory_end - size;
    *directory_r = (ZipDirectory){ 0 };
    uint64_t before = begin > offset ? begin - offset : 0, disk = number(bytes, end + 4, 2);
    directory_r->is_split = disk != 0 && disk != UINT16_MAX;
    Str rest = str_slice(bytes, (size_t)begin, (size_t)directory_end);
    while (rest.length >= CENTRAL_SIZE && has_mark(rest, 0, "PK\1\2")) {
        size_t name = (size_t)number(rest, 28, 2), extra = (size_t)number(rest, 30, 2),
               comment = (size_t)number(rest, 32, 2), flags = (size_t)number(rest, 8, 2);
        if (directory_r->entries.count >= ZIP_ENTRIES_MAX)
            return false;
        ZipEntry *entry = vec_push(arena, &directory_r->entries);
        *entry = (ZipEntry){
            .name = str_slice(rest, CENTRAL_SIZE, CENTRAL_SIZE + name),
            .is_utf8 = flags & FLAG_UTF8,
            .is_encrypted = flags & FLAG_ENCRYPTED,
            .is_strong = flags & FLAG_STRONG,
            .has_descriptor = flags & FLAG_DESCRIPTOR,
            .imploded = { flags & FLAG_BIG_WINDOW, flags & FLAG_LITERAL_CODE },
            .crc = (uint32_t)number(rest, 16, 4),
            .method = (uint16_t)number(rest, 10, 2),
            .time = (uint16_t)number(rest, 12, 2),
            .date = (uint16_t)number(rest, 14, 2),
            .packed = number(rest, 20, 4),
            .size = number(rest, 24, 4),
            .offset = number(rest, 42, 4),
        };
        read_extra(str_slice(rest, CENTRAL_SIZE + name, CENTRAL_SIZE + name + extra), entry);
        if (!has_mark(bytes, (size_t)entry->offset, "PK\3\4"))
            entry->offset += before;
        rest = str_from(rest, CENTRAL_SIZE + name + extra + comment);
    }
    directory_r->has_overlap = entries_overlap(arena, directory_r);
    return directory_r->entries.count > 0 || bytes.length == END_SIZE;
}

/* Bytes of a member whose size stands behind it: to the next mark. */
static uint64_t packed_by_mark(Str bytes, size_t start)
{
    static const char *const marks[] = { "PK\7\10", "PK\3\4", "PK\1\2" };
    Str rest = str_from(bytes, start);
    for (size_t at = 0; at + 4 <= rest.length;) {
        const char *found = memchr(rest.at + at, 'P', rest.length - at);
        if (!found)
            break;
        at = (size_t)(found - rest.at);
        for (size_t i = 0; i < COUNT(marks); i++)
            if (has_mark(rest, at, marks[i]))
                return at;
        at++;
    }
    return rest.length;
}

void zip_directory_scan(Arena *arena, Str bytes, ZipDirectory *directory_r)
{
    *directory_r = (ZipDirectory){ 0 };
    for (size_t at = 0; directory_r->entries.count < ZIP_ENTRIES_MAX;) {
        ptrdiff_t found = str_find(str_from(bytes, at), S("PK\3\4"));
        if (found < 0 || at + (size_t)found + LOCAL_SIZE > bytes.length)
            return;
        at += (size_t)found;
        Str local = str_from(bytes, at);
        size_t name = (size_t)number(local, 26, 2), extra = (size_t)number(local, 28, 2),
               flags = (size_t)number(local, 6, 2), start = LOCAL_SIZE + name + extra;
        ZipEntry entry = { .name = str_slice(local, LOCAL_SIZE, LOCAL_SIZE + name),
                           .is_utf8 = flags & FLAG_UTF8,
                           .is_encrypted = flags & FLAG_ENCRYPTED,
                           .is_strong = flags & FLAG_STRONG,
                           .has_descriptor = flags & FLAG_DESCRIPTOR,
                           .imploded = { flags & FLAG_BIG_WINDOW, flags & FLAG_LITERAL_CODE },
                           .method = (uint16_t)number(local, 8, 2),
                           .time = (uint16_t)number(local, 10, 2),
                           .date = (uint16_t)number(local, 12, 2),
                           .crc = (uint32_t)number(local, 14, 4),
                           .packed = number(local, 18, 4),
                           .size = number(local, 22, 4),
                           .offset = at };
        read_extra(str_slice(local, LOCAL_SIZE + name, start), &entry);
        entry.offset = at;
        if (entry.has_descriptor && entry.packed == 0 && start < local.length) {
            entry.packed = packed_by_mark(local, start);
            Str after = str_from(local, start + (size_t)entry.packed);
            if (has_mark(after, 0, "PK\7\10") && after.length >= 16) {
                entry.crc = (uint32_t)number(after, 4, 4);
                entry.size = number(after, 12, 4);
            }
        }
        if (start <= local.length)
            *vec_push(arena, &directory_r->entries) = entry;
        at += start + (size_t)MIN(entry.packed, local.length);
    }
}

const ZipEntry *zip_directory_find(const ZipDirectory *directory, const char *name)
{
    for (size_t i = 0; i < directory->entries.count; i++)
        if (str_is(directory->entries.at[i].name, name))
            return &directory->entries.at[i];
    return NULL;
}

Str zip_name(Arena *arena, Str raw)
{
    static const char *const east_asian[] = { "Shift_JIS",        "GB18030", "Big5",
                                              "EUC-JP",           "EUC-KR",  "windows-949",
                                              "ibm-943_P15A-2003" };
    const char *charset;
    Str name = text_decode(arena, raw, STR_NONE, &charset);
    if (utf8_is_valid(raw))
        return name;
    for (size_t i = 0; i < COUNT(east_asian); i++)
        if (str_equal_ignore_case(str(charset), str(east_asian[i])))
            return name;
    return text_decode(arena, raw, S("ibm-437"), NULL);
}

Str zip_safe_path(Arena *arena, Str name, bool *changed_r)
{
    Buf path = buf_new(arena, PATH_BYTES_MAX);
    Str clean = str_copy(arena, name), part;
    char *at = arena_alloc(arena, name.length + 1);
    *changed_r = false;
    for (size_t i = 0; i < clean.length; i++) {
        unsigned char c = (unsigned char)clean.at[i];
        bool is_bad = c < ' ' || c == 127;
        at[i] = (char)(c == '\\' ? '/' : is_bad ? '_' : c);
        *changed_r |= is_bad;
    }
    Str rest = { at, clean.length };
    *changed_r |= str_starts(rest, S("/"));
    if (rest.length >= 2 && rest.at[1] == ':') {
        *changed_r = true;
        rest = str_from(rest, 2);
    }
    while (str_next(&rest, '/', &part)) {
        if (part.length == 0 || str_is(part, "."))
            continue;
        if (str_is(part, "..")) {
            *changed_r = true;
            continue;
        }
        if (path.length)
            buf_add_char(&path, '/');
        buf_add(&path, part);
    }
    Str safe = str_slice(buf_str(&path), 0, utf8_floor(buf_str(&path), path.length));
    return safe.length ? safe : S("unnamed");
}
