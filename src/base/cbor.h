/* cbor.h - reading CBOR (RFC 8949) as authenticators write it: every length is said in front, no
 * tags. Nothing is copied or allocated, nothing recurses: texts are parts of what is read. Any
 * thread. */
#pragma once

#include "base/base.h"

typedef enum CborKind {
    CBOR_NUMBER,
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_LIST,
    CBOR_MAP,
    CBOR_OTHER /* false, true, null, or a fraction */
} CborKind;

typedef struct CborItem {
    CborKind kind;
    int64_t number; /* a number's value, or how many items of a list or pairs of a map follow */
    Str bytes;      /* of CBOR_BYTES and CBOR_TEXT; a text is not looked at */
} CborItem;

/* Takes the next item off the rest; those of a list or map come next. ERROR_INVALID when there is
 * none, it is cut short, a number does not fit in 64 bits with a sign, or more items are announced
 * than bytes are left. */
MUST_CHECK bool cbor_next(Str *rest, CborItem *item_r, Error *err);
/* Takes one whole item off the rest, with all that is in it. */
MUST_CHECK bool cbor_pass(Str *rest, Error *err);

/* At most 8 bytes, the highest first. */
uint64_t big_endian(Str bytes);
