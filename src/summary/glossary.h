/* glossary.h - the terms of documents: what they say a term means, and what abbreviations stand
 * for.
 *
 * Definitions are sentences that begin with the term and a word that defines (glossary_cues.def),
 * list items and rows "Term: what it is". Abbreviations are those that stand in brackets behind or
 * before their words, whose letters they have (Schwartz and Hearst 2003). Rules; any thread. */
#pragma once

#include "material/material.h"

#define GLOSSARY_MAX 500
#define DEFINITIONS_MAX 3

typedef struct GlossaryTerm {
    Str term;
    Str expansion;                         /* of an abbreviation; "": it is none */
    Citation definitions[DEFINITIONS_MAX]; /* sentences */
    size_t count;
    size_t uses; /* times in the text */
} GlossaryTerm;

typedef struct Glossary {
    GlossaryTerm *terms; /* by name */
    size_t count;
} Glossary;

void glossary_make(Arena *arena, const Material *material, Glossary *glossary_r);
/* Members items and total, into an object that is open. */
void glossary_put(JsonWriter *json, Arena *arena, const Glossary *glossary);
