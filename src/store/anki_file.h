/* anki_file.h - cards as Anki's own database: collection.anki2, schema 11, which every Anki
 * since 2.0 reads. Fields are HTML; a note has a front, a back and where it came from.
 *
 * Written in memory; any thread. */
#pragma once

#include "store/study_reviews_store.h"

#define ANKI_FILE_MAX MB(256)

typedef struct AnkiCards {
    StudyDeck deck;
    StudyCardList cards;
    StudyReviewList reviews; /* of these cards */
    double retention;        /* wanted, for Anki's own FSRS */
    int64_t new_a_day, reviews_a_day;
    int64_t now_ms;
} AnkiCards;

/* The bytes of the database. */
MUST_CHECK bool anki_file_write(Arena *arena, const AnkiCards *cards, Str *bytes_r, Error *err);
