/* shelf_manifest.c - a shelf on disk: segment files and the manifest that names them.
 *
 * Manifest, little-endian: "LSHELF01", version and setting of the kind, generation, next file
 * number, segment count; then for each segment: file number, length, CRC-32C of the file, entry
 * count, bitmap of living entries; at last the CRC-32C of all before it. */
#include <dirent.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "index/shelf_private.h"

#define MAGIC "LSHELF01"
#define MANIFEST "manifest"
#define MANIFEST_MAX MB(256)

typedef struct ManifestHead {
    char magic[8];
    uint64_t version, setting, generation, next_number, segment_count;
} ManifestHead;

typedef struct ManifestRow {
    uint64_t number, length;
    uint32_t crc, count;
} ManifestRow;

char *shelf_file(Arena *arena, const Shelf *shelf, uint64_t number)
{
    return path_join(arena, str(shelf->folder), str_format(arena, "%08" PRIx64 ".seg", number));
}

/* --- Writing --- */

/* Write the segment's bytes to a file and read them from there from now on. */
static bool save_segment(Shelf *shelf, Arena *arena, Segment **segment, Error *err)
{
    uint64_t number = shelf->next_number++;
    char *path = shelf_file(arena, shelf, number);
    FileMap map;
    if (!file_write(path, (*segment)->bytes, 0600, err) || !file_map(path, &map, err))
        return false;
    Segment *saved = segment_new(shelf, map.bytes, true, err);
    if (!saved) {
        file_unmap(&map);
        return false;
    }
    saved->number = number;
    saved->id = (*segment)->id;
    saved->crc = crc32c(0, (*segment)->bytes.at, (*segment)->bytes.length);
    for (size_t i = 0; i < bitmap_words(saved->count); i++)
        saved->live[i] = (*segment)->live[i];
    saved->live_count = (*segment)->live_count;
    *segment = saved;
    return true;
}

static Str manifest_bytes(Arena *arena, const Shelf *shelf, const Snapshot *now,
                          uint64_t generation)
{
    Buf out = buf_new(arena, MANIFEST_MAX);
    ManifestHead head = { .version = shelf->kind->version,
                          .setting = shelf->setting,
                          .generation = generation,
                          .next_number = shelf->next_number,
                          .segment_count = now->count };
    memcpy(head.magic, MAGIC, sizeof(head.magic));
    buf_add_bytes(&out, &head, sizeof(head));
    for (size_t i = 0; i < now->count; i++) {
        const Segment *segment = now->at[i];
        ManifestRow row = { segment->number, segment->bytes.length, segment->crc, segment->count };
        buf_add_bytes(&out, &row, sizeof(row));
        for (size_t w = 0; w < bitmap_words(segment->count); w++) {
            uint64_t word = segment->live[w];
            buf_add_bytes(&out, &word, sizeof(word));
        }
    }
    uint32_t crc = crc32c(0, out.at, out.length);
    buf_add_bytes(&out, &crc, sizeof(crc));
    return buf_str(&out);
}

/* Segment files that the current snapshot does not name, and temporary files of a crash. */
static void remove_strangers(const Shelf *shelf, Arena *arena, const Snapshot *now)
{
    DIR *folder = opendir(shelf->folder);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        Str name = str(entry->d_name);
        bool is_known = !str_ends(name, S(".seg")) && !str_ends(name, S(".tmp"));
        /* Also under its temporary name. */
        is_known |=
            shelf->merging && str_starts(name, str_format(arena, "%08" PRIx64, shelf->merging));
        for (size_t i = 0; i < now->count; i++)
            is_known |=
                str_equal(name, path_name(str(shelf_file(arena, shelf, now->at[i]->number))));
        if (!is_known)
            unlink(path_join(arena, str(shelf->folder), name));
    }
    if (folder)
        closedir(folder);
}

bool shelf_commit(Shelf *shelf, uint64_t generation, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    if (!folder_make(shelf->folder, 0700, err))
        return false;
    shelf_compact(shelf);
    AUTO_SNAPSHOT Snapshot *before = shelf_snapshot(shelf);
    AUTO_FREE Segment **after = heap_alloc((before->count + 1) * sizeof(*after));
    bool ok = true;
    for (size_t i = 0; i < before->count; i++) {
        after[i] = before->at[i];
        if (ok && !after[i]->number)
            ok = save_segment(shelf, arena, &after[i], err);
    }
    shelf_publish(shelf, after, before->count);
    for (size_t i = 0; i < before->count; i++)
        if (after[i] != before->at[i])
            segment_drop(after[i]);
    if (!ok)
        return fail_in(err, "saving the %s index", shelf->kind->name);

    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(shelf);
    char *path = path_join(arena, str(shelf->folder), S(MANIFEST));
    if (!file_write(path, manifest_bytes(arena, shelf, now, generation), 0600, err))
        return fail_in(err, "saving the %s index", shelf->kind->name);
    remove_strangers(shelf, arena, now);
    shelf->has_merged = false;
    return true;
}

