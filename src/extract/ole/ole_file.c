/* ole_file.c - see ole_file.h; section numbers are of [MS-CFB]. */
#include "extract/ole/ole_file.h"

#include "base/utf8.h"

enum {
    ENTRY_SIZE = 128,
    HEADER_SIZE = 512,
    HEADER_FAT_SECTORS = 109,
    MINI_SECTOR = 64,
    DEPTH_MAX = 32,
    ENTRIES_MAX = 1 << 18,
    PATH_MAX_LENGTH = 400,
    /* Streams do not overlap, and a reader wants each a few times at most. */
    COPIES_MAX = 8,
};
static const uint32_t LAST_SECTOR = 0xFFFFFFFA; /* larger values are marks */
static const uint32_t NO_ENTRY = 0xFFFFFFFF;

/* 2.6.1 */
enum { TYPE_STORAGE = 1, TYPE_STREAM = 2, TYPE_ROOT = 5 };

static uint64_t number_at(Str bytes, size_t at, size_t width)
{
    uint64_t number = 0;
    for (size_t i = 0; i < width && at + i < bytes.length; i++)
        number |= (uint64_t)(unsigned char)bytes.at[at + i] << (8 * i);
    return number;
}

uint16_t le16_at(Str bytes, size_t at) { return (uint16_t)number_at(bytes, at, 2); }
uint32_t le32_at(Str bytes, size_t at) { return (uint32_t)number_at(bytes, at, 4); }
uint64_t le64_at(Str bytes, size_t at) { return number_at(bytes, at, 8); }

bool ole_is_file(Str bytes) { return str_starts(bytes, S("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")); }

/* --- Sectors --- */

static Str sector_at(const OleFile *file, uint32_t sector)
{
    size_t start = ((size_t)sector + 1) * file->sector_size;
    return str_slice(file->bytes, start, start + file->sector_size);
}

/* How many sectors of the chain follow each other on disk, up to `size` bytes. */
static size_t straight_run(const OleFile *file, uint32_t sector, size_t size)
{
    size_t run = 0;
    while (sector < file->fat_count && run * file->sector_size < size) {
        run++;
        if (file->fat[sector] != sector + 1)
            break;
        sector++;
    }
    return run;
}

/* The bytes of a chain of sectors, at most `size`. */
static Str read_chain(OleFile *file, uint32_t sector, size_t size)
{
    size = MIN(size, file->bytes.length);
    size_t run = straight_run(file, sector, size);
    if (run * file->sector_size >= size) {
        size_t start = ((size_t)sector + 1) * file->sector_size;
        return str_slice(file->bytes, start, start + size);
    }
    Buf out = buf_new(file->arena, size);
    for (size_t steps = 0; sector < file->fat_count && steps <= file->sector_count; steps++) {
        buf_add(&out, str_slice(sector_at(file, sector), 0, size - out.length));
        if (out.length >= size)
            break;
        sector = file->fat[sector];
    }
    file->copied += out.length;
    return buf_str(&out);
}

/* 2.4: streams below the cut-off live in 64-byte pieces of the root's stream. */
static Str read_mini_chain(OleFile *file, uint32_t sector, size_t size)
{
    Buf out = buf_new(file->arena, size);
    size_t steps_max = file->mini_stream.length / MINI_SECTOR + 1;
    for (size_t steps = 0; sector < LAST_SECTOR && steps < steps_max; steps++) {
        size_t start = (size_t)sector * MINI_SECTOR;
        buf_add(&out, str_slice(file->mini_stream, start,
                                start + MIN((size_t)MINI_SECTOR, size - out.length)));
        if (out.length >= size || ((size_t)sector + 1) * 4 > file->mini_fat.length)
            break;
        sector = le32_at(file->mini_fat, (size_t)sector * 4);
    }
    file->copied += out.length;
    return buf_str(&out);
}

static void add_fat_sector(OleFile *file, uint32_t sector)
{
    Str entries = sector_at(file, sector);
    for (size_t i = 0; i + 4 <= entries.length && file->fat_count < file->sector_count; i += 4)
        file->fat[file->fat_count++] = le32_at(entries, i);
}

/* 2.5: the first 109 sectors of the FAT are in the header, the rest in a chain. */
static void read_fat(OleFile *file)
{
    file->fat = arena_new_array(file->arena, uint32_t, file->sector_count + 1);
    for (size_t i = 0; i < HEADER_FAT_SECTORS; i++) {
        uint32_t sector = le32_at(file->bytes, 76 + i * 4);
        if (sector < LAST_SECTOR)
            add_fat_sector(file, sector);
    }
    uint32_t next = le32_at(file->bytes, 68);
    for (size_t steps = 0; next < LAST_SECTOR && steps < file->sector_count; steps++) {
        Str more = sector_at(file, next);
        if (more.length < file->sector_size)
            return;
        for (size_t i = 0; i + 4 < file->sector_size; i += 4) {
            uint32_t sector = le32_at(more, i);
            if (sector < LAST_SECTOR)
                add_fat_sector(file, sector);
        }
        next = le32_at(more, file->sector_size - 4);
    }
}

