/* seven_zip.h - 7z archives that libarchive does not read: encrypted ones, and those of newer or
 * rare methods (7zFormat.txt of the 7-Zip source; AES-256 in CBC mode, a key of SHA-256 rounds).
 *
 * Methods: AES, Copy, LZMA, LZMA2, Deflate, Deflate64, BZip2, PPMd, BCJ2, and the filters that
 * liblzma has. One thread. */
#pragma once

#include "extract/extractor.h"

/* Is any member, or the header itself, encrypted or packed in a way that only this reader knows?
 * Fails with ERROR_TOO_LARGE when the header says more members than a reader should make room for.
 */
MUST_CHECK bool seven_zip_look(Str bytes, bool *is_ours_r, Error *err);
MUST_CHECK bool seven_zip_read(const ExtractSource *source, DocWriter *doc, Error *err);
