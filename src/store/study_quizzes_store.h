/* study_quizzes_store.h - the `study_quizzes` and `study_attempts` tables: questions, and what a
 * person answered.
 *
 * Every function sees those of the scope's user alone. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

#define STUDY_QUIZ_MAX KB(512) /* bytes of its questions */

typedef struct StudyQuiz {
    Str id, title;
    Str document;  /* id, or empty; the quiz goes when that is erased */
    Str questions; /* JSON array, checked by its owner (study/quiz.h) */
    int64_t question_count;
    Str made_by; /* "rules", "encoder", a model's name; "": a person */
    int64_t created_at_ms;
    /* Counted when it is read: */
    int64_t attempts;
    double best; /* score, 0 to 1 */
} StudyQuiz;

typedef struct StudyQuizList {
    StudyQuiz *at;
    size_t count;
} StudyQuizList;

/* Adds it with a new id, set in *quiz. ERROR_NOT_FOUND: no such document. */
MUST_CHECK bool study_quiz_add(DbTx *tx, const Scope *scope, Arena *arena, StudyQuiz *quiz,
                               Error *err);
MUST_CHECK bool study_quiz_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                StudyQuiz *quiz_r, Error *err);
/* Newest first, without their questions; *next_r is empty at the end. */
MUST_CHECK bool study_quiz_list(DbTx *tx, const Scope *scope, Arena *arena, const Slice *slice,
                                StudyQuizList *list_r, Str *next_r, Error *err);
MUST_CHECK bool study_quiz_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

typedef struct StudyAttempt {
    Str id, quiz;
    Str answers; /* JSON array: what was answered and how it was graded */
    double score;
    int64_t created_at_ms;
} StudyAttempt;

typedef struct StudyAttemptList {
    StudyAttempt *at;
    size_t count;
} StudyAttemptList;

/* Adds it with a new id, set in *attempt. */
MUST_CHECK bool study_attempt_add(DbTx *tx, const Scope *scope, Arena *arena, StudyAttempt *attempt,
                                  Error *err);
/* Of one quiz, newest first, at most 100. */
MUST_CHECK bool study_attempt_list(DbTx *tx, const Scope *scope, Arena *arena, Str quiz,
                                   StudyAttemptList *list_r, Error *err);
