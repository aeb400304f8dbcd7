/* question_int.h - the tokens of a question; for question.c and focus.c. */
#pragma once

#include "answer/question.h"

/* What stands between white space, without the punctuation around it and without a possessive's
 * ending. */
typedef struct QuestionToken {
    Str text;
    size_t start, end; /* of the question, with that ending */
    bool ends_clause;  /* a comma or the like follows */
} QuestionToken;

typedef struct QuestionTokens {
    VEC(QuestionToken) list;
} QuestionTokens;

QuestionTokens question_tokens(Arena *arena, Str text);
/* Whether a list of words, with a space before and after each, has this one. */
bool word_is_in(const char *list, Str word);
/* What is asked of the names: sets `focus` and what follows it. */
void question_focus(Question *question, const QuestionTokens *tokens);
