/* facts_int.h - what facts.c and fact_keys.c ask of each other. */
#pragma once

#include "study/facts.h"

/* The parts that the sentence can be asked for, best first. */
void fact_find_keys(Fact *fact, Arena *arena, Language language);

/* "the cell" without "the", in the languages that have articles before it. */
Str fact_without_article(Str term);
/* Short enough, and without words that only lean on others. */
bool fact_is_term(Str term);
