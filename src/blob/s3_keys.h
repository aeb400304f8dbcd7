/* s3_keys.h - where the keys of S3 come from: the settings, the environment (AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), or the file that AWS's own tools keep
 * (AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials; AWS_PROFILE, else default).
 *
 * Looked for anew with each request, so that keys that are changed there hold at once. Threads:
 * any. */
#pragma once

#include "base/base.h"

typedef struct S3Keys {
    Str access, secret, token; /* token empty: none */
} S3Keys;

/* `given` goes first when it has an access key. ERROR_INVALID says where keys may be put. */
MUST_CHECK bool s3_keys_find(Arena *arena, const S3Keys *given, S3Keys *keys_r, Error *err);
