/* pkce.h - that whoever brings a code is who asked for it (RFC 7636, method S256). Any thread. */
#pragma once

#include "base/base.h"

/* 43 characters of base64url: 32 random bytes. Good for a state or a nonce too. */
Str pkce_verifier(Arena *arena);
Str pkce_challenge(Arena *arena, Str verifier);
