/* document_json.h - documents, search results and answers as JSON, the same wherever they appear.
 */
#pragma once

#include "answer/answer_json.h"
#include "api/api.h"

/* The members of a document, inside an object that is open. */
void put_document(JsonWriter *json, const DocumentView *view);
/* The few that an event carries. */
void put_document_brief(JsonWriter *json, const DocumentView *view);
/* How many blocks of each kind that it has, tables and sheets. */
void put_structure(JsonWriter *json, const char *name, const DocumentStructure *structure);
/* The members of a passage. */
void put_chunk(JsonWriter *json, const Chunk *chunk);
/* "understood": what a query's language was understood as; places in UTF-16 units. */
void put_understood(JsonWriter *json, const QueryReading *reading);
void put_hit(JsonWriter *json, Arena *arena, const SearchHit *hit);
/* The members of a step of a search, of all its steps, and of its plan. */
void put_search_step(JsonWriter *json, const SearchStep *step);
void put_search_steps(JsonWriter *json, const SearchResults *results);
void put_search_plan(JsonWriter *json, const SearchPlan *plan);
/* The members of a whole answer, inside an object that is open. */
void put_answer(JsonWriter *json, Arena *arena, const Answer *answer);
void put_error(JsonWriter *json, const char *name, const Error *err);
/* What is done when a search has found what there is, before that is told. */
typedef struct SearchAfter {
    bool (*found)(void *self, Error *err);
    void *self;
} SearchAfter;
/* POST /v1/search; `then` may be NULL. */
MUST_CHECK bool search_answer(ApiRequest *request, HttpResponse *response, const SearchAfter *then,
                              Error *err);
