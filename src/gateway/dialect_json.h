/* dialect_json.h - what dialects share: reading answers with json_walk, writing parts of requests.
 * Not for other folders. */
#pragma once

#include "base/json_walk.h"
#include "gateway/dialect.h"

/* --- Reading --- */

/* A count; 0 for what is none. */
int64_t wire_int(Str value);
/* A member's members: wire_path(body, "delta", "message", "content", NULL). */
Str wire_path(Str object, ...) __attribute__((sentinel));
/* A list's or object's text to walk; "[]" for anything else. */
Str wire_list(Str value);

/* The text of a JSON value as an event, unless it is empty or no text. */
MUST_CHECK bool wire_text(WireReader *reader, ModelEventKind kind, int choice, Str value,
                          Error *err);
MUST_CHECK bool wire_start(WireReader *reader, Str id, Str model, Error *err);
/* A whole tool call. `arguments`: an object, or the text of one. A call without an id gets one. */
typedef struct WireCall {
    int choice, index;
    Str id, name, arguments; /* id and name are texts, arguments is JSON */
    Str signature;           /* must come back with the call; "" for none */
} WireCall;
MUST_CHECK bool wire_call(WireReader *reader, const WireCall *call, Error *err);
MUST_CHECK bool wire_finish(WireReader *reader, int choice, FinishReason finish, Error *err);
MUST_CHECK bool wire_floats(WireReader *reader, int index, ModelVector vector, Error *err);
/* One vector: a list of numbers, or base64 of little-endian floats; and a list of them. */
MUST_CHECK bool wire_vector(WireReader *reader, int index, Str value, Error *err);
MUST_CHECK bool wire_vectors(WireReader *reader, Str list, Error *err);
/* [{"index":1,"relevance_score":0.9}], as Cohere, Jina and many more rank. */
MUST_CHECK bool wire_scores(WireReader *reader, Str list, Error *err);

typedef struct FinishWord {
    const char *word;
    FinishReason reason;
} FinishWord;
/* A reason that nobody knows is FINISH_STOP. */
FinishReason finish_of(const FinishWord *words, size_t count, Str word);
#define FINISH_OF(words, word) finish_of((words), COUNT(words), (word))

/* The service's error inside an answer of status 200. Always returns false. */
bool wire_fail_body(WireReader *reader, Str body, Error *err);
/* The names in {"<list>":[{"<name>":"..."}]}, or of a bare list. */
MUST_CHECK bool wire_models(Arena *arena, Str body, const char *list, const char *name,
                            StrList *names_r, Error *err);

/* --- Writing --- */

/* ERROR_UNSUPPORTED of one field. Always returns false. */
bool unsupported(Error *err, const char *field, const char *what);
/* Fails for what only OpenAI's dialect can say. */
MUST_CHECK bool check_common(const ModelRequest *request, Error *err);

/* Fails for pictures that only their own service has, by the id of a file. */
MUST_CHECK bool check_pictures(const ModelRequest *request, Error *err);

/* Services that have system text apart want a turn of the user as well: where there are only system
 * messages, they are the user's. */
const ModelRequest *with_turns(Arena *arena, const ModelRequest *request);

/* One piece of a path. A name that leads elsewhere ("..") leads nowhere. */
Str path_piece(Arena *arena, Str name);
void put_maybe(JsonWriter *json, const char *name, MaybeNumber number);
void put_some_texts(JsonWriter *json, const char *name, StrList texts); /* nothing when none */
/* Members that only the client and the service know, when they speak the same dialect. */
void put_extra(JsonWriter *json, Arena *arena, const ModelRequest *request,
               const DialectTarget *target);
/* A tool call's arguments as an object, whatever the model wrote. */
void put_arguments(JsonWriter *json, const char *name, Str arguments);
/* "data:image/png;base64,..." or its address */
Str media_url(Arena *arena, const ModelPart *part);
/* "audio/wav" of "wav" */
Str media_type_of(Arena *arena, const ModelPart *part);
/* The texts of a message or of a tool's result, one behind the other. */
Str texts_of(Arena *arena, const ModelPart *parts, size_t count);
Str result_text(Arena *arena, const ModelPart *result);
/* All system messages, empty lines between them. `asks_format`: JSON is asked for in words behind
 * them, of a service that cannot be told otherwise. */
Str system_text(Arena *arena, const ModelRequest *request, bool asks_format);
Str format_words(Arena *arena, const ModelRequest *request); /* "" when no JSON is wanted */
/* A call's id as its service gave it, and what had to come back with it. */
Str call_id(Str id);
Str call_signature(Str id);
/* Signatures of Gemini's thoughts are told with this in front: Anthropic's, which come unmarked,
 * mean nothing to it, and the other way around. */
#define GEMINI_MARK "gemini:"
Str gemini_signature(Str signature); /* without the mark; "" for another service's */
/* The name of the tool whose call has this id, looked for backwards from message `before`. */
Str call_name(const ModelRequest *request, size_t before, Str id);
