/* openai_shapes.h - parts of OpenAI's requests that other dialects have taken over as they are. */
#pragma once

#include "gateway/dialect_json.h"

/* Of a tool that takes nothing. Some services refuse less. */
#define NO_PARAMETERS S("{\"type\":\"object\",\"properties\":{}}")

/* {"type":"image_url","image_url":{...}} */
void put_image_part(JsonWriter *json, const ModelPart *part, Arena *arena);
/* "tool_calls" of a message, when it has any. `is_text`: arguments are a text, not an object. */
void put_calls(JsonWriter *json, const ModelMessage *message, bool is_text);
/* A message of its own for each result, then the pictures of them as one of the user. True: the
 * message has nothing besides. */
bool put_results(JsonWriter *json, const ModelMessage *message, Arena *arena);
bool has_only_results(const ModelMessage *message);
/* {"type":"function","function":{...}} */
void put_function(JsonWriter *json, const ModelTool *tool, bool is_strict, Arena *arena);
