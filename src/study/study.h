/* study.h - a person learning: cards that come when they are due, reviews that can be taken back,
 * how it goes.
 *
 *     study_due -> card with the interval that each rating would give -> study_review -> ...
 *
 * Days begin at midnight where the learner is. Threads: any. */
#pragma once

#include "store/learner_store.h"
#include "store/preferences_store.h"
#include "store/study_reviews_store.h"
#include "study/fsrs.h"

#define STUDY_DAY_MS INT64_C(86400000)

/* What a profile leaves unsaid is as the person likes things elsewhere: language and tone, and when
 * a day begins for one that was never set. */
void learner_fill(Learner *learner, const Preferences *likes, int64_t time_ms);
/* When the day begins alone, for one who has set nothing yet. */
void learner_day(Learner *learner, const Preferences *likes, int64_t time_ms);
/* The scope's learner, filled so: what every part of study goes by. learner_find() has the profile
 * as it was said. */
MUST_CHECK bool learner_resolve(DbTx *tx, const Scope *scope, Arena *arena, Learner *learner_r,
                                Error *err);
/* Fails, naming the field, on a retention, steps or limits that make no sense. */
MUST_CHECK bool learner_check(const Learner *learner, Error *err);

typedef struct StudyToday {
    int64_t now_ms, begin_ms; /* of today, UTC */
    int64_t new_left, reviews_left;
    StudyDue due;
} StudyToday;
MUST_CHECK bool study_today(DbTx *tx, const Scope *scope, const Learner *learner,
                            StudyToday *today_r, Error *err);

typedef struct StudyDueCard {
    StudyCard card;
    int64_t next_ms[4]; /* how long until it comes again, for ratings 1 to 4 */
} StudyDueCard;
typedef struct StudyDueList {
    StudyDueCard *at;
    size_t count;
    int64_t new_count, learning_count, review_count; /* still to come today, with those */
} StudyDueList;
/* What to show now, of one deck or of all. */
MUST_CHECK bool study_due(DbTx *tx, const Scope *scope, Arena *arena, Str deck, int64_t limit,
                          StudyDueList *list_r, Error *err);
/* The card after it was rated. */
MUST_CHECK bool study_review(DbTx *tx, const Scope *scope, Arena *arena, Str card, int rating,
                             int64_t took_ms, StudyReview *review_r, StudyCard *card_r, Error *err);
/* Today's last review is taken back. */
MUST_CHECK bool study_undo(DbTx *tx, const Scope *scope, Arena *arena, StudyCard *card_r,
                           Error *err);

#define STUDY_FORECAST_DAYS 30
#define STUDY_PAST_DAYS 365

typedef struct StudyStatistics {
    StudyDayList days; /* of the last STUDY_PAST_DAYS with reviews */
    int64_t today;     /* number of the day since 1970 */
    int64_t streak;    /* days in a row up to today or yesterday */
    int64_t forecast[STUDY_FORECAST_DAYS];
    int64_t passed, tested; /* of the last 30 days */
} StudyStatistics;
MUST_CHECK bool study_statistics(DbTx *tx, const Scope *scope, Arena *arena, Str deck,
                                 StudyStatistics *statistics_r, Error *err);
