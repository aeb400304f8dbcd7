/* tool_list.h - the tools of a request, whatever its front calls one. */
#pragma once

#include "gateway/json_read.h"
#include "gateway/model.h"

typedef VEC(ModelTool) ToolList;

/* Every item of `list` by `read`, which is given a ToolList and puts its tool behind the others. */
MUST_CHECK bool tool_list_read(Arena *arena, Str list, MemberRead *read, ModelRequest *request,
                               Error *err);
