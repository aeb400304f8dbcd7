/* decisions.h - what a meeting decided, each word for word with where it was said.
 *
 * By words that say so (decision_cues.def), and by the workspace's model where there is one: what
 * it names must stand in the text. A question, and what is only proposed, is none. Any thread;
 * blocks while a model reads. */
#pragma once

#include "material/material.h"
#include "models/models.h"

#define DECISIONS_MAX 100

typedef struct Decision {
    Str text;    /* as it was said */
    Str speaker; /* empty: not known */
    const Piece *piece;
    Str made_by; /* "rules", or the model */
} Decision;
typedef struct DecisionList {
    Decision *at;
    size_t count;
    Str notice; /* why a model that is there was not of help; empty: it was, or there is none */
} DecisionList;

/* Whether a sentence says that something is decided; without its speaker. */
bool decision_is_one(Arena *arena, Str sentence);
/* `models` NULL: by rules alone. */
void decisions_find(Models *models, const Scope *scope, Arena *arena, const Material *material,
                    DecisionList *list_r);
