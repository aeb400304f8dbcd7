/* archive_reader.h - archives and compressed files that libarchive reads.
 *
 * The members are listed in a first pass, then unpacked one at a time. Links and devices are
 * named, never followed. libarchive reads from memory, uses no threads and, for these formats,
 * opens no file (iconv is only reached by options that are not set here). */
#pragma once

#include "extract/extractor.h"

struct archive;

typedef struct ArchiveKind {
    int (*const *formats)(struct archive *); /* NULL ends */
    int (*const *filters)(struct archive *); /* or NULL */
    const char *title;                       /* "RAR archive" in messages */
    bool is_never_decrypted;                 /* members that are encrypted stay so */
} ArchiveKind;

MUST_CHECK bool archive_extract(const ExtractSource *source, const ArchiveKind *kind,
                                DocWriter *doc, Error *err);
/* A file under any compression: what is inside is a tar archive, whose members are listed, or one
 * file, which is named `inner` or after the outer one. */
MUST_CHECK bool archive_extract_compressed(const ExtractSource *source, Str inner, DocWriter *doc,
                                           Error *err);
/* The first member of that name ("./" before it is ignored) of a tar archive under any
 * compression; false when there is none. At most `max` bytes. */
bool archive_find_in_tar(Arena *arena, Str bytes, const char *name, size_t max, Str *bytes_r);
/* The bytes of an archive's first member into `out`, which has room for `size`; false when it is
 * broken. No checksum is looked at. For members that were decrypted elsewhere. */
bool archive_unpack_only(Str archive, int (*format)(struct archive *), char *out, size_t size,
                         size_t *length_r);
