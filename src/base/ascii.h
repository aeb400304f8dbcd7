/* ascii.h - classes of characters that no locale changes. A char, a byte or a code point. Any
 * thread. */
#pragma once

#include "base/base.h"

static inline bool is_digit(uint32_t c) { return c >= '0' && c <= '9'; }
