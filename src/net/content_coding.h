/* content_coding.h - the body of an answer that was packed for its way (RFC 9110, section 8.4.1),
 * unpacked piece by piece.
 *
 * We ask for none, but middle boxes pack all the same. What unpacks to far more than text ever does
 * is a bomb and fails early; how large the whole may be is for the receiver to say.
 *
 * Threads: a decoder belongs to one. */
#pragma once

#include "base/base.h"

typedef struct ContentDecoder ContentDecoder;

/* For the value of Content-Encoding: *decoder_r is NULL when nothing has to be done ("",
 * "identity"). Fails with ERROR_UPSTREAM for what is not gzip or deflate. */
MUST_CHECK bool content_decoder_new(Str coding, ContentDecoder **decoder_r, Error *err);
void content_decoder_free(ContentDecoder *decoder); /* NULL is fine */

/* Unpacked bytes go to `receive` in pieces of at most 64 KiB that live during the call; its failure
 * is this one's. */
typedef bool ContentReceive(void *self, Str bytes, Error *err);
MUST_CHECK bool content_decode(ContentDecoder *decoder, Str bytes, ContentReceive *receive,
                               void *self, Error *err);
/* No more bytes come: fails when the packed body was cut off. */
MUST_CHECK bool content_decoded(const ContentDecoder *decoder, Error *err);
