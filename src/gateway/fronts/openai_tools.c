/* openai_tools.c - see openai_tools.h. */
#include "gateway/fronts/openai_tools.h"

#include "gateway/hosted.h"

#define ALLOWED_MAX 128 /* as OpenAI has it for tools */

typedef struct Allowed {
    Str mode, tools;
} Allowed;

bool openai_read_function(Arena *arena, Str function, ModelTool *tool, Error *err)
{
    static const MemberRule rules[] = {
        { "name", MEMBER_TEXT, offsetof(ModelTool, name) },
        { "description", MEMBER_TEXT, offsetof(ModelTool, description) },
        { "parameters", MEMBER_JSON, offsetof(ModelTool, parameters) },
        { "strict", MEMBER_FLAG, offsetof(ModelTool, is_strict) },
    };
    if (!read_members(arena, function, MEMBER_RULES(rules), tool, NULL, err))
        return false;
    if (tool->parameters.length && !json_is_object_text(tool->parameters))
        return fail_field(err, "parameters", "it must be a JSON schema");
    return tool->name.length || fail_field(err, "name", "name the function");
}

static bool read_tool(Arena *arena, Str value, void *into, Error *err)
{
    ModelTool *tool = vec_push(arena, (ToolList *)into);
    *tool = (ModelTool){ 0 };
    Str function = json_walk_member(value, "function");
    if (hosted_is(arena, value)) {
        tool->builtin = value;
        return true;
    }
    if (!function.length)
        return fail_field(err, "type", "a tool is a function");
    return openai_read_function(arena, function, tool, err) || fail_below(err, "function");
}

bool openai_read_tools(Arena *arena, Str value, void *into, Error *err)
{
    return tool_list_read(arena, value, read_tool, into, err);
}

static bool read_function(Arena *arena, Str value, void *into, Error *err)
{
    ModelTool *tool = vec_push(arena, (ToolList *)into);
    *tool = (ModelTool){ 0 };
    return openai_read_function(arena, value, tool, err);
}

bool openai_read_functions(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    if (!tool_list_read(arena, value, read_function, request, err))
        return false;
    request->is_old_form = true;
    return true;
}

bool openai_read_choice_word(Str word, ToolChoice *choice_r)
{
    static const char *const words[] = {
        [TOOLS_AUTO] = "auto", [TOOLS_NONE] = "none", [TOOLS_REQUIRED] = "required"
    };
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_is(word, words[i])) {
            *choice_r = (ToolChoice)i;
            return true;
        }
    return false;
}

static size_t count_items(Str list)
{
    JsonWalk walk = json_walk_begin(list);
    Str ignored, item;
    size_t count = 0;
    while (json_walk_next(&walk, &ignored, &item))
        count++;
    return count;
}

bool openai_read_allowed(Arena *arena, Str allowed, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "mode", MEMBER_TEXT, offsetof(Allowed, mode) },
        { "tools", MEMBER_JSON, offsetof(Allowed, tools) },
    };
    Allowed read = { .mode = S("auto") };
    if (!read_members(arena, allowed, MEMBER_RULES(rules), &read, NULL, err))
        return false;
    request->allowed_tools = read.tools;
    if (!json_is_list(read.tools) || count_items(read.tools) > ALLOWED_MAX)
        return fail_field(err, "tools", "it must be a list of at most %d tools", ALLOWED_MAX);
    return openai_read_choice_word(read.mode, &request->tool_choice) ||
           fail_field(err, "mode", "it is auto or required");
}

static bool is_allowed(Arena *arena, Str allowed, Str tool)
{
    JsonWalk walk = json_walk_begin(allowed);
    Str ignored, item;
    while (json_walk_next(&walk, &ignored, &item)) {
        Str function = json_walk_member(item, "function");
        Str name = json_walk_member(function.length ? function : item, "name");
        if (str_equal(json_text_of(arena, name), tool))
            return true;
    }
    return false;
}

void openai_keep_allowed(Arena *arena, ModelRequest *request)
{
    ToolList kept = { 0 };
    if (!request->allowed_tools.length)
        return;
    for (size_t i = 0; i < request->tool_count; i++)
        if (is_allowed(arena, request->allowed_tools, request->tools[i].name))
            *vec_push(arena, &kept) = request->tools[i];
    request->tools = kept.at;
    request->tool_count = kept.count;
}

bool openai_read_tool_choice(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    Str function = json_walk_member(value, "function");
    if (json_is_text(value) &&
        openai_read_choice_word(json_text_of(arena, value), &request->tool_choice))
        return true;
    Str allowed = json_walk_member(value, "allowed_tools");
    if (allowed.length)
        return openai_read_allowed(arena, allowed, request, err) ||
               fail_below(err, "allowed_tools");
    Str name = json_walk_member(function.length ? function : value, "name");
    request->tool_choice = TOOLS_NAMED;
    request->tool_name = json_text_of(arena, name);
    return request->tool_name.length ||
           fail_field(err, "", "it is auto, none, required or the name of a function");
}
