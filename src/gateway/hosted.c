/* hosted.c - see hosted.h. */
#include "gateway/hosted.h"

#include "base/json_walk.h"

bool hosted_is(Arena *arena, Str tool)
{
    Str type = json_text_of(arena, json_walk_member(tool, "type"));
    return str_is(type, "mcp") || str_is(type, "file_search");
}

bool hosted_has_any(Arena *arena, Str tools)
{
    /* A look at each tool is dear, and most calls have functions only. */
    if (str_find(tools, S("\"mcp\"")) < 0 && str_find(tools, S("\"file_search\"")) < 0 &&
        str_find(tools, S("\\u00")) < 0)
        return false;
    JsonWalk walk = json_walk_begin(tools);
    Str ignored, tool;
    while (json_walk_next(&walk, &ignored, &tool))
        if (hosted_is(arena, tool))
            return true;
    return false;
}
