/* many_test.h - documents of all kinds beside those of a world, drawn from the same numbers every
 * time, and the ways in which they change. */
#pragma once

#include "search/world_test.h"

#define DOCUMENTS 80

typedef struct Many {
    World *w;
    uint64_t random;
    Str ids[DOCUMENTS], collections[3];
    int at; /* the document that is changed */
} Many;

uint64_t many_draw(Many *many, uint64_t below);
/* Some of those that documents have, at most so many. */
StrList many_tags(Many *many, uint64_t most);
StrList many_formats(Many *many, uint64_t most);
/* Of a fact that some documents have. */
FactCondition many_fact(Many *many);
bool many_add(Many *many, Error *err);
/* In one of the ways in which a document becomes another to a filter. */
bool many_change(Many *many, int at, Error *err);
