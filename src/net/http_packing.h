/* http_packing.h - which coding an answer is packed by on its way (RFC 9110, section 12.5.3).
 *
 * Packed is what is text, has 1 KB or more, is whole in memory and made on the pool; never streams,
 * files with their ranges, or what is packed already. An answer that would be packed for somebody
 * says so in Vary, and its tag becomes a weak one, because the same tag names it in every coding.
 *
 * An answer that is packed tells by its length how much of it is alike. That matters where somebody
 * else chooses part of a request, its answer repeats that part, holds a secret too, and the length
 * is seen, again and again: a page of another site would have to send requests of a person who is
 * signed in here, and the cookie of a session is SameSite=Strict, so it is not sent with them.
 *
 * Threads: any. */
#pragma once

#include "base/base.h"

/* 0 to 1000: how much the header Accept-Encoding wishes for the coding; 0: it may not be used. */
int http_coding_weight(Str accept, Str coding);

/* The best of those that we can: "zstd", "gzip", or "" for none. */
Str http_best_coding(Str accept);

/* Whether packing makes it smaller worth the work. */
bool http_packs(Str media_type);

/* The bytes in that coding, in the arena; STR_NONE when they would not be fewer. */
Str http_pack(Arena *arena, Str coding, Str bytes);
