/* dictation.h - what somebody said, as a document: a title and paragraphs.
 *
 * With a service, it sets full stops and paragraphs and finds a title; its paragraphs are taken
 * only when they have the words that were said, and nearly all of them. Else, and without one, the
 * pauses make the paragraphs and the first sentence the title. Threads: any. */
#pragma once

#include "models/models.h"

typedef struct Dictation {
    Str title;
    StrList paragraphs;
    Str made_by; /* "rules" or the model */
    Str notice;  /* why a service that is there did not do it; empty: none */
} Dictation;

/* `said`: what was heard between pauses. */
MUST_CHECK bool assist_dictation(Models *models, const Scope *scope, Arena *arena, StrList said,
                                 Dictation *dictation_r, Error *err);
/* "# Title" and the paragraphs, in Markdown that shows them as they are. */
Str assist_dictation_markdown(Arena *arena, const Dictation *dictation);
