/* card_table.h - cards as lines of a table: CSV (RFC 4180) out, CSV or tab-separated text in.
 *
 * Pure; any thread. */
#pragma once

#include "store/study_cards_store.h"

/* Columns front, back, tags, state, due, stability, difficulty, reviews, lapses, source; a text
 * that a spreadsheet would run as a formula gets a ' before it. */
void card_table_write(Buf *out, const StudyCard *cards, size_t count);
/* Front, back and tags (with spaces between) of each line, by a head that names them or else in
 * this order. Commas, semicolons or tabs, whatever the first line has most of; Anki's own lines
 * that begin with # are left out. Fails with the number of the line. */
MUST_CHECK bool card_table_read(Arena *arena, Str text, StudyCardList *cards_r, Error *err);
