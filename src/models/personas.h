/* personas.h - who answers: instructions and manners with a name, kept as a recipe with versions
 * (store/recipes_store.h). What a persona says never widens what its asker may do: its collections
 * only narrow a search, its instructions come behind the program's own.
 *
 * Threads: any. */
#pragma once

#include "base/json.h"
#include "store/recipes_store.h"

#define PERSONA_PREFIX "persona:" /* of the name of a model that is a persona */

typedef struct Persona {
    Str id, name, user; /* user: who made it */
    int64_t version;
    Str instructions;    /* at most 16 KiB */
    Str model;           /* empty: the standard one */
    double temperature;  /* less than 0: as the feature has it */
    StrList tools;       /* names of MCP servers whose tools it may call, where tools are called */
    StrList collections; /* ids that are searched when nobody says which; none: all */
    Str search_mode;     /* empty: the standard one */
    Str tone;            /* "formal", "for a child": a few words */
    Str greeting;        /* what it says first */
    int64_t created_at_ms, updated_at_ms;
} Persona;

/* The members of `json` over what `persona` has; with an unknown one it fails. Checks the name, and
 * that the collections are there. */
MUST_CHECK bool persona_read(DbTx *tx, const Scope *scope, Arena *arena, const json_t *json,
                             Persona *persona, Error *err);
/* Into an object that is open: instructions and what follows it in the type. */
void persona_put(JsonWriter *json, const Persona *persona);
/* The persona of a recipe, whose body persona_body() wrote. */
MUST_CHECK bool persona_of(Arena *arena, const Recipe *recipe, Persona *persona_r, Error *err);
Str persona_body(Arena *arena, const Persona *persona);

/* By id or name. */
MUST_CHECK bool persona_find(DbTx *tx, const Scope *scope, Arena *arena, Str id_or_name,
                             Persona *persona_r, Error *err);

/* What decides who answers, the first that says something: a name; a conversation's; the default of
 * the key that asks; that of a collection, when one alone is asked. */
typedef struct PersonaWish {
    Str named; /* id or name; "none": nobody, whatever the defaults are */
    Str conversation;
    StrList collections;
} PersonaWish;
/* NULL in *persona_r: nobody in particular. */
MUST_CHECK bool persona_choose(Db *db, const Scope *scope, Arena *arena, const PersonaWish *wish,
                               const Persona **persona_r, Error *err);

/* The program's instructions, and behind them the persona's; without one as they are. */
Str persona_instructions(Arena *arena, const Persona *persona, Str own);
