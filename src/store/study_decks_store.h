/* study_decks_store.h - the `study_decks` table: sets of cards that a person learns.
 *
 * Every function sees those of the scope's user alone. */
#pragma once

#include "store/scope.h"

#define STUDY_DECKS_MAX 500 /* of one person */

typedef struct StudyDeck {
    Str id, name, description;
    int64_t created_at_ms, updated_at_ms;
    /* Counted when it is read: */
    int64_t cards, new_cards, learning_due, review_due;
} StudyDeck;

typedef struct StudyDeckList {
    StudyDeck *at;
    size_t count;
} StudyDeckList;

/* What is due by when: cards in learning that come again by learn_by_ms, cards to review whose day
 * ends by review_by_ms. */
typedef struct StudyDue {
    int64_t learn_by_ms, review_by_ms;
} StudyDue;

/* Adds it with a new id, set in *deck. ERROR_CONFLICT: the person has one of this name, letter case
 * aside, or STUDY_DECKS_MAX. */
MUST_CHECK bool study_deck_add(DbTx *tx, const Scope *scope, Arena *arena, StudyDeck *deck,
                               Error *err);
/* The person's deck of this name, letter case aside, which is added where there is none. */
MUST_CHECK bool study_deck_take(DbTx *tx, const Scope *scope, Arena *arena, Str name,
                                StudyDeck *deck_r, Error *err);
MUST_CHECK bool study_deck_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                const StudyDue *due, StudyDeck *deck_r, Error *err);
/* By name. */
MUST_CHECK bool study_deck_list(DbTx *tx, const Scope *scope, Arena *arena, const StudyDue *due,
                                StudyDeckList *list_r, Error *err);
/* Name and description of deck->id. ERROR_CONFLICT as above. */
MUST_CHECK bool study_deck_update(DbTx *tx, const Scope *scope, Arena *arena, const StudyDeck *deck,
                                  Error *err);
/* With its cards and their reviews. */
MUST_CHECK bool study_deck_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
