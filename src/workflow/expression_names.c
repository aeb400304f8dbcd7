/* expression_names.c - which names an expression says. */
#include "workflow/expression_int.h"

typedef struct Names {
    Arena *arena;
    Str root; /* whose members are wanted; empty: the roots themselves */
    VEC(Str) at;
} Names;

static void add_name(Names *names, Str name)
{
    for (size_t i = 0; i < names->at.count; i++)
        if (str_equal(names->at.at[i], name))
            return;
    *vec_push(names->arena, &names->at) = name;
}

static void collect(Names *names, const ExpressionNode *node)
{
    const ExpressionNode *of = node->count ? node->args[0] : NULL;
    bool is_of_root = of && of->kind == NODE_NAME && str_equal(of->text, names->root);
    if (!names->root.length && node->kind == NODE_NAME)
        add_name(names, node->text);
    else if (names->root.length && is_of_root && node->kind == NODE_MEMBER)
        add_name(names, node->text);
    else if (names->root.length && is_of_root && node->kind == NODE_ITEM &&
             node->args[1]->kind == NODE_CONSTANT && node->args[1]->type == JSON_STRING)
        add_name(names, node->args[1]->text);
    for (size_t i = 0; i < node->count; i++)
        collect(names, node->args[i]);
}

StrList expression_members(Arena *arena, const Expression *expression, Str root)
{
    Names names = { .arena = arena, .root = root };
    collect(&names, expression->root);
    return (StrList){ names.at.at, names.at.count };
}

StrList expression_names(Arena *arena, const Expression *expression)
{
    return expression_members(arena, expression, STR_NONE);
}
