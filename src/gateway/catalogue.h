/* catalogue.h - the models that are known by name: what they take, what they can, what they cost.
 *
 * What a workspace sets of a model wins over this; a model that is not here works without a price.
 * To add a model: its line in models.def. Threads: any. */
#pragma once

#include "gateway/price.h"

/* Prices are decimal texts, dollars a million tokens; NULL: unknown. */
typedef struct CataloguePrices {
    const char *input, *output;
    const char *cache_read, *cache_write, *cache_write_long;
    const char *audio_input, *audio_output;
    const char *hour;       /* dollars an hour of audio */
    const char *characters; /* of a text that is spoken; dollars a million */
    const char *call;       /* dollars a call, or each picture it makes */
    int64_t tier_above;     /* all rates switch above so many tokens of input; 0: never */
    const char *tier_input, *tier_output;
    const char *searches;        /* of the web, by the service itself; dollars a thousand */
    const char *flex, *priority; /* times what tokens usually cost */
} CataloguePrices;

typedef struct CatalogueModel {
    const char *provider, *name;
    ModelTask task;
    int64_t context, output_max; /* tokens; 0: unknown */
    unsigned abilities;          /* bits of ModelAbility */
    CataloguePrices prices;
} CatalogueModel;

extern const CatalogueModel catalogue_models[];
extern const size_t catalogue_count;

/* The model as this provider calls it: by its whole name, without the date or "latest" at its end,
 * or, of those that resell ("openrouter") or host ("azure"), as its maker calls it. NULL: unknown.
 */
const CatalogueModel *catalogue_find(Str provider, Str model);
ModelPrice catalogue_price(const CatalogueModel *model);
