/* seven_zip.h - 7z archives that are encrypted, which libarchive does not read (7zFormat.txt of
 * the 7-Zip source; AES-256 in CBC mode, a key of SHA-256 rounds).
 *
 * Folders of one chain of coders are read: AES, then Copy, LZMA, LZMA2, Deflate or BZip2, and the
 * filters that liblzma has; no PPMd and no BCJ2. One thread. */
#pragma once

#include "extract/extractor.h"

/* Is any member, or the header itself, encrypted? Fails with ERROR_TOO_LARGE when the header says
 * more members than a reader should make room for. */
MUST_CHECK bool seven_zip_look(Str bytes, bool *is_encrypted_r, Error *err);
MUST_CHECK bool seven_zip_extract_encrypted(const ExtractSource *source, DocWriter *doc,
                                            Error *err);
