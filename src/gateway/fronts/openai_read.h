/* openai_read.h - the body of a chat completion, as OpenAI's clients write it, for services of
 * other dialects. */
#pragma once

#include "gateway/json_read.h"
#include "gateway/model.h"

typedef VEC(ModelMessage) MessageList;
typedef VEC(ModelPart) PartList;

MUST_CHECK bool openai_read(Arena *arena, Str body, ModelRequest *request, Error *err);

/* What other fronts of OpenAI's have in common with it. */

/* "data:image/png;base64,..." becomes type and data, any other address stays one. */
void read_data_url(Str url, ModelPart *part);
/* {"name", "schema", "strict"} */
MUST_CHECK bool openai_read_schema(Arena *arena, Str schema, ModelRequest *request, Error *err);
