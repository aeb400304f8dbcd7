/* pack.h - files packed into one archive, to be sent. Any thread. */
#pragma once

#include "base/base.h"

typedef enum PackKind { PACK_ZIP, PACK_TAR } PackKind;

typedef struct PackFile {
    Str name;
    Str bytes;
    const char *path; /* not NULL: read from there instead */
} PackFile;

/* Into `out`, whose limit holds. */
MUST_CHECK bool pack_files(PackKind kind, const PackFile *files, size_t count, Buf *out,
                           Error *err);
