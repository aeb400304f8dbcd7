/* office_crypto.h - Office files protected by a password ([MS-OFFCRYPTO]): AES, "standard" (Office
 * 2007) and "agile" (2010 and later). */
#pragma once

#include "base/base.h"

/* Start OpenSSL, which reads its configuration; before a sandbox closes. */
void office_crypto_preload(void);
/* The OLE file holds an encrypted package. */
bool office_is_encrypted(Str bytes);
/* The ZIP package inside. Fails with ERROR_ENCRYPTED when the password is missing or wrong. */
MUST_CHECK bool office_decrypt(Arena *arena, Str bytes, Str password, Str *package_r, Error *err);
