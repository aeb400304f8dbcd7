/* zip_unpack.h - the bytes of one member of a ZIP archive: decrypted, unpacked, checked.
 *
 * Encryption: ZipCrypto and WinZip AES. Methods: stored, Shrink, Implode, deflate, Deflate64,
 * bzip2, LZMA, xz, Zstandard, PPMd. One buffer and one inflater serve all members. One thread. */
#pragma once

#include "extract/archive/archive_members.h"
#include "extract/formats/zip_directory.h"

typedef struct ZipUnpacker {
    Members *members; /* knows the limits */
    Str archive, password;
    char *buffer;
    size_t capacity;
    struct z_stream_s *inflater;
} ZipUnpacker;

void zip_unpacker_free(ZipUnpacker *unpacker);
/* The member's bytes, borrowed until the next call. On failure *bytes_r holds what came out
 * before the damage. */
MUST_CHECK bool zip_unpack(ZipUnpacker *unpacker, const ZipEntry *entry, Str *bytes_r, Error *err);
