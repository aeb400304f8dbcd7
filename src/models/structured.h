/* structured.h - a value of a shape, asked of a model: what it answers is checked, never believed.
 *
 *     messages + schema -> ask -> find the JSON in the reply -> schema -> the caller's own check
 *                           ^------------ what is wrong, said to the model -------------'
 *
 * Prose and fences round the value, forgotten quotes and commas are mended (base/json_mend.h). What
 * is of a wrong shape, or was cut off, is asked for again with the reason; a model that declines is
 * not asked twice. After the last try the failure says what was wrong: nothing is made up, and
 * nothing of a wrong shape comes out.
 *
 * Threads: any; blocks. */
#pragma once

#include "models/models.h"

typedef struct StructuredRequest {
    const ChatMessage *messages; /* what to do; that JSON of the schema is wanted is said by us */
    size_t count;
    const json_t *schema; /* checked (base/json_schema.h) */
    Str name;             /* of the shape, for people and services: "quiz" */
    /* Whether the value is good beyond its shape: its quotes stand in the document. It may take out
     * what is not, as long as the shape holds. May be NULL. */
    bool (*check)(void *self, json_t *value, Error *err);
    void *self;
    Str model, feature; /* as in ChatRequest */
    bool may_keep, is_personal, is_within;
    int64_t output_max; /* tokens; asked for again with twice that when a reply is cut off */
    double temperature;
    int tries_max; /* 0: 3 */
} StructuredRequest;

typedef struct StructuredResult {
    json_t *json; /* release with json_decref() */
    Str model;
    int64_t input_tokens, output_tokens, cost; /* of all tries */
    int tries;
    bool is_mended; /* the reply was no JSON as it stood */
} StructuredResult;

/* ERROR_UPSTREAM: no reply had the shape, or the model declined; ERROR_NOT_FOUND: there is no
 * service; others as of models_chat(). */
MUST_CHECK bool models_structured(Models *models, const Scope *scope, Arena *arena,
                                  const StructuredRequest *request, StructuredResult *result_r,
                                  Error *err);

/* The same over any way of asking, which is models_chat() but for tests. */
typedef bool StructuredChat(void *self, const ChatRequest *chat, ChatResult *result_r, Error *err);
MUST_CHECK bool structured_ask(Arena *arena, const StructuredRequest *request, StructuredChat *chat,
                               void *self, StructuredResult *result_r, Error *err);
