/* price.h - what a call costs, in pico-dollars (1e-12 USD), exactly.
 *
 * Prices are decimal texts turned into integers once, never through a double. A model without a
 * price is unpriced, which is not free: its cost is unknown (-1) and told so.
 *
 * Threads: any. */
#pragma once

#include "gateway/model.h"

#define PICO INT64_C(1000000000000)
#define PRICE_UNKNOWN (-1)

/* For one unit; PRICE_UNKNOWN: none is set (cached tokens then cost what plain input does). */
typedef struct ModelPrice {
    int64_t input, output;                             /* a token */
    int64_t cache_read, cache_write, cache_write_long; /* a token */
    int64_t audio_input, audio_output;                 /* a token */
    int64_t second;                                    /* of audio */
    int64_t character;                                 /* of a text that is spoken */
    int64_t call; /* a call, or each picture it makes, besides everything else */
    /* All rates switch once the whole input has more tokens than this; 0: never. */
    int64_t tier_above, tier_input, tier_output;
    int64_t search; /* of the web, by the service itself */
    /* What tokens cost then, in pico of what they usually do; 0 or less: the same. */
    int64_t flex, priority;
} ModelPrice;
#define PRICE_NONE ((ModelPrice){ -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, -1, -1, -1, -1, -1 })

/* "0.15" dollars a million tokens, or "2.5e-06" dollars each, as pico-dollars of one. */
MUST_CHECK bool price_parse(Str text, int64_t per, int64_t *pico_r);
/* PRICE_UNKNOWN when a part that was used has no price; where seconds, characters or calls have one
 * and tokens have none, tokens are not paid for. A cost that the service told wins. */
int64_t price_of(const ModelPrice *price, const ModelUsage *usage);
/* What a call may use at most. */
typedef struct PriceMost {
    int64_t input, output; /* tokens */
    int64_t seconds, characters, pictures;
    ServiceTier tier; /* that is asked for */
} PriceMost;
/* The most that a call can cost: every input token fresh, the whole output used. */
int64_t price_reserve(const ModelPrice *price, const PriceMost *most);
/* What is paid for is known. */
bool price_is_known(const ModelPrice *price);

/* About how many tokens the sound has, where the service does not tell: of a recording, of a text
 * that is spoken. */
int64_t price_heard_tokens(int64_t seconds);
int64_t price_spoken_tokens(int64_t characters);
/* "$0.000123" */
Str price_text(Arena *arena, int64_t pico);
