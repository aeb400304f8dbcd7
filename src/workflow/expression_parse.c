/* expression_parse.c - from the tokens of an expression to its tree, by precedence climbing. */
#include "workflow/expression_parser.h"

#include <math.h>

/* --- Nodes --- */

static ExpressionNode *node_new(Parser *p, NodeKind kind, size_t start)
{
    ExpressionNode *node = arena_new_one(p->arena, ExpressionNode);
    node->kind = kind;
    node->start = start;
    p->node_count++;
    return node;
}

static const ExpressionNode *node_end(const Parser *p, ExpressionNode *node,
                                      const ExpressionNode *const *args, size_t count)
{
    const ExpressionNode **copy = arena_new_array(p->arena, const ExpressionNode *, count);
    for (size_t i = 0; i < count; i++)
        copy[i] = args[i];
    node->args = copy;
    node->count = count;
    node->end = p->last_end;
    return node;
}

static bool parse_choice(Parser *p, const ExpressionNode **node_r);

static const ExpressionNode *text_node(Parser *p, Token token)
{
    ExpressionNode *node = node_new(p, NODE_CONSTANT, token.start);
    node->type = JSON_STRING;
    node->text = token.text;
    node->end = token.end;
    return node;
}

static bool number_node(Parser *p, const ExpressionNode **node_r)
{
    Token token = p->token;
    ExpressionNode *node = node_new(p, NODE_CONSTANT, token.start);
    node->end = token.end;
    node->type = str_to_int(token.text, 0, INT64_MAX, &node->whole) ? JSON_INTEGER : JSON_REAL;
    if (node->type == JSON_REAL &&
        (!str_to_double(token.text, &node->number) || !isfinite(node->number)))
        return FAIL_AT(p, token.start, token.end, "the number is too large");
    *node_r = node;
    return parser_next(p);
}

/* Several of them up to a closing sign, which is read too. */
typedef struct Parts {
    VEC(const ExpressionNode *) at;
    VEC(Str) names;
} Parts;

static bool parse_name(Parser *p, Parts *parts)
{
    if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_TEXT)
        return FAIL_AT(p, p->token.start, p->token.end, "a member begins with its name");
    *vec_push(p->arena, &parts->names) = p->token.text;
    return parser_next(p) && parser_expect(p, ":");
}

static bool parse_parts(Parser *p, const char *closing, bool is_named, Parts *parts)
{
    while (!parser_sees(p, closing)) {
        const ExpressionNode *part;
        if ((parts->at.count && !parser_expect(p, ",")) || (is_named && !parse_name(p, parts)) ||
            !parse_choice(p, &part))
            return false;
        *vec_push(p->arena, &parts->at) = part;
    }
    return parser_next(p);
}

static bool parse_group(Parser *p, NodeKind kind, const char *closing,
                        const ExpressionNode **node_r)
{
    Parts parts = { 0 };
    ExpressionNode *node = node_new(p, kind, p->token.start);
    if (!parser_next(p) || !parse_parts(p, closing, kind == NODE_OBJECT, &parts))
        return false;
    node->names = parts.names.at;
    *node_r = node_end(p, node, parts.at.at, parts.at.count);
    return true;
}

static bool parse_call(Parser *p, Token name, const ExpressionNode **node_r)
{
    Parts parts = { 0 };
    ExpressionNode *node = node_new(p, NODE_CALL, name.start);
    node->function = expression_function(name.text);
    if (!node->function)
        return FAIL_AT(p, name.start, name.end, "there is no function '" STR_FMT "'",
                       STR_ARG(str_slice(name.text, 0, 60)));
    if (!parser_next(p) || !parse_parts(p, ")", false, &parts))
        return false;
    if (parts.at.count < node->function->least || parts.at.count > node->function->most)
        return FAIL_AT(p, name.start, name.end, "it is written %s", node->function->usage);
    *node_r = node_end(p, node, parts.at.at, parts.at.count);
    return true;
}

