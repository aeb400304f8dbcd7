/* charset_guess.h - which charset bytes without any mark are in.
 *
 * uchardet's opinion, checked for the charsets of one byte a character against how often the
 * letters of some forty languages occur, and for Korean against Johab. */
#pragma once

#include "base/base.h"

/* A name that text_decode_known() understands; false when nothing fits. */
bool charset_guess(Str bytes, char name_r[64]);
/* Only among the charsets of one byte a character; `name` is a first opinion or empty. */
bool charset_guess_narrow(Str bytes, char name[64]);
/* UTF-16 without a mark, by all letters being of one script; NULL when it is not. */
const char *charset_by_script(Str bytes);
/* Open what guessing needs, so that a sandbox may close all files. */
void charset_guess_preload(void);
