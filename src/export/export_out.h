/* export_out.h - files of an export on their way into a folder or a ZIP file, each hashed while it
 * is written.
 *
 *     open -> { begin -> write ... -> end } ... -> finish -> close
 *
 * A folder is filled file by file, each under its name only when it is whole; doing it again keeps
 * originals that are there with the right bytes, and removes what the export no longer has.
 * SHA256SUMS has a line for each file, as `sha256sum -c` reads it. One thread. */
#pragma once

#include "base/hash.h"
#include "base/json.h"
#include "export/export_names.h"

typedef enum ExportOf {
#define EXPORT_KIND(id, name, what) EXPORT_OF_##id,
#include "export/export_kinds.def"
#undef EXPORT_KIND
    EXPORT_OF_COUNT
} ExportOf;

typedef struct ExportCount {
    int64_t files, bytes;
} ExportCount;

typedef struct ExportOut {
    char *root;          /* the folder, or the ZIP file */
    struct archive *zip; /* NULL: a folder */
    int zip_fd, sums_fd, file_fd;
    char *sums_path;        /* where SHA256SUMS grows */
    char *part_path, *path; /* of the file that is written, in a folder */
    Str name;               /* the same below the root */
    ExportOf kind;
    Sha256 sha;
    uint64_t size;
    ExportNames names;
    ExportCount counts[EXPORT_OF_COUNT];
} ExportOut;

const char *export_kind_name(ExportOf kind);
const char *export_kind_what(ExportOf kind);

/* A folder is made, or is empty, or holds an export of this workspace that is done anew or goes on;
 * ERROR_CONFLICT otherwise, and for a ZIP file that is there. */
MUST_CHECK bool export_out_open(ExportOut *out, const char *path, bool is_zip, Str workspace,
                                Error *err);
/* Begins the file `name`, which export_names_take() gave. */
MUST_CHECK bool export_out_begin(ExportOut *out, ExportOf kind, Str name, Error *err);
MUST_CHECK bool export_out_write(ExportOut *out, Str bytes, Error *err);
MUST_CHECK bool export_out_end(ExportOut *out, Error *err);
/* A whole file at once. */
MUST_CHECK bool export_out_text(ExportOut *out, ExportOf kind, Str name, Str text, Error *err);
/* Whether the file is there already with these bytes, which are read again; it is counted then. */
bool export_out_has(ExportOut *out, ExportOf kind, Str name, Str sha256, uint64_t size);
/* SHA256SUMS and last manifest.json, whose text says what it says. */
MUST_CHECK bool export_out_finish(ExportOut *out, Str manifest, Error *err);
MUST_CHECK bool export_file_digest(Arena *arena, const char *path, Str *sha256_r, int64_t *size_r,
                                   Error *err);
/* What is half-written goes; NULL members are fine. */
void export_out_close(ExportOut *out);