/* null, true, false, a name or a call. */
static bool parse_word(Parser *p, const ExpressionNode **node_r)
{
    static const struct {
        const char *word;
        json_type type;
    } constants[] = { { "null", JSON_NULL }, { "true", JSON_TRUE }, { "false", JSON_FALSE } };
    Token name = p->token;
    if (!parser_next(p))
        return false;
    if (parser_sees(p, "("))
        return parse_call(p, name, node_r);
    ExpressionNode *node = node_new(p, NODE_NAME, name.start);
    node->text = name.text;
    node->end = name.end;
    for (size_t i = 0; i < COUNT(constants); i++)
        if (str_is(name.text, constants[i].word)) {
            node->kind = NODE_CONSTANT;
            node->type = constants[i].type;
        }
    *node_r = node;
    return true;
}

static bool parse_primary(Parser *p, const ExpressionNode **node_r)
{
    Token token = p->token;
    switch (token.kind) {
    case TOKEN_NUMBER: return number_node(p, node_r);
    case TOKEN_TEXT: *node_r = text_node(p, token); return parser_next(p);
    case TOKEN_NAME: return parse_word(p, node_r);
    case TOKEN_SIGN: break;
    case TOKEN_END:
        return FAIL_AT(p, token.start, token.end, "the expression ends where a value should stand");
    }
    if (parser_sees(p, "["))
        return parse_group(p, NODE_LIST, "]", node_r);
    if (parser_sees(p, "{"))
        return parse_group(p, NODE_OBJECT, "}", node_r);
    if (parser_sees(p, "("))
        return parser_next(p) && parse_choice(p, node_r) && parser_expect(p, ")");
    return FAIL_AT(p, token.start, token.end, "'" STR_FMT "', where a value should stand",
                   STR_ARG(token.text));
}

/* .name */
static bool parse_member(Parser *p, const ExpressionNode **node)
{
    if (!parser_next(p))
        return false;
    if (p->token.kind != TOKEN_NAME)
        return FAIL_AT(p, p->token.start, p->token.end,
                       "behind a point stands a name; for others write [\"the name\"]");
    ExpressionNode *member = node_new(p, NODE_MEMBER, (*node)->start);
    member->text = p->token.text;
    if (!parser_next(p))
        return false;
    *node = node_end(p, member, node, 1);
    return true;
}

/* [number or "name"] */
static bool parse_item(Parser *p, const ExpressionNode **node)
{
    const ExpressionNode *args[2] = { *node };
    ExpressionNode *item = node_new(p, NODE_ITEM, (*node)->start);
    if (!parser_next(p) || !parse_choice(p, &args[1]) || !parser_expect(p, "]"))
        return false;
    *node = node_end(p, item, args, 2);
    return true;
}

static bool parse_path(Parser *p, const ExpressionNode **node_r)
{
    if (!parse_primary(p, node_r))
        return false;
    while (parser_sees(p, ".") || parser_sees(p, "["))
        if (!(parser_sees(p, ".") ? parse_member(p, node_r) : parse_item(p, node_r)))
            return false;
    return true;
}

/* --- Operators --- */

/* The least level binds least. `??` binds tighter than all: a ?? 0 > 5 is what it looks like. */
enum {
    LEVEL_OR = 1,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_COMPARE,
    LEVEL_ADD,
    LEVEL_MULTIPLY,
    LEVEL_DEFAULT
};

static const struct {
    const char *sign;
    Operator op;
    int level;
} operators[] = {
    { "or", OP_OR, LEVEL_OR },
    { "||", OP_OR, LEVEL_OR },
    { "and", OP_AND, LEVEL_AND },
    { "&&", OP_AND, LEVEL_AND },
    { "==", OP_EQUAL, LEVEL_COMPARE },
    { "!=", OP_UNEQUAL, LEVEL_COMPARE },
    { "<", OP_LESS, LEVEL_COMPARE },
    { "<=", OP_LESS_EQUAL, LEVEL_COMPARE },
    { ">", OP_GREATER, LEVEL_COMPARE },
    { ">=", OP_GREATER_EQUAL, LEVEL_COMPARE },
    { "in", OP_IN, LEVEL_COMPARE },
    { "not", OP_NOT_IN, LEVEL_COMPARE }, /* not in */
    { "+", OP_ADD, LEVEL_ADD },
    { "-", OP_SUBTRACT, LEVEL_ADD },
    { "*", OP_MULTIPLY, LEVEL_MULTIPLY },
    { "/", OP_DIVIDE, LEVEL_MULTIPLY },
    { "%", OP_REMAINDER, LEVEL_MULTIPLY },
    { "??", OP_DEFAULT, LEVEL_DEFAULT },
};

