/* feedback.h - a query that takes words from its first results (RM3).
 *
 * The best hits are taken for relevant: the words that are frequent in them join the query
 * (Lavrenko and Croft, "Relevance based language models", 2001), with the query itself keeping half
 * of the weight (Abdul-Jaleel et al., "UMass at TREC 2004: Novelty and HARD", section 2). It helps
 * where questions are short and many passages answer them, and harms where one does: measured in
 * bench/RESULTS.md. */
#pragma once

#include "index/index.h"

#define FEEDBACK_TEXTS 10
#define FEEDBACK_TERMS 20
#define FEEDBACK_OWN_SHARE 0.5f

typedef struct FeedbackText {
    Str text;
    Language language;
    float score; /* of its hit */
} FeedbackText;

/* Words that more than a tenth of the chunks have are not taken. Phrases stay as they are. */
Query index_feed_back(Index *index, Arena *arena, const FeedbackText *texts, size_t count,
                      const Query *query);
