/* openai_tools.h - the tools of a request and the choice among them, as OpenAI's clients write them
 * in each of its fronts. */
#pragma once

#include "gateway/fronts/tool_list.h"

/* {"name", "description", "parameters", "strict"} */
MUST_CHECK bool openai_read_function(Arena *arena, Str function, ModelTool *tool, Error *err);
/* A list of {"type": "function", "function": {...}}, into the request. */
MUST_CHECK bool openai_read_tools(Arena *arena, Str list, void *request, Error *err);
/* A list of such functions, of the older form. */
MUST_CHECK bool openai_read_functions(Arena *arena, Str list, void *request, Error *err);

/* A word, {"type": "function", "function": {"name": ...}}, or {"name": ...} of the older form. */
MUST_CHECK bool openai_read_tool_choice(Arena *arena, Str value, void *request, Error *err);
/* {"mode", "tools"}: a choice among some of the tools only. */
MUST_CHECK bool openai_read_allowed(Arena *arena, Str allowed, ModelRequest *request, Error *err);
/* When all has been read: of the tools, those that such a choice names. */
void openai_keep_allowed(Arena *arena, ModelRequest *request);
/* A text is "auto", "none" or "required"; false: it is none of them. */
MUST_CHECK bool openai_read_choice_word(Str word, ToolChoice *choice_r);
