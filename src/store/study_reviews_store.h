/* study_reviews_store.h - the `study_reviews` table: what a person answered to which card, when.
 *
 * Every function sees those of the scope's user alone. */
#pragma once

#include "store/study_cards_store.h"

typedef struct StudyReview {
    Str id, card;
    int rating;        /* 1 again, 2 hard, 3 good, 4 easy */
    CardMemory before; /* the review */
    int64_t reviewed_at_ms, next_due_ms, took_ms;
} StudyReview;

/* Keeps the review and the card's memory after it. ERROR_CONFLICT: the card was reviewed meanwhile
 * (its memory is no longer review->before). */
MUST_CHECK bool study_review_add(DbTx *tx, const Scope *scope, Arena *arena, StudyReview *review,
                                 const CardMemory *after, Error *err);
/* Takes the person's last review back: the card is as it was before. ERROR_NOT_FOUND: there is none
 * since `since_ms`. */
MUST_CHECK bool study_review_undo(DbTx *tx, const Scope *scope, Arena *arena, int64_t since_ms,
                                  StudyReview *review_r, Error *err);

/* How many new cards and how many reviews of known ones there were since then. */
MUST_CHECK bool study_review_count(DbTx *tx, const Scope *scope, int64_t since_ms, int64_t *new_r,
                                   int64_t *reviews_r, Error *err);

typedef struct StudyReviewList {
    StudyReview *at;
    size_t count;
} StudyReviewList;
/* Of the decks' cards, oldest first: for export. `deck` may be empty. */
MUST_CHECK bool study_review_list(DbTx *tx, const Scope *scope, Arena *arena, Str deck,
                                  StudyReviewList *list_r, Error *err);

typedef struct StudyDay {
    int64_t day; /* number since 1970 in the person's time zone */
    int64_t reviews, new_cards;
    int64_t passed, tested; /* of cards whose interval was a day or more: what was remembered */
    int64_t took_ms;
} StudyDay;
typedef struct StudyDayList {
    StudyDay *at;
    size_t count;
} StudyDayList;
/* Days with reviews since then, oldest first. */
MUST_CHECK bool study_review_days(DbTx *tx, const Scope *scope, Arena *arena, Str deck,
                                  int64_t since_ms, int64_t east_ms, StudyDayList *list_r,
                                  Error *err);
