/* document_json.h - documents, search results and citations as JSON, the same wherever they appear.
 */
#pragma once

#include "answer/answer.h"
#include "api/api.h"

/* The members of a document, inside an object that is open. */
void put_document(JsonWriter *json, const DocumentView *view);
/* The few that an event carries. */
void put_document_brief(JsonWriter *json, const DocumentView *view);
void put_hit(JsonWriter *json, Arena *arena, const SearchHit *hit);
void put_citation(JsonWriter *json, const Citation *citation);
void put_sentence(JsonWriter *json, const AnswerSentence *sentence);
void put_error(JsonWriter *json, const char *name, const Error *err);
