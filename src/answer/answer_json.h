/* answer_json.h - citations and sentences as JSON: what clients read is what conversations keep. */
#pragma once

#include "answer/answer.h"
#include "base/json.h"

/* Each writes one object into the array that is open. */
void put_citation(JsonWriter *json, const Citation *citation);
void put_sentence(JsonWriter *json, const AnswerSentence *sentence);
