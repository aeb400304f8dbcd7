/* learner_store.h - the `learner_profiles` table: what a learner is like and wants. */
#pragma once

#include "store/scope.h"

/* Texts are a few words each and may be empty. */
typedef struct Learner {
    Str persona, learning_style, level, industry, role, language, tone;
    double retention;                     /* wanted, 0.70 to 0.99 */
    Str learning_steps, relearning_steps; /* minutes: "1 10"; empty: none */
    int64_t new_a_day, reviews_a_day;
    int64_t east_min;      /* of UTC: when a day begins */
    int64_t updated_at_ms; /* 0: never set */
} Learner;

/* Of the scope's user; with our defaults when none was set. */
MUST_CHECK bool learner_find(DbTx *tx, const Scope *scope, Arena *arena, Learner *learner_r,
                             Error *err);
MUST_CHECK bool learner_set(DbTx *tx, const Scope *scope, Learner *learner, Error *err);
/* What of it changes the results of a model, as one text: part of the scope of kept answers. Empty
 * for a learner who said nothing. */
Str learner_key(Arena *arena, const Learner *learner);
