/* passwords.h - the passwords of addresses (scheme://user:password@host) in texts that are read.
 *
 * Each becomes "***" (shorter ones as many of them); users stay. fail() and log_line() do it by
 * themselves. Any thread. */
#pragma once

#include "base/base.h"

/* In place. is_cut: the text ends before its end, so that a password may stand there without what
 * comes behind it. */
void passwords_hide(char *text, bool is_cut);
/* A copy without them. */
Str passwords_hidden(Arena *arena, Str text);
