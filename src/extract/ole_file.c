/* ole_file.c - see ole_file.h; section numbers are of [MS-CFB]. */
#include "extract/ole_file.h"

enum { ENTRY_SIZE = 128, HEADER_FAT_SECTORS = 109 };
static const uint32_t LAST_SECTOR = 0xFFFFFFFA; /* larger values are marks */

typedef struct Ole {
    Arena *arena;
    Str bytes;
    size_t sector_size, sector_count;
    uint32_t mini_cutoff;
    uint32_t *fat;
    size_t fat_count;
    Str mini_fat, mini_stream;
} Ole;

static uint32_t number_at(Str bytes, size_t at, int width)
{
    uint32_t number = 0;
    for (int i = 0; i < width && at + (size_t)i < bytes.length; i++)
        number |= (uint32_t)(unsigned char)bytes.at[at + (size_t)i] << (8 * i);
    return number;
}

bool ole_is_file(Str bytes) { return str_starts(bytes, S("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")); }

static Str sector_at(const Ole *ole, uint32_t sector)
{
    size_t start = ((size_t)sector + 1) * ole->sector_size;
    return str_slice(ole->bytes, start, start + ole->sector_size);
}

/* The bytes of a chain of sectors, at most `size`. */
static Str read_chain(const Ole *ole, uint32_t sector, size_t size)
{
    Buf out = buf_new(ole->arena, size);
    for (size_t steps = 0; sector < ole->fat_count && steps <= ole->sector_count; steps++) {
        buf_add(&out, sector_at(ole, sector));
        if (out.length >= size)
            break;
        sector = ole->fat[sector];
    }
    return buf_str(&out);
}

static void add_fat_sector(Ole *ole, uint32_t sector)
{
    Str entries = sector_at(ole, sector);
    for (size_t i = 0; i + 4 <= entries.length && ole->fat_count < ole->sector_count; i += 4)
        ole->fat[ole->fat_count++] = number_at(entries, i, 4);
}

/* 2.5: the first 109 sectors of the FAT are in the header, the rest in a chain. */
static void read_fat(Ole *ole)
{
    ole->fat = arena_new_array(ole->arena, uint32_t, ole->sector_count + 1);
    for (int i = 0; i < HEADER_FAT_SECTORS; i++) {
        uint32_t sector = number_at(ole->bytes, 76 + (size_t)i * 4, 4);
        if (sector < LAST_SECTOR)
            add_fat_sector(ole, sector);
    }
    uint32_t next = number_at(ole->bytes, 68, 4);
    for (size_t steps = 0; next < LAST_SECTOR && steps < ole->sector_count; steps++) {
        Str more = sector_at(ole, next);
        if (more.length < ole->sector_size)
            return;
        for (size_t i = 0; i + 4 < ole->sector_size; i += 4) {
            uint32_t sector = number_at(more, i, 4);
            if (sector < LAST_SECTOR)
                add_fat_sector(ole, sector);
        }
        next = number_at(more, ole->sector_size - 4, 4);
    }
}

static bool is_named(Str entry, const char *name)
{
    size_t length = strlen(name);
    if (number_at(entry, 64, 2) != (length + 1) * 2)
        return false;
    for (size_t i = 0; i < length; i++)
        if (number_at(entry, i * 2, 2) != (unsigned char)name[i])
            return false;
    return true;
}

/* 2.4: streams below the cut-off live in 64-byte pieces of the root's stream. */
static Str read_mini_chain(const Ole *ole, uint32_t sector, size_t size)
{
    Buf out = buf_new(ole->arena, size);
    size_t steps_max = ole->mini_stream.length / 64 + 1;
    for (size_t steps = 0; sector < LAST_SECTOR && steps < steps_max; steps++) {
        buf_add(&out, str_slice(ole->mini_stream, (size_t)sector * 64, (size_t)sector * 64 + 64));
        if (out.length >= size)
            break;
        if (((size_t)sector + 1) * 4 > ole->mini_fat.length)
            break;
        sector = number_at(ole->mini_fat, (size_t)sector * 4, 4);
    }
    return buf_str(&out);
}

bool ole_read_stream(Arena *arena, Str bytes, const char *name, size_t bytes_max, Str *stream_r,
                     Error *err)
{
    Ole ole = { .arena = arena, .bytes = bytes };
    uint32_t shift = number_at(bytes, 30, 2);
    if (!ole_is_file(bytes) || bytes.length < 512 || (shift != 9 && shift != 12))
        return fail(err, ERROR_DAMAGED, "the OLE file is broken");
    ole.sector_size = (size_t)1 << shift;
    ole.sector_count = bytes.length / ole.sector_size;
    ole.mini_cutoff = number_at(bytes, 56, 4);
    read_fat(&ole);
    Str directory = read_chain(&ole, number_at(bytes, 48, 4), bytes.length);
    for (size_t at = 0; at + ENTRY_SIZE <= directory.length; at += ENTRY_SIZE) {
        Str entry = str_slice(directory, at, at + ENTRY_SIZE);
        if (entry.at[66] != 2 || !is_named(entry, name))
            continue;
        size_t size = number_at(entry, 120, 4);
        uint32_t start = number_at(entry, 116, 4);
        if (size > bytes_max)
            return fail(err, ERROR_TOO_LARGE, "the stream %s has %zu bytes", name, size);
        if (size < ole.mini_cutoff) {
            Str root = str_slice(directory, 0, ENTRY_SIZE);
            ole.mini_stream = read_chain(&ole, number_at(root, 116, 4), number_at(root, 120, 4));
            ole.mini_fat = read_chain(&ole, number_at(bytes, 60, 4), bytes.length);
            *stream_r = read_mini_chain(&ole, start, size);
        } else {
            *stream_r = read_chain(&ole, start, size);
        }
        return true;
    }
    return fail(err, ERROR_NOT_FOUND, "the OLE file has no stream %s", name);
}
