/* ole_file.h - an OLE compound file ([MS-CFB]) read from memory: a tree of storages (folders) and
 * streams (files).
 *
 *     OleFile ole;
 *     ole_open(arena, bytes, &ole, err) && ole_read_path(&ole, "ObjectPool/_1/Contents", ...)
 *
 * The entries are in pre-order: what a storage holds follows it, up to `end`. Every chain is
 * bounded by the file's own number of sectors, so a crafted one ends, and what is copied in all
 * by a multiple of the file's size. A cut file gives what is there. */
#pragma once

#include "base/map.h"

typedef struct OleEntry {
    Str name;   /* as UTF-8; it may begin with a control character: "\5SummaryInformation" */
    Str path;   /* "ObjectPool/_1/Contents"; empty for the root */
    int parent; /* an index of the entries; -1 for the root */
    int end;    /* the index after the last entry inside this one */
    bool is_stream;
    unsigned char class_id[16];
    uint64_t modified; /* FILETIME, 0 when it is not said */
    size_t size;       /* of a stream */
    uint32_t first;    /* sector */
} OleEntry;

typedef struct OleFile {
    Arena *arena;
    Str bytes;
    VEC(OleEntry) entries; /* the root is the first */
    /* Of this file alone: */
    Map paths;
    size_t sector_size, sector_count, mini_cutoff, copied;
    uint32_t *fat;
    size_t fat_count;
    Str mini_fat, mini_stream;
} OleFile;

bool ole_is_file(Str bytes);
/* Little-endian numbers; what is past the end reads as zero. */
uint16_t le16_at(Str bytes, size_t at);
uint32_t le32_at(Str bytes, size_t at);
uint64_t le64_at(Str bytes, size_t at);

/* Reads the directory. The bytes must live as long as the file. Fails with ERROR_DAMAGED. */
MUST_CHECK bool ole_open(Arena *arena, Str bytes, OleFile *file_r, Error *err);
/* The entry with this path, ASCII letters in any case; NULL when there is none. The second looks
 * inside a storage (NULL: the root). */
const OleEntry *ole_find(const OleFile *file, const char *path);
const OleEntry *ole_find_in(const OleFile *file, const OleEntry *storage, const char *path);
/* The children of a storage one after the other: `after` is NULL for the first. */
const OleEntry *ole_next_child(const OleFile *file, const OleEntry *storage, const OleEntry *after);
/* A stream's bytes, borrowed from the file when they lie in one piece. Fails with ERROR_TOO_LARGE
 * above `bytes_max`, ERROR_DAMAGED when the file copies itself over and over. */
MUST_CHECK bool ole_read(OleFile *file, const OleEntry *stream, size_t bytes_max, Str *bytes_r,
                         Error *err);
/* Both; ERROR_NOT_FOUND when there is no such stream. */
MUST_CHECK bool ole_read_path(OleFile *file, const char *path, size_t bytes_max, Str *bytes_r,
                              Error *err);

/* Opens the file for one stream, looked for by its name in any storage. */
MUST_CHECK bool ole_read_stream(Arena *arena, Str bytes, const char *name, size_t bytes_max,
                                Str *stream_r, Error *err);
/* Is it an OLE file with a stream or storage of this path? For recognising formats. */
bool ole_holds(Str bytes, const char *name);
