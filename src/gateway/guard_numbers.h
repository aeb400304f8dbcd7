/* guard_numbers.h - what is recognised by its digits: cards, accounts, phones, addresses. Not for
 * other folders. */
#pragma once

#include "base/ascii.h"
#include "gateway/guard.h"

static inline bool guard_is_letter(unsigned char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
static inline bool guard_is_alnum(unsigned char c) { return is_digit(c) || guard_is_letter(c); }

/* `at` is the first digit of a number, or the + in front of one. Nothing before `floor` is looked
 * at. */
bool guard_find_number(Str text, size_t floor, size_t at, unsigned kinds, GuardFound *found_r);
/* `at` is a colon. */
bool guard_find_ip6(Str text, size_t floor, size_t at, GuardFound *found_r);
