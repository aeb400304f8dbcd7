/* json.h - JSON out of a Buf writer, JSON in through jansson, object members by table.
 *
 * Writing: every text is escaped here and nowhere else. Members and items may be nested:
 *     JsonWriter json = put_begin(&buf);             {
 *     put_text(&json, "id", id);                       "id": "...",
 *     put_array(&json, "tags");                        "tags": [
 *     put_text(&json, NULL, tag);                        "..."
 *     put_end(&json);                                  ]
 *     put_end(&json);                                }
 * Inside an array the name is NULL. Invalid UTF-8 is written as U+FFFD.
 *
 * Reading: json_parse() gives a jansson tree that AUTO_JSON releases; json_read() copies its
 * members into variables and names the field that is missing, unknown or of a wrong type. */
#pragma once

#include <jansson.h>

#include "base/base.h"

#define JSON_DEPTH_MAX 32

typedef struct StrList {
    const Str *at;
    size_t count;
} StrList;

typedef struct JsonWriter {
    Buf *out;
    int depth;
    bool first; /* nothing written yet at this depth */
    char closing[JSON_DEPTH_MAX];
} JsonWriter;

JsonWriter put_begin(Buf *out);       /* opens an object */
JsonWriter put_begin_array(Buf *out); /* opens an array */
void put_object(JsonWriter *json, const char *name);
void put_array(JsonWriter *json, const char *name);
void put_text(JsonWriter *json, const char *name, Str value);
void put_text_or_null(JsonWriter *json, const char *name, Str value); /* null when empty */
void put_int(JsonWriter *json, const char *name, int64_t value);
void put_number(JsonWriter *json, const char *name, double value);
void put_bool(JsonWriter *json, const char *name, bool value);
void put_null(JsonWriter *json, const char *name);
/* `value` is JSON already and is written as it is. */
void put_raw(JsonWriter *json, const char *name, Str value);
/* UTC milliseconds as "2026-11-21T10:00:00.000Z"; null for 0. */
void put_time(JsonWriter *json, const char *name, int64_t time_ms);
/* A list of texts, empty when there are none. */
void put_texts(JsonWriter *json, const char *name, StrList texts);
/* A list of what stands between the separators, without the space around; nothing of an empty one.
 */
void put_pieces(JsonWriter *json, const char *name, Str text, char separator);
void put_end(JsonWriter *json); /* closes the innermost object or array */
/* One text in quotes, alone. */
void json_quote(Buf *out, Str text);

void json_auto(json_t **json);
#define AUTO_JSON AUTO(json_auto)

/* Parse a whole text (any JSON value). Fails with the line and column on anything but valid
 * JSON with unique keys and at most `bytes_max` bytes. Release with AUTO_JSON. */
MUST_CHECK bool json_parse(Str text, size_t bytes_max, json_t **json_r, Error *err);
/* The tree as compact text in the arena; numbers with as many digits as a double surely holds (15),
 * so that 2.35 is not 2.3500000000000001. */
Str json_print(Arena *arena, const json_t *json);

typedef enum JsonType { JSON_STR, JSON_I64, JSON_F64, JSON_FLAG, JSON_STRS, JSON_ANY } JsonType;

/* One member that an object may have. `out` points to a Str, int64_t, double, bool, StrList
 * or json_t * (borrowed); it keeps its value when the member is absent or null. */
typedef struct JsonField {
    const char *name;
    JsonType type;
    void *out;
    bool required;
    size_t length_max; /* of text in bytes, or of a list in items; 0: 64 KiB or 1,000 */
    int64_t min, max;  /* of an integer; both 0: any */
} JsonField;

/* Read an object by table; a member that no row names is an error, as is a wrong type or a
 * text with a NUL or invalid UTF-8. Texts are copied into the arena. */
MUST_CHECK bool json_read(const json_t *object, Arena *arena, const JsonField *fields, size_t count,
                          Error *err);
#define JSON_FIELDS(...)                                                                           \
    (const JsonField[]){ __VA_ARGS__ }, COUNT(((const JsonField[]){ __VA_ARGS__ }))
/* The member's text, or an empty Str. Borrowed from the tree. */
Str json_member_text(const json_t *object, const char *name);
