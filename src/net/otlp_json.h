/* otlp_json.h - the parts that everything sent as OTLP/JSON is made of (opentelemetry-proto 1.x,
 * JSON of proto3: 64-bit numbers are texts, ids are hexadecimal). */
#pragma once

#include "base/json.h"

/* {"key":...,"value":{...}} in an open array; nothing for an empty text. */
void otlp_put_text(JsonWriter *json, const char *key, Str value);
void otlp_put_number(JsonWriter *json, const char *key, int64_t number);
/* A 64-bit number as a member, or as an item where `name` is NULL. */
void otlp_put_long(JsonWriter *json, const char *name, int64_t number);
/* {"resourceX":[{"resource":{...},"scopeX":[{"scope":{...},"X":[ and its end. */
JsonWriter otlp_begin(Buf *out, const char *resources, const char *scopes, const char *items,
                      Str scope, Str service_name);
void otlp_end(JsonWriter *json);
