/* fsrs.h - when a card is to be seen again: the Free Spaced Repetition Scheduler, version 6.
 *
 *     new --again, hard, good--> learning --last step, easy--> review
 *                                               review --again--> relearning --> review
 *
 * The model: after t days a card of stability S is remembered with R(t) = (1 + f t / S)^-w20, where
 * f makes R(S) = 0.9; a review changes S and the difficulty D ("The Algorithm", wiki of the
 * open-spaced- repetition project; J. Ye et al., "A Stochastic Shortest Path Algorithm for
 * Optimizing Spaced Repetition Scheduling", KDD 2022). Intervals are whole days without fuzz, steps
 * are minutes.
 *
 * Pure; any thread. */
#pragma once

#include "store/card_memory.h"

typedef enum Rating { RATING_AGAIN = 1, RATING_HARD, RATING_GOOD, RATING_EASY } Rating;

#define FSRS_STEPS_MAX 8

typedef struct FsrsSteps {
    int64_t ms[FSRS_STEPS_MAX];
    int count;
} FsrsSteps;

typedef struct FsrsSettings {
    double retention; /* wanted when a card is due, 0.70 to 0.99 */
    FsrsSteps learning, relearning;
    int64_t interval_max_days;
} FsrsSettings;

/* 90 %, steps of 1 and 10 minutes, relearning after 10 minutes, at most a hundred years. */
FsrsSettings fsrs_defaults(void);
/* The card after a review at this time. */
CardMemory fsrs_review(const FsrsSettings *settings, CardMemory card, Rating rating,
                       int64_t time_ms);
/* How likely it is remembered at this time, 0 to 1; 0 for a new card. */
double fsrs_retrievability(const CardMemory *card, int64_t time_ms);
