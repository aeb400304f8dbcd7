/* next_questions.h - questions that some passages answer, to be asked next; the port of
 * answer/answer.h that offers them. English and German; none in other languages. Pure but for
 * Words; any thread. */
#pragma once

#include "answer/answer.h"

AnswerAsker study_next_questions;
