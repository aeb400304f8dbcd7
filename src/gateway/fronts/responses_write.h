/* responses_write.h - a response as OpenAI's clients know it, and the items that it is built of:
 * for whole answers and the events of a stream alike. */
#pragma once

#include "gateway/front.h"

/* Those before ITEM_CALL have a part; the last ones are what the program does itself. */
typedef enum ItemKind {
    ITEM_TEXT,
    ITEM_REFUSAL,
    ITEM_THOUGHT,
    ITEM_CALL,
    ITEM_MCP_CALL,
    ITEM_FILE_SEARCH,
    ITEM_APPROVAL,
    ITEM_TOOLS
} ItemKind;

typedef struct Item {
    ItemKind kind;
    int index; /* of a call, as the service counts */
    Str id, call_id, name, signature, citations;
    Str server, result; /* of a call of the program's own */
    Buf text;           /* or arguments */
    int annotations;
    bool is_done, has_failed, is_approved;
} Item;

/* What a writer knows of its response. */
typedef struct Response {
    int64_t sequence;
    bool has_begun;
    VEC(Item) items;
} Response;

typedef struct Outcome {
    Str status;
    FinishReason finish;
    const ModelUsage *usage; /* NULL: not known yet */
    const Error *failure;    /* NULL: none */
} Outcome;

Response *response_of(FrontWriter *writer);
Item *response_add_item(FrontWriter *writer, ItemKind kind);
/* A call without an id gets one. */
void response_name_call(FrontWriter *writer, Item *item, Str id, Str name);
/* Of EVENT_HOSTED; a call is still to end. */
Item *response_add_hosted(FrontWriter *writer, const ModelEvent *event);
void response_end_hosted(FrontWriter *writer, Item *item, Str result, bool has_failed);

/* The one part that a message or a thought has. */
void put_response_part(JsonWriter *json, Arena *arena, const char *name, const Item *item);
/* An item that has just been added is empty. */
void put_response_item(JsonWriter *json, Arena *arena, const char *name, const Item *item);
/* The members of the whole response, inside an object that is open. */
void put_response(FrontWriter *writer, JsonWriter *json, const Outcome *outcome);
/* {"code", "message"}, or null. */
void put_response_failure(JsonWriter *json, const Error *failure);

Outcome response_outcome(FinishReason finish, const ModelUsage *usage);
