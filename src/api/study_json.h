/* study_json.h - cards as JSON, the same wherever they appear, and the shape of handlers that only
 * do something in the database. */
#pragma once

#include "api/api.h"
#include "study/study.h"

/* The members of a card, inside an object that is open. */
void put_card(JsonWriter *json, const StudyCard *card);
/* Tags of a body as they are kept. */
MUST_CHECK bool study_read_tags(Arena *arena, const json_t *json, Str *tags_r, Error *err);
/* A card of a body: {front, back, tags, source, document, note, made_by}. */
MUST_CHECK bool study_read_card(Arena *arena, const json_t *json, StudyCard *card_r, Error *err);
