/* answer_json.h - citations and sentences as JSON: what clients read is what conversations keep. */
#pragma once

#include "answer/answer.h"
#include "base/json.h"

/* Into the object that is open. Of a given text, which has no document, "document" is null. */
void put_citation_members(JsonWriter *json, const Citation *citation);
/* One object: the member `name`, or, where that is NULL, an item of the array that is open. */
void put_citation(JsonWriter *json, const char *name, const Citation *citation);
/* One object into the array that is open. */
void put_sentence(JsonWriter *json, const AnswerSentence *sentence);
