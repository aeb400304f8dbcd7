/* summary.h - documents, a collection or a text in a few statements, each with where it stands.
 *
 *     material -> pieces -+-> choose.c: their own sentences, by centrality (text/central.h)
 *                       '-> write.c: a model's statements, part by part and then of the parts;
 *                           each is checked against the sentences it names
 *
 * Without a service, or when it fails, the built-in way answers and the notice says so. What stands
 * in documents is data: sentences that speak to a model are left out, no call has tools, and a
 * statement that its sentences do not support is dropped.
 *
 * Threads: any; blocks while a service writes. Texts of results live in the arena of the call. */
#pragma once

#include "material/material.h"

typedef struct Summaries Summaries;

/* All are borrowed. */
Summaries *summaries_new(Db *db, Searcher *searcher, Models *models);
void summaries_free(Summaries *summaries); /* NULL is fine */

typedef enum SummaryLength {
#define SUMMARY_LENGTH(name, words, statements) SUMMARY_##name,
#include "summary/summary_lengths.def"
#undef SUMMARY_LENGTH
    SUMMARY_LENGTH_COUNT
} SummaryLength;
const char *summary_length_name(SummaryLength length);
/* ERROR_INVALID, field "length". */
MUST_CHECK bool summary_length_named(Str name, SummaryLength *length_r, Error *err);

typedef enum SummaryForm { SUMMARY_PROSE, SUMMARY_BULLETS } SummaryForm;
/* "prose", "bullets"; ERROR_INVALID, field "form". */
MUST_CHECK bool summary_form_named(Str name, SummaryForm *form_r, Error *err);

#define SUMMARY_WORDS_MAX 2000
#define SUMMARY_RULES "rules" /* a model's name that asks no service */

typedef struct SummaryWish {
    SummaryLength length;
    int64_t words; /* at most about so many; 0: as the length has it */
    SummaryForm form;
    Str model; /* of the service; empty: its standard one; SUMMARY_RULES: none */
    /* Told as a model reads on; false: stop (ERROR_CANCELLED). May be NULL. */
    bool (*progress)(void *self, const char *stage, int64_t done, int64_t total);
    void *self;
} SummaryWish;

typedef struct SummaryStatement {
    Str text;
    Str heading;     /* that it stands under; "": none */
    size_t *numbers; /* of citations, from 1 */
    size_t count;    /* at least 1 */
    size_t *pieces;  /* of the material, as many */
    size_t section;  /* of the first piece */
    double weight;   /* 0 to 1: how central it is */
} SummaryStatement;

typedef struct Summary {
    Str text; /* in the form that was wished for */
    SummaryForm form;
    SummaryStatement *statements;
    size_t count;
    Citation *citations;
    size_t citation_count;
    Str made_by;    /* "rules", "encoder" (rules with it), or the model */
    Str notice;     /* "" or why it is not as one would think */
    size_t dropped; /* statements of the model that nothing supported */
    Language language;
    int64_t words;
} Summary;

/* A text without sentences has a summary without statements. */
MUST_CHECK bool summary_make(Summaries *summaries, const Scope *scope, Arena *arena,
                             const Material *material, const SummaryWish *wish, Summary *summary_r,
                             Error *err);
/* In how many calls a model reads them; more than 1 is work for a job. 0: no model is asked. */
size_t summary_parts(Summaries *summaries, const Scope *scope, Arena *arena,
                     const Material *material, const SummaryWish *wish);
/* Members, into an object that is open: text, sentences, citations, made_by, ... */
void summary_put(JsonWriter *json, const Summary *summary);