static Operator operator_here(const Parser *p, int *level_r)
{
    for (size_t i = 0; i < COUNT(operators); i++)
        if (parser_sees(p, operators[i].sign) || parser_sees_word(p, operators[i].sign)) {
            *level_r = operators[i].level;
            return operators[i].op;
        }
    return OP_NONE;
}

/* Steps over it; "not in" has two words. */
static bool pass_operator(Parser *p, Operator op)
{
    if (!parser_next(p))
        return false;
    if (op != OP_NOT_IN)
        return true;
    if (!parser_sees_word(p, "in"))
        return FAIL_AT(p, p->token.start, p->token.end,
                       "'not' behind a value must be 'not in' or 'and not'");
    return parser_next(p);
}

static bool parse_two(Parser *p, int level, const ExpressionNode **node_r);

static bool parse_one(Parser *p, const ExpressionNode **node_r)
{
    bool is_not = parser_sees(p, "!") || parser_sees_word(p, "not");
    if (!is_not && !parser_sees(p, "-"))
        return parse_path(p, node_r);
    ExpressionNode *node = node_new(p, is_not ? NODE_NOT : NODE_MINUS, p->token.start);
    bool is_word = p->token.kind == TOKEN_NAME;
    const ExpressionNode *arg;
    if (!parser_next(p) || !parse_two(p, is_word ? LEVEL_NOT + 1 : LEVEL_DEFAULT, &arg))
        return false;
    *node_r = node_end(p, node, &arg, 1);
    return true;
}

/* Operators of this level or tighter ones, from the left. */
static bool parse_two(Parser *p, int level, const ExpressionNode **node_r)
{
    const ExpressionNode *args[2];
    int found;
    if (p->depth++ >= EXPRESSION_DEPTH_MAX || p->node_count >= EXPRESSION_PARTS_MAX)
        return FAIL_AT(p, p->token.start, p->token.end,
                       "the expression is too long or too deep: make two steps of it");
    if (!parse_one(p, &args[0]))
        return false;
    Operator op;
    while ((op = operator_here(p, &found)) != OP_NONE && found >= level) {
        ExpressionNode *two = node_new(p, NODE_TWO, args[0]->start);
        two->op = op;
        if (!pass_operator(p, op) || !parse_two(p, found + 1, &args[1]))
            return false;
        args[0] = node_end(p, two, args, 2);
    }
    p->depth--;
    *node_r = args[0];
    return true;
}

static bool parse_choice(Parser *p, const ExpressionNode **node_r)
{
    const ExpressionNode *args[3];
    if (!parse_two(p, LEVEL_OR, &args[0]))
        return false;
    if (!parser_sees(p, "?")) {
        *node_r = args[0];
        return true;
    }
    ExpressionNode *node = node_new(p, NODE_CHOICE, args[0]->start);
    if (!parser_next(p) || !parse_choice(p, &args[1]) || !parser_expect(p, ":") ||
        !parse_choice(p, &args[2]))
        return false;
    *node_r = node_end(p, node, args, 3);
    return true;
}

bool expression_compile(Arena *arena, Str text, const Expression **expression_r, Error *err)
{
    Parser p = { .arena = arena, .source = str_copy(arena, text), .err = err };
    const ExpressionNode *root;
    if (text.length > EXPRESSION_BYTES_MAX)
        return fail(err, ERROR_TOO_LARGE, "an expression has at most %d bytes",
                    EXPRESSION_BYTES_MAX);
    if (!parser_next(&p) || !parse_choice(&p, &root))
        return false;
    if (p.token.kind != TOKEN_END)
        return FAIL_AT(&p, p.token.start, p.token.end,
                       "'" STR_FMT "', where the expression should "
                       "end or an operator should stand",
                       STR_ARG(str_slice(p.source, p.token.start, p.token.end)));
    Expression *expression = arena_new_one(arena, Expression);
    *expression = (Expression){ p.source, root, p.node_count };
    *expression_r = expression;
    return true;
}
