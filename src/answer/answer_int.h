/* answer_int.h - one answer in the making; for the files of this folder only.
 *
 *     begin (keep.c) -> parts (question.c) -> look (look.c) -> decide (decide.c)
 *     -> compose (compose.c) or generate (generate.c) -> keep (keep.c) */
#pragma once

#include <pthread.h>

#include "answer/answer.h"
#include "answer/reading.h"

#define CITATIONS_MAX 5   /* of quoted sentences */
#define CITATIONS_ROOM 16 /* of a written answer */
#define SENTENCES_MAX 64
#define WORDS_KEPT 4
#define SUGGESTIONS_MAX 3
/* Of passages that fit a question; about 3,500 tokens, which the smallest context in use (8,192)
 * holds with question and answer. */
#define PROMPT_BYTES KB(14)
#define WHOLE_PASSAGES_MAX 320 /* of documents that are read whole */
#define ANSWER_TOKENS 800

struct Answers {
    Db *db;
    Searcher *searcher;
    Library *library;
    Models *models;
    AnswerAsker *asker; /* NULL: none */
    pthread_mutex_t lock;
    Words *words[WORDS_KEPT]; /* idle ones */
    size_t words_count;
};

/* One part of the question, looked up. */
typedef struct Part {
    Str question;
    Reading *reading;
    bool is_found;
    double confidence; /* 0 to 1 */
    uint64_t said;     /* bit i: a quoted sentence has question word i */
} Part;

/* What a call is told of the conversation; see recall.c. */
typedef struct Recalled {
    Str summary; /* of the turns before these; empty: there are none */
    const ChatMessage *turns;
    size_t count;
    Message made; /* a summary to be kept; without text there is none */
} Recalled;

typedef struct AnswerRun {
    Answers *answers;
    const Scope *scope;
    Arena *arena;
    const AnswerRequest *request;
    const AnswerSink *sink;
    Words *words;
    Str conversation;     /* id; empty: none yet */
    Str question;         /* stands alone */
    Str parent, asked;    /* ids of what the question follows, of the question when it is there */
    MessageList messages; /* the path up to it */
    Recalled recalled;
    Str title;             /* of a new conversation, by a model; empty: by rules */
    bool is_whole;         /* all of the documents that the question names was read */
    size_t room;           /* prompt_room(); 0: not asked yet */
    SearchResults results; /* of the whole question */
    Part parts[QUESTION_PARTS_MAX];
    size_t part_count;
    Answer answer;
    Citation citations[CITATIONS_ROOM];
    size_t citation_max;
    AnswerSentence sentences[SENTENCES_MAX];
    Buf text;
} AnswerRun;

/* --- look.c: search and read --- */

MUST_CHECK bool look_up(AnswerRun *run, Error *err);
/* Sets the reading's cosine and nearness for a unit; nothing without a model. */
void compare_meaning(AnswerRun *run, Reading *reading, size_t unit);

/* --- decide.c: whether what was found answers the question --- */

typedef enum Sign {
#define SIGN(name, weight, what) SIGN_##name,
#include "answer/signs.def"
#undef SIGN
    SIGN_COUNT,
} Sign;

/* Of the reading's documents as far as they are known. */
void decide_signs(const Reading *reading, const Unit *best, double signs[SIGN_COUNT]);
/* The same after a look at the unit's whole document. */
MUST_CHECK bool decide_unit(AnswerRun *run, const Reading *reading, size_t unit,
                            double signs[SIGN_COUNT], Error *err);
/* The chance that the library answers it. */
double decide_chance(const double signs[SIGN_COUNT]);
MUST_CHECK bool decide(AnswerRun *run, Part *part, Error *err);

/* --- cite.c: passages as citations --- */

/* The citation of these bytes of a passage, found or added; NULL when there is no room. */
Citation *cite(AnswerRun *run, const Reading *reading, size_t passage, size_t start, size_t end,
               double score);
/* The same for a unit, with the sentence before it when it needs one. */
Citation *cite_unit(AnswerRun *run, const Reading *reading, size_t unit, double score);
/* The same, of the one line or sentence of the unit that answers when there is one. */
Citation *cite_answer(AnswerRun *run, Reading *reading, size_t unit, double score);

/* --- compose.c: an answer of quoted sentences --- */

MUST_CHECK bool compose(AnswerRun *run, Error *err);
MUST_CHECK bool compose_not_found(AnswerRun *run, Error *err);
/* "The library does not say." in the language of the question; whether a sentence says so, in any.
 */
Str refusal_for(Str question);
bool is_refusal(Str sentence);
/* Adds a sentence with marks to the text, and tells the sink. */
MUST_CHECK bool add_sentence(AnswerRun *run, const AnswerSentence *sentence, Error *err);

/* --- generate.c: an answer that a model service writes --- */

/* *is_answered_r is false when there is no service, or it failed. */
MUST_CHECK bool generate(AnswerRun *run, bool *is_answered_r, Error *err);
/* Whether a service is asked at all: there is one, and nobody said that none is. */
bool service_of(const AnswerRun *run, Provider *provider_r);
/* By name; empty: the service's own. */
Str wanted_model(const AnswerRun *run);

/* --- recall.c, rewrite.c, attached.c, next.c: what else a model is told and asked --- */

MUST_CHECK bool recall(AnswerRun *run, Error *err);
/* What recall() gives has at most so many bytes. */
size_t recall_bytes(const AnswerRun *run);
/* Bytes of passages that a call of the chosen model holds beside its instructions, what was said
 * before and the answer. */
size_t prompt_room(AnswerRun *run);
MUST_CHECK bool rewrite_question(AnswerRun *run, Error *err);
MUST_CHECK bool read_attached(AnswerRun *run, Error *err);
MUST_CHECK bool next_by_model(AnswerRun *run, Error *err);

/* --- suggest.c: what to ask next --- */

/* From what was cited and what stands beside it; nothing when nothing was found. */
void suggest_questions(AnswerRun *run);

/* --- count.c: questions for a number of documents --- */

MUST_CHECK bool answer_by_counting(AnswerRun *run, bool *is_answered_r, Error *err);

/* --- keep.c: conversations --- */

/* The messages so far; the question completed by them. */
MUST_CHECK bool conversation_begin(AnswerRun *run, Error *err);
MUST_CHECK bool conversation_keep(AnswerRun *run, Error *err);

/* --- answer.c: telling the reader --- */

MUST_CHECK bool tell_step(AnswerRun *run, Str text, Error *err);
MUST_CHECK bool tell_delta(AnswerRun *run, Str text, Error *err);
MUST_CHECK bool tell_restart(AnswerRun *run, Error *err);
MUST_CHECK bool tell_source(AnswerRun *run, const Citation *citation, Error *err);