/* --- Reading --- */

static bool damaged(Error *err, const char *what)
{
    return fail(err, ERROR_INTERNAL, "%s; the index has to be rebuilt from the database", what);
}

static bool take(Str *rest, void *out, size_t count)
{
    if (rest->length < count)
        return false;
    memcpy(out, rest->at, count);
    *rest = str_from(*rest, count);
    return true;
}

static bool check_manifest(const Shelf *shelf, Str bytes, ManifestHead *head, Str *rows, Error *err)
{
    uint32_t crc;
    if (bytes.length < sizeof(*head) + sizeof(crc))
        return damaged(err, "the manifest is cut short");
    memcpy(&crc, bytes.at + bytes.length - sizeof(crc), sizeof(crc));
    bytes.length -= sizeof(crc);
    if (crc != crc32c(0, bytes.at, bytes.length))
        return damaged(err, "the manifest's checksum is wrong");
    memcpy(head, bytes.at, sizeof(*head));
    *rows = str_from(bytes, sizeof(*head));
    if (memcmp(head->magic, MAGIC, sizeof(head->magic)) != 0 ||
        head->version != shelf->kind->version || head->setting != shelf->setting)
        return damaged(err, "the manifest is of another version or model");
    return true;
}

/* The living entries of a loaded segment, from the manifest. */
static bool read_live(Segment *segment, Str *rows)
{
    uint32_t live_count = 0;
    for (size_t w = 0; w < bitmap_words(segment->count); w++) {
        uint64_t word;
        if (!take(rows, &word, sizeof(word)) || (word & ~segment->live[w]))
            return false;
        segment->live[w] = word;
        live_count += (uint32_t)__builtin_popcountll(word);
    }
    segment->live_count = live_count;
    return true;
}

static Segment *load_segment(Shelf *shelf, Arena *arena, Str *rows, Error *err)
{
    ManifestRow row;
    FileMap map;
    if (!take(rows, &row, sizeof(row))) {
        damaged(err, "the manifest is cut short");
        return NULL;
    }
    char *path = shelf_file(arena, shelf, row.number);
    if (!file_map(path, &map, err))
        return NULL;
    Segment *segment = NULL;
    if (map.bytes.length != row.length || crc32c(0, map.bytes.at, map.bytes.length) != row.crc)
        fail(err, ERROR_INTERNAL, "%s is not as it was written", path);
    else
        segment = segment_new(shelf, map.bytes, true, err);
    if (!segment) {
        file_unmap(&map);
        return NULL;
    }
    segment->number = row.number;
    segment->crc = row.crc;
    if (segment->count != row.count || !read_live(segment, rows)) {
        segment_drop(segment);
        damaged(err, "the manifest does not fit its segments");
        return NULL;
    }
    /* The check has touched every page: give them back until a search wants them. */
    madvise((void *)(uintptr_t)map.bytes.at, map.bytes.length, MADV_DONTNEED);
    return segment;
}

static bool load(Shelf *shelf, Arena *arena, Str bytes, uint64_t *generation_r, Error *err)
{
    ManifestHead head;
    Str rows;
    bool ok = check_manifest(shelf, bytes, &head, &rows, err);
    if (!ok)
        return false;
    if (head.segment_count > rows.length / sizeof(ManifestRow))
        return damaged(err, "the manifest is cut short");
    Segment **segments = arena_new_array(arena, Segment *, head.segment_count);
    size_t count = 0;
    while (ok && count < head.segment_count) {
        segments[count] = load_segment(shelf, arena, &rows, err);
        ok = segments[count] != NULL;
        count += ok;
    }
    if (ok) {
        shelf->next_number = head.next_number;
        *generation_r = head.generation;
        shelf_publish(shelf, segments, count);
    }
    for (size_t i = 0; i < count; i++)
        segment_drop(segments[i]);
    return ok;
}

ShelfState shelf_load(Shelf *shelf, uint64_t *generation_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    char *path = path_join(arena, str(shelf->folder), S(MANIFEST));
    Str bytes;
    if (!file_exists(path))
        return SHELF_EMPTY;
    if (file_read(arena, path, MANIFEST_MAX, &bytes, err) &&
        load(shelf, arena, bytes, generation_r, err))
        return SHELF_LOADED;
    fail_in(err, "the %s index", shelf->kind->name);
    return SHELF_DAMAGED;
}
