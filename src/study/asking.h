/* asking.h - a sentence turned into a question for one of its parts.
 *
 *     "The quarry opened in 1874."  ->  "When did the quarry open?"        a verb we know
 *     "Ada, who led it, left in 1990." -> "Ada, who led it, left when?"    as quizmasters ask
 *
 * Rules for English and German, gaps and definitions for others too. No question rather than one
 * that is no sentence. Pure; any thread. */
#pragma once

#include "study/facts.h"

/* False: there is no good one. */
bool ask_for(Arena *arena, Language language, const Fact *fact, const FactKey *key,
             Str *question_r);
/* "What is a forest?" False in languages that we cannot ask in. */
bool ask_what_is(Arena *arena, Language language, const Fact *fact, Str *question_r);
/* The sentence with `gap` where the key stands. */
Str ask_gap(Arena *arena, const Fact *fact, const FactKey *key, Str gap);
/* "Which term fits: "a large area with many trees"?" */
Str ask_term(Arena *arena, Language language, const Fact *fact);
