/* question_int.h - the tokens of a question and what its files ask of words; for question*.c and
 * focus.c. */
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
/* "who", "what", "when" in each language, as such a list. */
extern const char asking_words[];
bool word_has_digit(Str word);
/* Written as a name is: capitals inside the question, or digits with signs. */
bool looks_like_name(Str word, bool is_first, Language language);
/* Whether the text is among the question's words. */
bool question_has(const Question *question, Str text);
/* What is asked of the names: sets `focus` and what follows it. */
void question_focus(Question *question, const QuestionTokens *tokens);
