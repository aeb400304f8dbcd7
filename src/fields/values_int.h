/* values_int.h - what the files of values share; for them only. */
#pragma once

#include "base/ascii.h"
#include "fields/fields_int.h"

static inline bool is_letter(char c)
{
    return (unsigned char)((c | 32) - 'a') < 26 || (unsigned char)c >= 0x80;
}

/* 0 behind the end. */
static inline char byte_at(const Reading *reading, size_t at)
{
    return at < reading->text.length ? reading->text.at[at] : 0;
}

/* The text as it stands there; false when it is empty. */
static inline bool found_at(const Reading *reading, size_t start, size_t end, double sure,
                            Found *found_r)
{
    *found_r = (Found){ start, end, str_slice(reading->text, start, end), sure };
    return end > start;
}

/* Past what stands between a label and its value. */
size_t skip_filler(const Reading *reading, size_t from, size_t to);

typedef bool ValueReader(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                         Found *found_r);

/* value_words.c */
ValueReader read_length, read_law, read_flag, read_choice;