/* --- The directory --- */

/* The name in UTF-16 at the start of an entry. */
static Str entry_name(Arena *arena, Str entry)
{
    size_t size = MIN((size_t)le16_at(entry, 64), (size_t)64);
    Buf out = buf_new(arena, 128);
    for (size_t i = 0; i + 2 <= size; i += 2) {
        uint32_t c = le16_at(entry, i), low = i + 4 <= size ? le16_at(entry, i + 2) : 0;
        if (c == 0)
            break;
        if (c >= 0xD800 && c < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        buf_add_utf8(&out, c >= 0xD800 && c < 0xE000 ? UTF8_REPLACEMENT : c);
    }
    return buf_str(&out);
}

typedef struct Tree {
    OleFile *file;
    Str directory;
    bool *is_seen; /* by directory index: a crafted tree may lead back */
    VEC(uint32_t) waiting;
} Tree;

static Str tree_entry(const Tree *tree, uint32_t index)
{
    size_t at = (size_t)index * ENTRY_SIZE;
    return str_slice(tree->directory, at, at + ENTRY_SIZE);
}

static int add_entry(OleFile *file, Str raw, int parent)
{
    OleEntry entry = { .parent = parent,
                       .is_stream = raw.at[66] == TYPE_STREAM,
                       .modified = le64_at(raw, 108),
                       .size = le32_at(raw, 120),
                       .first = le32_at(raw, 116) };
    memcpy(entry.class_id, raw.at + 80, sizeof entry.class_id);
    if (parent >= 0) {
        const OleEntry *above = &file->entries.at[parent];
        entry.name = entry_name(file->arena, raw);
        entry.path = entry.name;
        if (above->path.length > 0 && above->path.length < PATH_MAX_LENGTH)
            entry.path = str_format(file->arena, STR_FMT "/" STR_FMT, STR_ARG(above->path),
                                    STR_ARG(entry.name));
    }
    int index = (int)file->entries.count;
    entry.end = index + 1;
    *vec_push(file->arena, &file->entries) = entry;
    if (parent >= 0) {
        bool added;
        MapEntry *slot = map_add(&file->paths, str_lower(file->arena, entry.path), &added);
        if (added)
            slot->number = index;
    }
    return index;
}

/* The siblings of a storage's tree (2.6.4), from the first; their contents after each. */
static void add_siblings(Tree *tree, uint32_t top, int parent, int depth)
{
    size_t base = tree->waiting.count;
    uint32_t at = top, count = (uint32_t)(tree->directory.length / ENTRY_SIZE);
    for (;;) {
        while (at < count && !tree->is_seen[at]) {
            tree->is_seen[at] = true;
            *vec_push(tree->file->arena, &tree->waiting) = at;
            at = le32_at(tree_entry(tree, at), 68);
        }
        if (tree->waiting.count == base)
            return;
        uint32_t here = tree->waiting.at[--tree->waiting.count];
        Str raw = tree_entry(tree, here);
        at = le32_at(raw, 72);
        if (raw.at[66] != TYPE_STREAM && raw.at[66] != TYPE_STORAGE)
            continue;
        int index = add_entry(tree->file, raw, parent);
        uint32_t child = le32_at(raw, 76);
        if (raw.at[66] == TYPE_STORAGE && child != NO_ENTRY && depth < DEPTH_MAX)
            add_siblings(tree, child, index, depth + 1);
        tree->file->entries.at[index].end = (int)tree->file->entries.count;
    }
}

/* Streams that the tree does not lead to belong to the root, so that a broken one can be read. */
static void add_lost(Tree *tree)
{
    for (uint32_t i = 1; i < tree->directory.length / ENTRY_SIZE; i++) {
        Str raw = tree_entry(tree, i);
        if (!tree->is_seen[i] && raw.at[66] == TYPE_STREAM)
            add_entry(tree->file, raw, 0);
    }
}

static bool read_directory(OleFile *file, Error *err)
{
    Str directory = read_chain(file, le32_at(file->bytes, 48), file->bytes.length);
    directory = str_slice(directory, 0, directory.length / ENTRY_SIZE * ENTRY_SIZE);
    directory = str_slice(directory, 0, (size_t)ENTRIES_MAX * ENTRY_SIZE);
    if (directory.length < ENTRY_SIZE)
        return fail(err, ERROR_DAMAGED, "the OLE file has no directory");
    Tree tree = { .file = file, .directory = directory };
    tree.is_seen = arena_new_array(file->arena, bool, directory.length / ENTRY_SIZE);
    tree.is_seen[0] = true;
    Str root = tree_entry(&tree, 0);
    add_entry(file, root, -1);
    file->entries.at[0].is_stream = false;
    add_siblings(&tree, le32_at(root, 76), 0, 0);
    add_lost(&tree);
    file->entries.at[0].end = (int)file->entries.count;
    file->mini_stream = read_chain(file, le32_at(root, 116), le32_at(root, 120));
    file->mini_fat = read_chain(file, le32_at(file->bytes, 60),
                                (size_t)le32_at(file->bytes, 64) * file->sector_size);
    return true;
}

bool ole_open(Arena *arena, Str bytes, OleFile *file_r, Error *err)
{
    OleFile file = { .arena = arena, .bytes = bytes, .paths = map_new(arena) };
    uint32_t shift = le16_at(bytes, 30);
    if (!ole_is_file(bytes) || bytes.length < HEADER_SIZE || (shift != 9 && shift != 12))
        return fail(err, ERROR_DAMAGED, "the OLE file is broken");
    file.sector_size = (size_t)1 << shift;
    file.sector_count = (bytes.length + file.sector_size - 1) / file.sector_size;
    file.mini_cutoff = le32_at(bytes, 56);
    read_fat(&file);
    if (!read_directory(&file, err))
        return false;
    *file_r = file;
    return true;
}

/* --- Looking up --- */

static const OleEntry *find(const OleFile *file, Str path)
{
    char text[512];
    if (path.length >= sizeof text)
        return NULL;
    for (size_t i = 0; i < path.length; i++) {
        char c = path.at[i];
        text[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    const MapEntry *entry = map_find(&file->paths, (Str){ text, path.length });
    return entry ? &file->entries.at[entry->number] : NULL;
}

const OleEntry *ole_find(const OleFile *file, const char *path) { return find(file, str(path)); }

const OleEntry *ole_find_in(const OleFile *file, const OleEntry *storage, const char *path)
{
    char text[512];
    if (!storage || storage->path.length == 0)
        return find(file, str(path));
    int length = snprintf(text, sizeof text, STR_FMT "/%s", STR_ARG(storage->path), path);
    return length > 0 && (size_t)length < sizeof text ? find(file, str(text)) : NULL;
}

const OleEntry *ole_next_child(const OleFile *file, const OleEntry *storage, const OleEntry *after)
{
    ptrdiff_t next = after ? after->end : storage - file->entries.at + 1;
    return next < storage->end ? &file->entries.at[next] : NULL;
}

bool ole_read(OleFile *file, const OleEntry *stream, size_t bytes_max, Str *bytes_r, Error *err)
{
    if (stream->size > bytes_max)
        return fail(err, ERROR_TOO_LARGE, "the stream " STR_FMT " has %zu bytes",
                    STR_ARG(str_slice(stream->path, 0, 100)), stream->size);
    if (file->copied / COPIES_MAX > file->bytes.length)
        return fail(err, ERROR_DAMAGED, "the streams of the OLE file overlap");
    *bytes_r = stream->size < file->mini_cutoff ? read_mini_chain(file, stream->first, stream->size)
                                                : read_chain(file, stream->first, stream->size);
    return true;
}

bool ole_read_path(OleFile *file, const char *path, size_t bytes_max, Str *bytes_r, Error *err)
{
    const OleEntry *entry = ole_find(file, path);
    if (!entry || !entry->is_stream)
        return fail(err, ERROR_NOT_FOUND, "the OLE file has no stream %s", path);
    return ole_read(file, entry, bytes_max, bytes_r, err);
}

static const OleEntry *find_anywhere(const OleFile *file, const char *name)
{
    const OleEntry *found = ole_find(file, name);
    for (size_t i = 0; !found && i < file->entries.count; i++)
        if (str_is(file->entries.at[i].name, name))
            found = &file->entries.at[i];
    return found;
}

bool ole_read_stream(Arena *arena, Str bytes, const char *name, size_t bytes_max, Str *stream_r,
                     Error *err)
{
    OleFile file;
    if (!ole_open(arena, bytes, &file, err))
        return false;
    const OleEntry *entry = find_anywhere(&file, name);
    if (!entry || !entry->is_stream)
        return fail(err, ERROR_NOT_FOUND, "the OLE file has no stream %s", name);
    return ole_read(&file, entry, bytes_max, stream_r, err);
}

bool ole_holds(Str bytes, const char *name)
{
    if (!ole_is_file(bytes))
        return false;
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    OleFile file;
    Error err;
    return ole_open(arena, bytes, &file, &err) && ole_find(&file, name);
}
