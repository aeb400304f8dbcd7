/* quiz.h - questions of a quiz: read and checked before they are kept, graded when answered.
 *
 *     { "kind": "choice", "question": "...", "options": ["...", ...], "answer": "...",
 *       "accepted": ["...", ...], "explanation": "...", "difficulty": "easy",
 *       "source": {citation} or null }
 *
 * `answer` is one of the options of a choice; what fills the gap, written ____, of a cloze; a short
 * text otherwise. Threads: any. */
#pragma once

#include "search/search.h"
#include "store/study_quizzes_store.h"
#include "study/grade.h"

#define QUIZ_QUESTIONS_MAX 100
#define QUIZ_OPTIONS_MAX 8
#define QUIZ_GAP "____"

typedef enum QuestionKind {
#define QUESTION_KIND(name, text) QUESTION_##name,
#include "study/question_kinds.def"
#undef QUESTION_KIND
} QuestionKind;

typedef struct Question {
    QuestionKind kind;
    Str question, answer, explanation;
    StrList options;  /* of a choice */
    StrList accepted; /* answers besides, that are right too */
    Str difficulty;   /* "easy", "medium", "hard", or empty */
    Str source;       /* JSON of a citation, or empty */
} Question;

typedef struct Questions {
    Question *at;
    size_t count;
} Questions;

/* Fails with the number of the question and what is wrong: an answer that is no option, options
 * that are the same twice, a cloze without its gap. */
MUST_CHECK bool questions_read(Arena *arena, const json_t *json, Questions *questions_r,
                               Error *err);
/* As an array, inside an object that is open; without answers, explanations and sources when they
 * are hidden from who is to answer. */
void put_questions(JsonWriter *json, const char *name, const Questions *questions, bool is_hidden);

/* Grades one answer a question, in order (fewer: the others are empty): prints
 *     [{ "given", "score", "is_right", "how", "answer", "explanation", "source" }, ...]
 * and the mean score. The encoder, where there is one, tells alike meanings. */
Str quiz_grade(Searcher *searcher, Arena *arena, const Questions *questions, StrList given,
               double *score_r);
