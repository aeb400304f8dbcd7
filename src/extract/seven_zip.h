/* seven_zip.h - 7z archives that are encrypted, which libarchive does not read (7zFormat.txt of
 * the 7-Zip source; AES-256 in CBC mode, a key of SHA-256 rounds).
 *
 * Folders of one chain of coders are read: AES, then Copy or LZMA or LZMA2 with at most one
 * filter. One thread. */
#pragma once

#include "extract/extractor.h"

/* Any member, or the header itself, is encrypted. */
bool seven_zip_is_encrypted(Str bytes);
MUST_CHECK bool seven_zip_extract_encrypted(const ExtractSource *source, DocWriter *doc,
                                            Error *err);
