/* openai_read.h - the body of a chat completion, as OpenAI's clients write it, for services of
 * other dialects. */
#pragma once

#include "gateway/json_read.h"
#include "gateway/model.h"

typedef VEC(ModelMessage) MessageList;
typedef VEC(ModelPart) PartList;
typedef VEC(ModelTool) ToolList;

MUST_CHECK bool openai_read(Arena *arena, Str body, ModelRequest *request, Error *err);

/* What other fronts of OpenAI's have in common with it. */

/* "data:image/png;base64,..." becomes type and data, any other address stays one. */
void read_data_url(Str url, ModelPart *part);
/* {"name", "description", "parameters", "strict"} */
MUST_CHECK bool openai_read_function(Arena *arena, Str function, ModelTool *tool, Error *err);
/* A list of {"type": "function", "function": {...}}, into the request. */
MUST_CHECK bool openai_read_tools(Arena *arena, Str list, void *request, Error *err);
/* {"name", "schema", "strict"} */
MUST_CHECK bool openai_read_schema(Arena *arena, Str schema, ModelRequest *request, Error *err);
/* {"mode", "tools"}: a choice among some of the tools only. */
MUST_CHECK bool openai_read_allowed(Arena *arena, Str allowed, ModelRequest *request, Error *err);
/* When all has been read: of the tools, those that such a choice names. */
void openai_keep_allowed(Arena *arena, ModelRequest *request);
/* A text is "auto", "none" or "required"; false: it is none of them. */
MUST_CHECK bool openai_read_choice_word(Str word, ToolChoice *choice_r);
