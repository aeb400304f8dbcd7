/* summary_int.h - what the files of src/summary share. */
#pragma once

#include "summary/summary.h"
#include "text/central.h"

struct Summaries {
    Db *db;
    Searcher *searcher;
    Models *models;
    struct EventHub *events;
};

/* How many statements and words are wished for. */
size_t wish_statements(const SummaryWish *wish);
size_t wish_words(const SummaryWish *wish);

/* --- choose.c --- */

/* How likely each piece is to say what matters, before any are compared. */
double *piece_priors(Arena *arena, Words *words, const Material *material);
/* Units that say most, in the order of the text. *made_by_r: "rules" or "encoder". */
size_t choose_pieces(Summaries *summaries, Arena *arena, Words *words, const Material *material,
                     size_t count_max, size_t words_max, size_t **chosen_r, double **weights_r,
                     Str *made_by_r);
/* Fills statements and made_by. */
void choose_summary(Summaries *summaries, Arena *arena, Words *words, const Material *material,
                    const SummaryWish *wish, Summary *summary);

/* --- write.c --- */

/* Fills statements, made_by and dropped. */
MUST_CHECK bool write_summary(Summaries *summaries, const Scope *scope, Arena *arena, Words *words,
                              const Material *material, const SummaryWish *wish, Summary *summary,
                              Error *err);
