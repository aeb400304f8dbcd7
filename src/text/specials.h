/* specials.h - texts that stand for one token as they are, such as "<s>", found in a text before
 * anything else is done to it. Never changes once made: any thread may use it. */
#pragma once

#include "base/base.h"

#define SPECIALS_MAX 4096

typedef struct SpecialToken {
    Str text;
    uint32_t id;
    bool takes_space_before, takes_space_after;
} SpecialToken;

typedef struct Specials Specials;

MUST_CHECK bool specials_new(const SpecialToken *tokens, size_t count, Specials **specials_r,
                             Error *err);
void specials_free(Specials *specials);         /* NULL is fine */
size_t specials_size(const Specials *specials); /* ids are below it; 0: there are none */
/* The next special text in *rest, the longest of several: what comes before it, its id, and *rest
 * what comes after. False, and nothing is changed, when there is none. */
bool specials_next(const Specials *specials, Str *rest, Str *before_r, uint32_t *id_r);
