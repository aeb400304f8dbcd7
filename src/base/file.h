/* file.h - whole files, folders and paths. Any thread. */
#pragma once

#include "base/base.h"

/* The whole file, at most `bytes_max` (else ERROR_TOO_LARGE), NUL-terminated. */
MUST_CHECK bool file_read(Arena *arena, const char *path, size_t bytes_max, Str *bytes_r,
                          Error *err);
/* The rest of an open descriptor, the same way. */
MUST_CHECK bool fd_read_all(Arena *arena, int fd, size_t bytes_max, Str *bytes_r, Error *err);
/* Write all of it, past short writes. */
MUST_CHECK bool fd_write_all(int fd, Str bytes, Error *err);
/* Replace the file as one step that survives a power cut: temporary name, fsync, rename,
 * fsync of the folder. */
MUST_CHECK bool file_write(const char *path, Str bytes, unsigned mode, Error *err);
/* mkdir -p */
MUST_CHECK bool folder_make(const char *path, unsigned mode, Error *err);
/* rm -r; true when it is gone, also when it was never there. */
MUST_CHECK bool folder_remove(const char *path, Error *err);
MUST_CHECK bool folder_sync(const char *path, Error *err);
bool file_exists(const char *path);
/* "a/b" from "a" and "b". */
char *path_join(Arena *arena, Str folder, Str name);
/* The last part of a path, after any / or \. */
Str path_name(Str path);
/* "pdf" of "a/b.PDF": lower case, without the dot, "" if none. */
Str path_extension(Arena *arena, Str path);

/* A file's bytes mapped read-only; unmapped by AUTO_MAP. An empty file has length 0. */
typedef struct FileMap {
    Str bytes;
} FileMap;
MUST_CHECK bool file_map(const char *path, FileMap *map_r, Error *err);
MUST_CHECK bool fd_map(int fd, FileMap *map_r, Error *err);
void file_unmap(FileMap *map);
#define AUTO_MAP AUTO(file_unmap)
