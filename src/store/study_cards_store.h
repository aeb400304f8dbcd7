/* study_cards_store.h - the `study_cards` table: what is learned, and how well it is known.
 *
 * Cards of one note are siblings: of them one is shown a day. Every function sees the cards of the
 * scope's user alone. */
#pragma once

#include "base/json.h"
#include "store/card_memory.h"
#include "store/scope.h"
#include "store/slice.h"
#include "store/study_decks_store.h"

#define STUDY_CARDS_MAX 50000      /* of one deck */
#define STUDY_CARD_TEXT_MAX KB(16) /* of each side */
#define STUDY_CARD_ADD_MAX 1000    /* at once */

typedef struct StudyCard {
    Str id, deck;
    Str note;        /* id that its siblings share; empty when it is added: it has none */
    Str front, back; /* a gap is written {{c1::word}}, as Anki has it */
    Str tags;        /* JSON array of texts; empty when it is added: [] */
    Str source;      /* JSON object as of a citation (answer/answer_json.h), or empty */
    Str document;    /* id that it was made from, or empty: the card goes when that is erased */
    Str made_by;     /* "rules", "encoder", a model's name; empty: a person */
    CardMemory memory;
    int64_t reviews, lapses;
    bool is_suspended;
    int64_t created_at_ms, updated_at_ms;
} StudyCard;

typedef struct StudyCardList {
    StudyCard *at;
    size_t count;
} StudyCardList;

/* Adds them to the deck as new cards, with ids and what is set by us filled in. Those whose front
 * the deck has already, letter case and spaces aside, are left out of *added_r (may be NULL).
 * ERROR_NOT_FOUND: no such deck or document; ERROR_INVALID: an empty or too long side;
 * ERROR_CONFLICT: the deck would have more than STUDY_CARDS_MAX. */
MUST_CHECK bool study_card_add(DbTx *tx, const Scope *scope, Arena *arena, Str deck,
                               const StudyCard *cards, size_t count, StudyCardList *added_r,
                               Error *err);
MUST_CHECK bool study_card_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                StudyCard *card_r, Error *err);

/* Each narrows when it is not empty. */
typedef struct StudyCardFilter {
    Str deck, document, state, tag;
    Str text; /* in the front or back, letter case aside for ASCII */
} StudyCardFilter;
/* Newest first; *next_r is empty at the end. */
MUST_CHECK bool study_card_list(DbTx *tx, const Scope *scope, Arena *arena,
                                const StudyCardFilter *filter, const Slice *slice,
                                StudyCardList *list_r, Str *next_r, Error *err);
/* Deck, front, back, tags and is_suspended of card->id; what is remembered stays. */
MUST_CHECK bool study_card_update(DbTx *tx, const Scope *scope, const StudyCard *card, Error *err);
MUST_CHECK bool study_card_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* Cards that are due: those in learning first, then reviews, then new ones, the longest due first.
 * Of siblings one stands there, and none whose sibling was reviewed since `day_ms`. */
typedef struct StudyQueue {
    Str deck; /* empty: all */
    StudyDue due;
    int64_t day_ms;              /* when today began */
    int64_t new_max, review_max; /* that may still come today */
    int64_t limit;
} StudyQueue;
MUST_CHECK bool study_card_due(DbTx *tx, const Scope *scope, Arena *arena, const StudyQueue *queue,
                               StudyCardList *list_r, Error *err);

/* How cards of a document, or of documents of a collection, are known. */
typedef struct StudyProgress {
    Str id, name;               /* of the document */
    int64_t cards, seen, known; /* known: its next review is three weeks or more away */
    int64_t due;
} StudyProgress;
typedef struct StudyProgressList {
    StudyProgress *at;
    size_t count;
} StudyProgressList;
/* Documents that the person has cards of, of this collection when it is not empty; by name. */
MUST_CHECK bool study_card_progress(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                                    int64_t due_by_ms, StudyProgressList *list_r, Error *err);
/* Cards that come due on each of `days` days from day_ms on; what is due before counts as today's.
 * counts[0..days-1]. */
MUST_CHECK bool study_card_forecast(DbTx *tx, const Scope *scope, Str deck, int64_t day_ms,
                                    int64_t *counts, size_t days, Error *err);
