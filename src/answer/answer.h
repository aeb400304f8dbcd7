/* answer.h - a question answered from the library, every sentence tied to the passages it rests on.
 *
 *     question (+ conversation) -> stands alone -> search -> passages -> sentences -> citations
 *                                                      no support -> "The library does not say."
 *
 * Without a model service the answer is made of quoted sentences (extractive); with one it is
 * written fluently and aligned to the passages afterwards by us: what no passage supports is
 * marked so. Counting questions ("how many PDF files ...") go to the tables.
 *
 * Threads: any; an answer runs on the caller's thread. */
#pragma once

#include "models/models.h"
#include "models/personas.h"
#include "search/search.h"
#include "store/conversations_store.h"
#include "store/messages_store.h"

typedef struct Answers Answers;

Answers *answers_new(Db *db, Searcher *searcher, Library *library, Models *models);
void answers_free(Answers *answers);
/* Questions that a text answers, best first, into questions[max]; returns how many. `asked` is what
 * they should be near to; none asks for what `told` asks or says. */
typedef size_t AnswerAsker(Arena *arena, Words *words, Str text, Str asked, StrList told,
                           size_t max, Str *questions);
/* Before the first answer. Without it questions to ask next are made of headings. */
void answers_set_asker(Answers *answers, AnswerAsker *asker);

typedef struct Citation {
    int number;         /* as in [1] */
    Str document;       /* id */
    int64_t version;    /* of the document, whose text this is of; 0: not known */
    Str name, format;   /* the file's name with folders; the extractor's name */
    Str place, heading; /* for people */
    int64_t page;       /* 0: none */
    int64_t start, end; /* bytes of the document's text: exactly `quote` */
    Str quote;
    double score; /* 0 to 1 */
} Citation;

typedef struct AnswerSentence {
    Str text; /* without its [n] marks */
    Str key;  /* the part of a quote that answers, the rest is its surroundings; empty: all of it */
    bool is_supported;
    const int *citations; /* numbers */
    size_t citation_count;
} AnswerSentence;

/* What was made of the documents that a question names. */
typedef enum AttachedUse { ATTACHED_NONE, ATTACHED_WHOLE, ATTACHED_SEARCHED } AttachedUse;
extern const char *const attached_words[];

typedef struct Answer {
    Str id, conversation, asked; /* of what was kept; empty: nothing was. asked: the question */
    Str text;                    /* with [n] marks */
    bool is_found, is_generated;
    AnswerSentence *sentences;
    size_t sentence_count;
    Citation *citations;
    size_t citation_count;
    SearchResults sources; /* what was found for it */
    AttachedUse attached;  /* by a model; NONE: no documents are named, or no model was asked */
    Str model;             /* "lectern", "provider/model" */
    Str persona;           /* the name of who answered; empty: nobody in particular */
    StrList suggestions;   /* questions to ask next */
    int64_t took_us, input_tokens, output_tokens;
} Answer;

/* What a streamed answer tells as it grows; each may be NULL. False: the reader has gone, stop. */
typedef struct AnswerSink {
    bool (*step)(void *self, Str text); /* "searched 1,284 documents in 4 ms" */
    bool (*source)(void *self, const Citation *citation);
    bool (*delta)(void *self, Str text); /* pieces; together they are Answer.text */
    bool (*sentence)(void *self, const AnswerSentence *sentence);
    /* A service failed half-way: pieces, sources and sentences told so far are void. */
    bool (*restart)(void *self);
    void *self;
} AnswerSink;

typedef struct AnswerRequest {
    Str question;     /* at most 8 KiB */
    Str conversation; /* id; empty: a new one when is_kept */
    Str sound;        /* id of the recording that the question was said in; empty: it was written */
    Str edits, again; /* ids of a question that this one stands for, of an answer that is asked
                       * for again (the question is its question); empty: it goes on */
    const Persona *persona; /* who answers; NULL: nobody in particular */
    StrList earlier;      /* questions asked before, oldest first, when there is no conversation */
    Str model;            /* empty or "lectern": the best there is; "extractive": never a service */
    SearchRequest search; /* filters, mode and parts; its query is set here. PRIVATE: nothing is
                           * asked of a service, whatever `model` says */
    bool is_within;       /* a call of a model is answered by it (GatewayAsk) */
    bool is_kept;         /* as messages of a conversation */
} AnswerRequest;

/* Who answers, and where and how he searches as far as nobody has said; NULL: nobody in particular.
 * `mode`: the one that was asked for by name; empty: none was. */
MUST_CHECK bool answer_set_persona(AnswerRequest *request, const Persona *persona, Str mode,
                                   Error *err);
MUST_CHECK bool answer_run(Answers *answers, const Scope *scope, Arena *arena,
                           const AnswerRequest *request, const AnswerSink *sink, Answer *answer_r,
                           Error *err);
