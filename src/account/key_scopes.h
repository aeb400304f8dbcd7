/* key_scopes.h - what an API key is limited to, besides its role: key_scopes.def. Any thread. */
#pragma once

#include "base/json.h"

typedef enum KeyScope {
#define KEY_SCOPE(name, word, help) KEY_SCOPE_##name##_AT,
#include "account/key_scopes.def"
#undef KEY_SCOPE
    KEY_SCOPE_COUNT
} KeyScope;

/* As bits of a set. */
enum {
#define KEY_SCOPE(name, word, help) KEY_##name = 1 << KEY_SCOPE_##name##_AT,
#include "account/key_scopes.def"
#undef KEY_SCOPE
    KEY_LIMITED = 1 << 30 /* in every set that is not "whatever the role allows", which is 0 */
};

/* Words with spaces between, as they are kept; none is 0. A word of a later program limits the key
 * and allows nothing. */
unsigned key_scopes_read(Str words);
/* Of words that somebody wishes for; fails with the field "scopes" on an unknown one. */
MUST_CHECK bool key_scopes_wished(StrList words, unsigned *scopes_r, Error *err);
Str key_scopes_words(Arena *arena, unsigned scopes);
/* Whether a set allows all of `needed`. */
bool key_scopes_allow(unsigned scopes, unsigned needed);
