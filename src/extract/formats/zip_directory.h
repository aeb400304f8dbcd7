/* zip_directory.h - the table of contents of a ZIP archive, checked before anything is unpacked.
 *
 * Entries borrow from the archive's bytes. Any thread. */
#pragma once

#include "extract/archive/zip_implode.h"

#define ZIP_ENTRIES_MAX 100000

typedef struct ZipEntry {
    Str name; /* raw bytes */
    bool is_utf8, is_encrypted;
    bool is_strong;       /* by a method that nobody else reads */
    bool has_descriptor;  /* sum and sizes stand behind the bytes */
    uint8_t aes_strength; /* 1 to 3: 128, 192, 256 bits; 0: not WinZip AES */
    uint32_t crc;
    Imploded imploded;           /* of that method only */
    uint16_t method, date, time; /* MS-DOS format */
    uint64_t packed, size, offset;
} ZipEntry;

typedef struct ZipDirectory {
    VEC(ZipEntry) entries;
    bool is_split;    /* a part of an archive in several files */
    bool has_overlap; /* two entries share bytes: made to explode */
} ZipDirectory;

/* False when there is no directory, or it is broken. */
bool zip_directory_read(Arena *arena, Str bytes, ZipDirectory *directory_r);
/* What can be found without a directory: every local header. */
void zip_directory_scan(Arena *arena, Str bytes, ZipDirectory *directory_r);
/* The entry of that name, NULL if there is none. */
const ZipEntry *zip_directory_find(const ZipDirectory *directory, const char *name);
/* A name for people: UTF-8; code page 437 or an East Asian charset when it says nothing. */
Str zip_name(Arena *arena, Str raw);
/* A relative path that leads nowhere else: no "..", drive, leading slash, backslash, control
 * character. *changed_r: the name had one of those. Never empty. */
Str zip_safe_path(Arena *arena, Str name, bool *changed_r);
