/* zip_directory.h - the table of contents of a ZIP archive, checked before anything is unpacked.
 *
 * Entries borrow from the archive's bytes. Any thread. */
#pragma once

#include "base/base.h"

#define ZIP_ENTRIES_MAX 100000

typedef struct ZipEntry {
    Str name; /* raw bytes */
    bool is_utf8, is_encrypted;
    uint16_t method, date, time; /* MS-DOS format */
    uint64_t packed, size, offset;
} ZipEntry;

typedef struct ZipDirectory {
    VEC(ZipEntry) entries;
    bool has_overlap; /* two entries share bytes: made to explode */
} ZipDirectory;

/* False when there is no directory, or it is broken. */
bool zip_directory_read(Arena *arena, Str bytes, ZipDirectory *directory_r);
/* The entry of that name, NULL if there is none. */
const ZipEntry *zip_directory_find(const ZipDirectory *directory, const char *name);
/* A name for people: UTF-8; code page 437 or an East Asian charset when it says nothing. */
Str zip_name(Arena *arena, Str raw);
/* A relative path that leads nowhere else: no "..", drive, leading slash, backslash, control
 * character. *changed_r: the name had one of those. Never empty. */
Str zip_safe_path(Arena *arena, Str name, bool *changed_r);
