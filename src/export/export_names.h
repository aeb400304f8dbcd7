/* export_names.h - names of files that every system takes, each only once.
 *
 * A set keeps eight bytes for each name that was given, so that a million documents cost some
 * megabytes. One thread. */
#pragma once

#include "base/base.h"

typedef struct ExportNames {
    uint64_t *slots; /* 0: free */
    size_t count, capacity;
} ExportNames;

void export_names_free(ExportNames *names);
/* One part of a path without what Windows, macOS or Linux refuse: reserved signs and names, dots
 * and spaces at the end, more than 120 bytes. The extension stays. Never empty. */
Str export_safe_name(Arena *arena, Str name);
/* Every part of "a/b/c.pdf" made safe; what is too long together loses its folders. */
Str export_safe_path(Arena *arena, Str path);
/* "FOLDER/PATH", or with " (2)" and so on before the extension when that is taken, letter case
 * aside; it is taken then. Ends with `ending`; an empty folder is none. */
Str export_names_take(ExportNames *names, Arena *arena, const char *folder, Str path,
                      const char *ending);
/* Whether it was given to somebody. */
bool export_names_has(const ExportNames *names, Arena *arena, Str path);
