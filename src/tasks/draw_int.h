/* draw_int.h - what the files of draw.h share. */
#pragma once

#include "base/map.h"
#include "models/structured.h"
#include "tasks/draw.h"

/* --- Units (draw_units.c) --- */

typedef enum UnitKind { UNIT_SENTENCE, UNIT_ITEM, UNIT_ROW } UnitKind;

/* A piece of the text that may be a task. Its texts are parts of the text. */
typedef struct DrawUnit {
    UnitKind kind;
    Str text;
    size_t start;   /* byte of the text where it begins */
    Str speaker;    /* who says it in a transcript or chat */
    Str owner, due; /* columns of its row */
    Str tag;        /* "P1" of "[P1] ..." */
    bool is_open;   /* an unchecked box */
    bool is_done;   /* a checked box, or a row said to be done */
    bool is_listed; /* below a heading or line such as "Next steps:" */
    bool is_led;    /* below a line that ends with a colon */
    int number;     /* of a numbered item */
    size_t line;    /* of the text */
} DrawUnit;

typedef struct DrawUnits {
    VEC(DrawUnit) list;
    Str author; /* of a mail */
} DrawUnits;

void draw_units(Arena *arena, Str text, DrawUnits *units_r);

/* --- Speakers (draw_speakers.c) --- */

/* Behind the colon of a line that somebody says, 0 when it is no such line. */
size_t draw_speaker(Str line, Str *speaker_r);
bool draw_is_conversation(Str text);

/* --- Words (draw_words.c) --- */

/* Which forms of a verb that people ask each other to do a word can be; bits. */
typedef enum WordForm {
    FORM_BASE = 1,       /* English: imperative and infinitive; French "vous" and infinitive */
    FORM_INFINITIVE = 2, /* German */
    FORM_COMMAND = 4,    /* German imperative: "schick", "melde" */
    FORM_THIRD = 8,      /* "sends", "klärt", "prépare" */
    FORM_PAST = 16,      /* "sent", "geschickt", "envoyé" */
    FORM_ING = 32,
    FORM_NAME = 64,   /* begins with a capital inside a sentence, "@ana" */
    FORM_HANDLE = 128 /* "@ana" */
} WordForm;

typedef struct DrawWord {
    Str word;          /* folded; a mark is itself */
    size_t start, end; /* bytes of the unit */
    unsigned forms;
    bool is_mark, is_capital;
    bool is_quoted; /* inside quotation marks */
    bool is_begin;  /* first of a clause */
} DrawWord;

typedef struct DrawWords {
    DrawWord *at;
    size_t count;
} DrawWords;

Map draw_verbs(Arena *arena);
DrawWords draw_words(Arena *arena, const Map *verbs, Str text);

/* --- Cues (draw_cues.c) --- */

typedef enum CueKind {
#define CUE_KIND(name, what) CUE_##name,
#include "tasks/draw_cue_kinds.def"
#undef CUE_KIND
    CUE_KIND_COUNT
} CueKind;

typedef struct CueMatch {
    size_t begin, focus, end; /* words: the cue, where what is to be done begins, behind the cue */
    size_t name, name_end;    /* words of the person in it; equal: nobody */
} CueMatch;

/* The first place where the cue fits; false when it fits nowhere. */
bool cue_find(const char *pattern, const DrawWords *words, CueMatch *match_r);

/* --- Features and fields --- */

typedef enum DrawFeature {
#define DRAW_FEATURE(name, weight, what) DRAW_##name,
#include "tasks/draw_features.def"
#undef DRAW_FEATURE
    DRAW_FEATURE_COUNT
} DrawFeature;

typedef struct DrawSigns {
    double features[DRAW_FEATURE_COUNT];
    bool has_cue; /* one that says where the task begins */
    CueMatch cue;
    CueKind kind;
    size_t deadline_start, deadline_end; /* bytes of the unit; equal: none */
} DrawSigns;

void draw_measure(Arena *arena, const DrawRequest *request, const DrawUnit *unit,
                  const DrawWords *words, DrawSigns *signs_r);
/* "(Lee)", "- Tobias" at the end; the word of the name to *name_r, which may be NULL. */
bool draw_owner_at_end(const DrawWords *words, size_t *name_r);
double draw_confidence(const DrawSigns *signs);
/* The words of the unit that say until when, its preposition with them. */
bool draw_deadline(Arena *arena, const DrawRequest *request, const DrawUnit *unit,
                   const DrawWords *words, size_t *start_r, size_t *end_r);
void draw_fields(Arena *arena, const DrawRequest *request, Str author, const DrawUnit *unit,
                 const DrawWords *words, const DrawSigns *signs, DrawnTask *task_r);
/* What the words of its deadline mean, said at the time and in the zone of the request. */
void draw_due(Arena *arena, const DrawRequest *request, DrawnTask *task);
/* Whether its quote says that it comes again, and when first. Behind draw_due(). */
void draw_recurrence(Arena *arena, const DrawRequest *request, DrawnTask *task);
Str draw_category(const DrawWords *words);
/* As it stands among the people known. */
Str draw_known_name(const DrawRequest *request, Str name);
/* --- A model's (draw_model.c) --- */

/* What a model is asked of one part of the text, and what is taken of its answer: tasks whose quote
 * stands in that part. The check's self is the part. */
bool draw_model_ask(Arena *arena, const Str *part, StructuredRequest *request_r, json_t **schema_r,
                    Error *err);
void draw_model_take(Arena *arena, const DrawRequest *request, Str part, const json_t *json,
                     Str model, DrawnTaskList *list);

/* Folds tasks that say the same; the earlier one stays. */
void draw_fold(Arena *arena, DrawnTaskList *list);
/* Which waits for which. */
void draw_order(Arena *arena, DrawnTaskList *list);
