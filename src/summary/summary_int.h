/* summary_int.h - what the files of src/summary share. */
#pragma once

#include "summary/summary.h"
#include "text/central.h"

struct Summaries {
    Db *db;
    Searcher *searcher;
    Models *models;
};

/* How many statements and words are wished for. */
size_t wish_statements(const SummaryWish *wish);
size_t wish_words(const SummaryWish *wish);

/* --- choose.c --- */

/* How likely each piece is to say what matters, before any are compared; of a long material by what
 * its passages are about too. */
double *piece_priors(Summaries *summaries, const Scope *scope, Arena *arena, Words *words,
                     const Material *material);
/* Fills statements and made_by. */
void choose_summary(Summaries *summaries, const Scope *scope, Arena *arena, Words *words,
                    const Material *material, const SummaryWish *wish, Summary *summary);

/* --- sections.c --- */

/* The number of the part that each piece stands in, rising: a section, or some short ones. */
size_t *section_parts(Arena *arena, const Material *material);
/* Of a long material: raises the priors of pieces near the beginning of their document, and in
 * passages that are about what it is about, as far as they have vectors. */
void weigh_long(Summaries *summaries, const Scope *scope, Arena *arena, const Material *material,
                double *priors);

/* --- write.c --- */

/* Fills statements, made_by and dropped. */
MUST_CHECK bool write_summary(Summaries *summaries, const Scope *scope, Arena *arena, Words *words,
                              const Material *material, const SummaryWish *wish, Summary *summary,
                              Error *err);
