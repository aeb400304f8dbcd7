/* pattern.h - regular expressions of people and models: PCRE2 in Unicode, never for long.
 *
 * Loaded when the first is met. Threads: any; a pattern may match on several at once. */
#pragma once

#include "base/base.h"

#define PATTERN_MAX 1000 /* bytes */

typedef struct Pattern Pattern;

/* Fails with ERROR_INVALID and the place in it, or ERROR_UNSUPPORTED when PCRE2 is not there. */
MUST_CHECK bool pattern_new(Str text, Pattern **pattern_r, Error *err);
void pattern_free(Pattern *pattern); /* NULL is fine */
static inline void pattern_auto(Pattern **pattern) { pattern_free(*pattern); }
#define AUTO_PATTERN AUTO(pattern_auto)

/* Whether it is somewhere in the text, of valid UTF-8. One that would need more than some 10 ms of
 * tries does not match. */
bool pattern_matches(const Pattern *pattern, Str text);
/* The first match from byte `from` on. */
bool pattern_find(const Pattern *pattern, Str text, size_t from, size_t *start_r, size_t *end_r);
