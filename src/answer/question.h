/* question.h - what a question asks for: its words, their kinds, the form of the answer, its parts.
 *
 *     question_complete()  a follow-up stands alone       "and in 2020?" -> "and in 2020? revenue
 * Lyft" question_split()     one question for each thing    "Who wrote A and when was B built?" ->
 * 2 question_read()      words and form of one part question_counts()    what is asked of the
 * tables    "how many PDF files are there?"
 *
 * Rules and word lists, no model; the lists know English, everything else works in any language.
 * Everything lives in the arena. */
#pragma once

#include "base/json.h"
#include "text/words.h"

#define QUESTION_PARTS_MAX 3
#define QUESTION_WORDS_MAX 64

/* What an answer looks like, as far as the question tells. */
typedef enum AnswerForm {
    FORM_ANY,
    FORM_NAME,   /* who, whose, which company */
    FORM_PLACE,  /* where */
    FORM_DATE,   /* when, in what year */
    FORM_NUMBER, /* how many, how large, at what age */
    FORM_MONEY,  /* how much did it cost */
    FORM_SHARE,  /* what percentage */
    FORM_ADDRESS /* which e-mail address, URL, phone number */
} AnswerForm;

typedef struct QuestionWord {
    Str text;     /* as words.h gives it */
    Str written;  /* as the question has it */
    Str alias;    /* another word for it, as `text`: "finland" of "Finnish", "03" of "March 1997" */
    bool is_name; /* capitalised inside the question, or an identifier with digits or signs */
    bool is_number;
    bool is_weak;  /* "how large", "name a": says what is asked, hardly stands in an answer */
    double rarity; /* in the library; 0 until set */
} QuestionWord;

typedef struct Question {
    Str text;
    Language language;
    AnswerForm form;
    QuestionWord *words; /* content words, each once, in order */
    size_t word_count;
    uint64_t focus;      /* bit i: word i says what is asked for, as "eggs" of "how many eggs" */
    bool is_counted;     /* a number of that: "how many", "how much" */
    bool is_money;       /* an amount: "what does it cost" */
    const char *measure; /* words beside such a number, each between spaces; NULL: no measure */
} Question;

Question question_read(Arena *arena, Words *words, Str text);

/* The question with the countries that its adjectives are of, for a search. */
Str question_widened(Arena *arena, Str question);

/* The question itself when it can stand alone, else with the content words of the one before. */
Str question_complete(Arena *arena, Words *words, Str question, Str before);

/* The name of a conversation, from its first question: all of it on one line, or its first words.
 */
Str question_title(Arena *arena, Str question);

typedef struct QuestionParts {
    Str at[QUESTION_PARTS_MAX];
    size_t count;
} QuestionParts;
/* Each part stands alone. One part: the question asks for one thing. */
QuestionParts question_split(Arena *arena, Words *words, Str question);

/* A question for a number of documents. */
typedef struct CountQuestion {
    StrList extensions; /* lower case, without the dot; empty: any file */
    Str shown;          /* what is counted, as the question says it: "Jupyter notebooks (.ipynb)" */
} CountQuestion;
/* False: not a question for a number of documents. */
bool question_counts(Arena *arena, Str question, CountQuestion *counts_r);
