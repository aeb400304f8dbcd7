/* ole_sample.h - builds small OLE compound files for tests. */
#pragma once

#include "extract/ole/ole_file.h"

typedef struct OleMember {
    const char *path; /* "A" or "A/B"; a storage ends with '/' and comes before what it holds */
    Str bytes;
} OleMember;

static inline void sample_number(Buf *out, uint64_t number, int width)
{
    for (int i = 0; i < width; i++)
        buf_add_char(out, (char)(number >> (8 * i)));
}

static inline void sample_fill(Buf *out, size_t multiple, char byte)
{
    while (out->length % multiple)
        buf_add_char(out, byte);
}

/* The chain of `count` sectors from `first` in a FAT. */
static inline void sample_chain(Buf *fat, uint32_t first, size_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sample_number(fat, i + 1 < count ? first + i + 1 : 0xFFFFFFFE, 4);
}

static inline uint32_t sample_child(const OleMember *members, size_t count, Str folder, size_t from)
{
    for (size_t i = from; i < count; i++) {
        Str path = str(members[i].path);
        if (str_ends(path, S("/")))
            path = str_slice(path, 0, path.length - 1);
        ptrdiff_t slash = str_find_last_char(path, '/');
        if (str_equal(folder, slash < 0 ? STR_NONE : str_slice(path, 0, (size_t)slash)))
            return (uint32_t)i + 1;
    }
    return 0xFFFFFFFF;
}

static inline void sample_entry(Buf *out, Str name, int type, uint32_t right, uint32_t child,
                                uint32_t first, size_t size)
{
    size_t start = out->length;
    for (size_t i = 0; i < name.length; i++)
        sample_number(out, (unsigned char)name.at[i], 2);
    while (out->length < start + 64)
        buf_add_char(out, 0);
    sample_number(out, name.length * 2 + 2, 2);
    sample_number(out, (uint64_t)type | 0x100, 2);
    sample_number(out, 0xFFFFFFFF, 4);
    sample_number(out, right, 4);
    sample_number(out, child, 4);
    while (out->length < start + 116)
        buf_add_char(out, 0);
    sample_number(out, first, 4);
    sample_number(out, size, 8);
}

/* Version 3, 512-byte sectors: [streams][mini stream][mini FAT][directory][FAT]. */
static inline Str ole_sample(Arena *arena, const OleMember *members, size_t count)
{
    Buf body = buf_new(arena, MB(6)), fat = buf_new(arena, MB(1)),
        directory = buf_new(arena, MB(1)), mini = buf_new(arena, MB(1)),
        mini_fat = buf_new(arena, MB(1)), out = buf_new(arena, MB(8));
    uint32_t *first = arena_new_array(arena, uint32_t, count + 1);
    for (size_t i = 0; i < count; i++) {
        Buf *to = members[i].bytes.length < 4096 ? &mini : &body;
        size_t sector = to == &mini ? 64 : 512, start = to->length / sector;
        first[i] = (uint32_t)start;
        buf_add(to, members[i].bytes);
        sample_fill(to, sector, 0);
        sample_chain(to == &mini ? &mini_fat : &fat, first[i], to->length / sector - start);
    }
    size_t mini_size = mini.length, at = body.length / 512;
    sample_entry(&directory, S("Root Entry"), 5, 0xFFFFFFFF,
                 sample_child(members, count, STR_NONE, 0), (uint32_t)at, mini_size);
    for (size_t i = 0; i < count; i++) {
        Str path = str(members[i].path);
        bool is_storage = str_ends(path, S("/"));
        if (is_storage)
            path = str_slice(path, 0, path.length - 1);
        ptrdiff_t slash = str_find_last_char(path, '/');
        Str folder = slash < 0 ? STR_NONE : str_slice(path, 0, (size_t)slash);
        sample_entry(&directory, str_from(path, (size_t)(slash + 1)), is_storage ? 1 : 2,
                     sample_child(members, count, folder, i + 1),
                     is_storage ? sample_child(members, count, path, 0) : 0xFFFFFFFF, first[i],
                     members[i].bytes.length);
    }
    Buf *parts[] = { &mini, &mini_fat, &directory };
    uint32_t starts[3];
    for (size_t i = 0; i < 3; i++) {
        sample_fill(parts[i], 512, (char)0xFF);
        starts[i] = (uint32_t)(body.length / 512);
        sample_chain(&fat, starts[i], parts[i]->length / 512);
        buf_add(&body, buf_str(parts[i]));
    }
    size_t fat_at = body.length / 512, fat_sectors = (fat.length / 4 + 130) / 128;
    for (size_t i = 0; i < fat_sectors; i++)
        sample_number(&fat, 0xFFFFFFFD, 4);
    sample_fill(&fat, 512, (char)0xFF);
    buf_add(&out, S("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"));
    while (out.length < 24)
        buf_add_char(&out, 0);
    uint32_t header[] = { 0x0003003E,
                          0x0009FFFE,
                          6,
                          0,
                          0,
                          (uint32_t)fat_sectors,
                          starts[2],
                          0,
                          4096,
                          starts[1],
                          (uint32_t)(mini_fat.length / 512),
                          0xFFFFFFFE,
                          0 };
    for (size_t i = 0; i < COUNT(header); i++)
        sample_number(&out, header[i], 4);
    for (size_t i = 0; i < 109; i++)
        sample_number(&out, i < fat_sectors ? fat_at + i : 0xFFFFFFFF, 4);
    buf_add(&out, buf_str(&body));
    buf_add(&out, buf_str(&fat));
    return buf_str(&out);
}
