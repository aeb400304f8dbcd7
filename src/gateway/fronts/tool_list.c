/* tool_list.c - see tool_list.h. */
#include "gateway/fronts/tool_list.h"

bool tool_list_read(Arena *arena, Str list, MemberRead *read, ModelRequest *request, Error *err)
{
    ToolList tools = { 0 };
    if (!read_items(arena, list, read, &tools, err))
        return false;
    request->tools = tools.at;
    request->tool_count = tools.count;
    return true;
}
