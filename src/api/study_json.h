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
/* Adds cards of a file to the deck of the path, and answers how many were read, added and known
 * before; `left_out`: notes of the file that give no card, -1 where there is no such thing. */
MUST_CHECK bool study_import(ApiRequest *request, const StudyCardList *cards, int64_t left_out,
                             HttpResponse *response, Error *err);
