/* zip_crypto.h - encrypted members of ZIP archives (APPNOTE 6.1; WinZip AES, AE-1 and AE-2). */
#pragma once

#include "extract/formats/zip_directory.h"

/* The packed bytes decrypted into `out`, which has room for all of `packed`. ERROR_ENCRYPTED when
 * the password is missing or wrong. */
MUST_CHECK bool zip_decrypt(const ZipEntry *entry, Str packed, Str password, char *out,
                            size_t *length_r, Error *err);
