/* anki_notes.h - notes of Anki's packages as cards: fields of HTML become texts.
 *
 * Media are no part of a card: a note that has nothing else in front is none. Pure; any thread. */
#pragma once

#include "store/study_cards_store.h"

/* What stands between the fields of a note where the database was read as a table: the picture of
 * the sign that Anki has there (U+001F). */
#define ANKI_FIELD_GAP "␟"

/* The front and the back of a note, and its tags (with spaces between). A gap keeps its mark,
 * {{c1::word}}; without a second field the back of it is the whole sentence. False: it has no
 * front, or no back. */
bool anki_note_read(Arena *arena, Str fields, Str tags, StudyCard *card_r);
/* HTML as text: line ends for breaks and blocks, entities as what they mean, no tags, no media. */
Str anki_text(Arena *arena, Str html);
