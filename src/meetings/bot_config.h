/* bot_config.h - what a bot is to be like in a meeting, by rules or by a model.
 *
 * A model sees the meeting's words as material and answers within a schema: a name, a language, a
 * greeting, words that are hard to hear, and times within limits. Addresses, keys and where things
 * are kept are never its business; whatever it says, the limits hold. Without a service, or when it
 * fails, rules make the configuration and the notice says so. Any thread; blocks while a model
 * writes. */
#pragma once

#include "meetings/bot_service.h"
#include "models/models.h"
#include "store/meetings_store.h"

typedef struct BotConfigMade {
    BotConfig config;
    Str made_by; /* "rules", or the model */
    Str notice;  /* why a model that is there did not make it; empty: none */
} BotConfigMade;

/* The names of those who are invited. */
StrList meeting_people(Arena *arena, const Meeting *meeting);

/* By rules alone. */
BotConfig bot_config_rules(Arena *arena, const Meeting *meeting);
void bot_config_make(Models *models, const Scope *scope, Arena *arena, const Meeting *meeting,
                     BotConfigMade *made_r);

/* As JSON, as it is kept and shown. */
Str bot_config_print(Arena *arena, const BotConfig *config);
/* What a person or a row says, over what `config` holds; ERROR_INVALID names what is wrong. */
MUST_CHECK bool bot_config_read(Arena *arena, const json_t *json, BotConfig *config, Error *err);
