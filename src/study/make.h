/* make.h - study content made from documents, a topic or a text: explanation, summary, quiz,
 * flashcards, outline, examples, practice (make_kinds.def).
 *
 *     wish -> material -> facts -> a service, where there is one -> items -> schema -> Made
 *                              \-> rules and the encoder --------/
 *
 * Each item cites the bytes of the document that it rests on, word for word, and holds to the
 * schema of its kind; near-duplicates are folded. What a model writes counts only as far as its
 * quotes stand in the passages and its answers in the quotes. When it fails the built-in way
 * answers, and the notice says so; a model that was asked for by name fails.
 *
 * Threads: any; blocks. */
#pragma once

#include "jobs/job_queue.h"
#include "material/material.h"
#include "store/learner_store.h"
#include "store/study_made_store.h"

#define MAKE_COUNT_MAX 50

typedef enum MakeKind {
#define MAKE_KIND(name, word, title, count, make, main, members, names, own, own_names, told)      \
    MAKE_##name,
#include "study/make_kinds.def"
#undef MAKE_KIND
    MAKE_KIND_COUNT
} MakeKind;

const char *make_kind_name(MakeKind kind);
/* ERROR_INVALID, field "kind", naming those there are. */
MUST_CHECK bool make_kind_named(Str name, MakeKind *kind_r, Error *err);
/* The JSON Schema of an item. */
Str make_schema(Arena *arena, MakeKind kind);

/* Who makes: the parts of the program that it takes; borrowed. */
typedef struct StudyMaker {
    Db *db;
    Library *library;
    Searcher *searcher;
    Models *models;
} StudyMaker;

typedef struct MakeWish {
    MakeKind kind;
    MaterialWish source;
    int64_t count;  /* of items; 0: as the kind, the length and the learner have it */
    Str form;       /* summary: "prose", "bullets"; quiz: "choice", "short", "cloze"; empty: any */
    Str length;     /* "short", "medium", "long"; empty: medium */
    Str difficulty; /* "easy", "medium", "hard"; empty: as the learner's level */
    Str model;      /* empty: the service's, when there is one; "rules": never a service */
    Str persona, learning_style, level, industry, role, language, tone; /* over the profile's */
    Str deck;      /* name: cards go there, a quiz of that name is kept, when it is made */
    bool is_fresh; /* made anew, though the same was made before */
} MakeWish;
/* Its members; fails on what makes no sense. An unknown member is an error. */
MUST_CHECK bool make_wish_read(Arena *arena, const json_t *json, MakeWish *wish_r, Error *err);
Str make_wish_print(Arena *arena, const MakeWish *wish);

/* What is told while it is made; each may be NULL. False: the reader has gone, stop. */
typedef struct MakeSink {
    bool (*item)(void *self, Str json);
    bool (*progress)(void *self, const char *stage, int64_t done, int64_t total);
    void *self;
} MakeSink;

typedef struct Made {
    MakeKind kind;
    Str title, made_by; /* "rules", "encoder", or the model's name */
    Str notice;         /* what is to be known of it; empty: nothing */
    Str text;           /* of an explanation or a summary: Markdown with [n] marks; else empty */
    StrList items;      /* JSON objects */
    Str document;       /* the only one it was made from; empty: there are more, or none */
    Str key;            /* the same wish over the same texts has it */
    Learner learner;    /* that it was made for */
    StudyMade kept;     /* its row, when the same was made before: then the rest is empty */
} Made;

/* Makes it. ERROR_EMPTY: there is nothing of the kind in the source. */
MUST_CHECK bool study_make(const StudyMaker *maker, const Scope *scope, Arena *arena,
                           const MakeWish *wish, const MakeSink *sink, Made *made_r, Error *err);
/* The members of what was made, into an object that is open. */
void made_put(JsonWriter *json, const Made *made);

/* --- Kept (make_keep.c) --- */

/* Made now and kept; with a deck its cards or its quiz are kept in the same transaction. */
MUST_CHECK bool study_make_kept(const StudyMaker *maker, const Scope *scope, Arena *arena,
                                const MakeWish *wish, const MakeSink *sink, StudyMade *made_r,
                                Error *err);
/* The same by a job, made_r->job; its result is empty until then. */
MUST_CHECK bool study_make_later(const StudyMaker *maker, const Scope *scope, Arena *arena,
                                 const MakeWish *wish, StudyMade *made_r, Error *err);
/* job->argument is a StudyMaker. */
JobHandler study_make_job;
